//! A run dies before its n-th change of the output, for every n: before each put, rename and removal on disk, before each
//! put, copy and delete in a bucket. Whatever runs then ends with the bytes of an undisturbed run, and knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ser_etl::pipeline::{Parameters, Pipeline};
use ser_etl::stages::{Context, NEW, Outcome, Progress, StageError, StageName, verify};
use ser_etl::storage::{Entry, LocalStore, Lock, StorageError, Store};
use ser_etl::synth;
use tempfile::TempDir;

use crate::util::job::all_files;
use crate::util::s3_server::Server;
use crate::util::{ser, stdout};

/// Two folds, two inner folds, everything that leaves files under run/, and rejects of two stages. What the other
/// pipelines change leaves most files as long as they are.
const PIPELINE: &str = r#"
name = "kills"
out = "unused"

[[corpus]]
name = "synthetic"
source = "CORPUS"
pattern = 'PATTERN'

[features]
set = "small"

[features.sets.small.mfcc]
coefficients = 5

[[features.sets.small.groups]]
descriptors = ["mfcc"]
functionals = ["mean", "std"]

[extract]
part_rows = 5
frames = true
max_reject_rate = 0.5

[split]
scheme = "group-k-fold"
folds = 2
dev = 0.0

[normalize]
export = "always"

[train]
models = ["mlp", "logistic"]
seeds = 2
deploy = true

[train.mlp]
hidden = [4]
epochs = 2

[tune]
folds = 2

[tune.space]
train.mlp.l2 = [0.1, 1.0]

[fusion]
method = "stack"

[evaluate]
bootstrap = 0
importance = 1
"#;

/// The run that is killed.
struct Killed {
    /// What it changes in the pipeline.
    changes: &'static [&'static str],
    /// Whether it does its work even where everything is up to date.
    force: bool,
    /// The last stage that is killed.
    until: StageName,
}

const SAME: Killed = Killed { changes: &[], force: false, until: StageName::Evaluate };
const FORCED: Killed = Killed { force: true, ..SAME };
/// Other models of the same features.
const MODELS: Killed = Killed {
    changes: &["train.mlp.epochs=3", "train.logistic.alpha=3.0", "tune.space.train.mlp.l2=[0.2, 2.0]"],
    ..SAME
};
/// Fewer of everything: files go.
const LESS: Killed = Killed {
    changes: &["train.seeds=1", "train.keep_fold_models=false", "evaluate.importance=0", "extract.frames=false"],
    ..SAME
};
/// The same with logs for lakehouses.
const DELTA: Killed = Killed { changes: &["tables.delta=true"], ..SAME };
/// Other features and other folds of the same utterances.
const FEATURES: Killed =
    Killed { changes: &["features.sets.small.mfcc.mel_bands=30", "seed=2"], force: false, until: StageName::Normalize };

/// A store that dies: before the change whose number is `last`, and from then on nothing is answered.
struct Mortal<'a> {
    inner: &'a dyn Store,
    changes: AtomicUsize,
    last: usize,
}

impl<'a> Mortal<'a> {
    fn new(inner: &'a dyn Store, last: usize) -> Self {
        Self { inner, changes: AtomicUsize::new(0), last }
    }

    fn check(&self, changes: usize) -> Result<(), StorageError> {
        match changes > self.last {
            true => Err(StorageError::Denied { action: "reach", path: "the dead".to_owned() }),
            false => Ok(()),
        }
    }

    fn read(&self) -> Result<(), StorageError> {
        self.check(self.changes.load(Ordering::Relaxed))
    }

    fn change(&self) -> Result<(), StorageError> {
        self.check(1 + self.changes.fetch_add(1, Ordering::Relaxed))
    }
}

impl Store for Mortal<'_> {
    fn root(&self) -> String {
        self.inner.root()
    }
    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        self.read().and_then(|()| self.inner.list(prefix))
    }
    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        self.read().and_then(|()| self.inner.stat(path))
    }
    fn get(&self, path: &str) -> Result<Bytes, StorageError> {
        self.read().and_then(|()| self.inner.get(path))
    }
    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        self.read().and_then(|()| self.inner.get_range(path, range))
    }
    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError> {
        self.change().and_then(|()| self.inner.put(path, content))
    }
    fn put_new(&self, path: &str, content: &[u8]) -> Result<bool, StorageError> {
        self.change().and_then(|()| self.inner.put_new(path, content))
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        self.change().and_then(|()| self.inner.rename(from, to))
    }
    fn remove(&self, path: &str) -> Result<(), StorageError> {
        // Nothing changes where nothing is.
        if self.inner.stat(path)?.is_some() {
            self.change()?
        } else {
            self.read()?
        }
        self.inner.remove(path)
    }
    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.inner.lock(path)
    }
    fn share(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        self.inner.share(path)
    }
    fn sweep(&self) -> Result<(), StorageError> {
        self.inner.sweep()
    }
}

/// Where a run can die.
trait Place {
    /// The output, which dies before change number `last`, counted from 0.
    fn mortal(&self, last: usize, work: &mut dyn FnMut(&dyn Store)) -> usize;
    /// The folder that holds it.
    fn folder(&self) -> PathBuf;
    /// Another state was put into the folder.
    fn changed(&self) {}
    /// Whether there is time to go on with the killed pipeline too, and not just back to the first.
    fn is_quick(&self) -> bool {
        true
    }
}

struct Disk(TempDir);

impl Place for Disk {
    fn mortal(&self, last: usize, work: &mut dyn FnMut(&dyn Store)) -> usize {
        let store = LocalStore::new(self.folder());
        let mortal = Mortal::new(&store, last);
        work(&mortal);
        mortal.changes.load(Ordering::Relaxed)
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("out")
    }
}

struct Bucket(Server);

impl Place for Bucket {
    fn mortal(&self, last: usize, work: &mut dyn FnMut(&dyn Store)) -> usize {
        let store = self.0.store("out", 60.0);
        self.0.die_before(last);
        work(store.as_ref());
        self.0.revive()
    }

    fn folder(&self) -> PathBuf {
        self.0.objects().join("out")
    }

    fn changed(&self) {
        self.0.forget_tags();
    }

    fn is_quick(&self) -> bool {
        false
    }
}

struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
}

/// Every file of an output.
type Files = BTreeMap<String, Vec<u8>>;

/// A place, a pipeline, and what is changed in it.
struct Harness<'a> {
    place: &'a dyn Place,
    corpus: &'a Path,
}

impl Harness<'_> {
    fn parameters(&self, changes: &[&str]) -> Parameters {
        let corpus = self.corpus.display().to_string();
        let text = PIPELINE.replace("CORPUS", &corpus).replace("PATTERN", synth::PATTERN);
        let changes = changes.iter().map(|change| (*change).to_owned()).collect::<Vec<_>>();
        Pipeline::parse(&text, &changes).and_then(Pipeline::check).expect("a legal pipeline")
    }

    /// Performs stages, dying before change number `last`; the number of changes, how the stages ended, and whether one
    /// died.
    fn perform(
        &self,
        (parameters, force): (&Parameters, bool),
        stages: &[StageName],
        last: usize,
    ) -> (usize, Vec<Outcome>, bool) {
        let (mut outcomes, mut died) = (Vec::new(), false);
        // One thread: the same changes in the same order.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("threads");
        let changes = self.place.mortal(last, &mut |out| {
            let stop = AtomicUsize::new(0);
            let context =
                Context { parameters, out, dates: None, force, require_parts: false, stop: &stop, progress: &Silent };
            for stage in stages {
                match pool.install(|| stage.perform(&context, || Ok(()))) {
                    Ok(outcome) => outcomes.push(outcome),
                    Err(StageError::Storage(_)) if last != usize::MAX => died = true,
                    Err(error) => panic!("{}: {error}", stage.as_str()),
                }
                if died {
                    break;
                }
            }
        });
        (changes, outcomes, died)
    }

    fn run(&self, parameters: &Parameters) -> Vec<Outcome> {
        self.perform((parameters, false), &StageName::ALL, usize::MAX).1
    }

    fn files(&self) -> Files {
        all_files(&self.place.folder())
    }

    fn restore(&self, files: &Files) {
        let folder = self.place.folder();
        let now = self.files();
        for path in now.keys().filter(|path| !files.contains_key(*path)) {
            fs::remove_file(folder.join(path)).expect("removed");
        }
        for (path, content) in files.iter().filter(|(path, content)| now.get(*path) != Some(content)) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
        }
        self.place.changed();
    }

    /// What a run from nothing makes.
    fn undisturbed(&self, parameters: &Parameters) -> Files {
        self.restore(&Files::new());
        self.run(parameters);
        self.files()
    }

    /// What is wrong after a run on what is left, in words.
    fn judge(&self, parameters: &Parameters, left: &Files, want: &Files) -> Vec<String> {
        self.restore(left);
        let outcomes = self.run(parameters);
        let mut wrong = differing(&self.files(), want);
        let train = outcomes.iter().find(|outcome| outcome.record.stage == StageName::Train.as_str());
        let said = train.filter(|train| !train.up_to_date).map(|train| train.record.counts[NEW]);
        if let Some(said) = said.filter(|said| *said != unfinished(left, want)) {
            wrong.push(format!("{said} fits are said to be new, {} were", unfinished(left, want)));
        }
        let again = self.run(parameters);
        if again.iter().any(|outcome| !outcome.up_to_date) {
            wrong.push("the next run finds work".to_owned());
        }
        self.place.mortal(usize::MAX, &mut |out| {
            let verified = verify(out).expect("a run");
            wrong.extend(verified.problems.iter().map(|problem| format!("verify: {problem:?}")));
        });
        wrong
    }

    /// Kills the stages of the changed pipeline before every change of each, on an output that holds `base`; runs both
    /// pipelines on what is left. Returns the number of deaths, and what came out wrong.
    fn every_point(&self, base: &Files, killed: &Killed) -> (usize, Vec<String>) {
        let (first, other) = (self.parameters(&[]), self.parameters(killed.changes));
        let (want_first, want_other) = (self.undisturbed(&first), self.undisturbed(&other));
        let (mut deaths, mut wrong) = (0, Vec::new());
        let mut before = base.clone();
        for stage in StageName::ALL {
            self.restore(&before);
            let (points, ..) = self.perform((&other, killed.force), &[stage], usize::MAX);
            let after = self.files();
            for point in 0..points {
                self.restore(&before);
                let (_, _, died) = self.perform((&other, killed.force), &[stage], point);
                assert!(died, "{} ends though it died before change {point}", stage.as_str());
                let left = self.files();
                for (name, parameters, want) in [("first", &first, &want_first), ("other", &other, &want_other)] {
                    let told = self.judge(parameters, &left, want);
                    if !told.is_empty() {
                        let place = format!("{} before change {point} of {points}", stage.as_str());
                        wrong.push(format!("{place}, then the {name}: {}", told.join("; ")));
                    }
                    if killed.changes.is_empty() || !self.place.is_quick() {
                        break;
                    }
                }
                deaths += 1;
            }
            before = after;
            if stage == killed.until {
                break;
            }
        }
        (deaths, wrong)
    }
}

/// Fits that are not left as a run wants them: some of their files are missing or others.
fn unfinished(left: &Files, want: &Files) -> u64 {
    let seals = want.iter().filter(|(path, _)| path.starts_with("run/train/") && path.ends_with(".json"));
    let is_finished = |(path, seal): &(&String, &Vec<u8>)| {
        let json: serde_json::Value = serde_json::from_slice(seal).expect("a seal");
        let is_left = |path: &String| left.contains_key(path) && want.get(path).is_none_or(|file| left[path] == *file);
        left.get(*path) == Some(seal) && json["files"].as_object().expect("files").keys().all(is_left)
    };
    seals.filter(|seal| !is_finished(seal)).count() as u64
}

/// The results that differ; what lies under run/ is no result.
fn differing(found: &Files, want: &Files) -> Vec<String> {
    let paths = found.keys().chain(want.keys()).collect::<BTreeSet<_>>();
    let is_wrong = |path: &&&String| !path.starts_with("run/") && found.get(**path) != want.get(**path);
    paths.iter().filter(is_wrong).map(|path| (**path).clone()).collect()
}

/// Six speakers in three emotions, a name that fits no pattern, and a file that holds nothing.
fn corpus() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["synth", "corpus", "--speakers", "6", "--sentences", "1", "--repetitions", "1"];
    stdout(&ser(folder.path(), &[&flags[..], &["--emotions", "anger,neutral,sadness"]].concat()));
    let corpus = folder.path().join("corpus");
    fs::write(corpus.join("no-label.wav"), b"").expect("written");
    fs::write(corpus.join("spk01_male/anger_s99_r1.wav"), b"").expect("written");
    folder
}

fn survives(place: &dyn Place, from_nothing: bool, killed: &Killed) {
    let corpus = corpus();
    let harness = Harness { place, corpus: &corpus.path().join("corpus") };
    let base = if from_nothing { Files::new() } else { harness.undisturbed(&harness.parameters(&[])) };
    let (deaths, wrong) = harness.every_point(&base, killed);
    println!("{deaths} deaths, {} wrong", wrong.len());
    assert!(deaths > 20, "only {deaths} deaths");
    assert!(wrong.is_empty(), "{} of {deaths}:\n{}", wrong.len(), wrong.join("\n"));
}

fn disk() -> Disk {
    Disk(tempfile::tempdir().expect("a temporary folder"))
}

fn bucket() -> Bucket {
    Bucket(Server::open())
}

#[test]
fn every_change_of_a_first_run_on_disk() {
    survives(&disk(), true, &SAME);
}

#[test]
fn every_change_of_a_run_with_other_models_on_disk() {
    survives(&disk(), false, &MODELS);
}

#[test]
fn every_change_of_a_run_with_less_on_disk() {
    survives(&disk(), false, &LESS);
}

#[test]
fn every_change_of_a_run_with_other_features_on_disk() {
    survives(&disk(), false, &FEATURES);
}

#[test]
fn every_change_of_a_run_with_logs_on_disk() {
    survives(&disk(), false, &DELTA);
}

#[test]
fn every_change_of_a_forced_run_on_disk() {
    survives(&disk(), false, &FORCED);
}

#[test]
fn every_request_of_a_run_with_other_models_in_a_bucket() {
    survives(&bucket(), false, &MODELS);
}

#[test]
fn every_request_of_a_run_with_other_features_in_a_bucket() {
    survives(&bucket(), false, &FEATURES);
}
