//! Reads a saved model and audio files without labels; writes inferences and rejects.
//!
//! The model carries what extraction and normalization need. One that was normalized speaker by speaker takes each
//! input as one speaker, whose statistics come from the input's own utterances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use crate::corpus::{self, Look, PassedOver};
use crate::dataset::{MIN_UTTERANCES, Scope};
use crate::features::{Featurizer, Provenance, Recipe};
use crate::model::{self, ModelError};
use crate::options::{self, ConfigError};
use crate::pipeline::SavedModel;
use crate::schema::{Inference, Reject, Signal, Table, Track, Utterance, plural};
use crate::storage::{self, Entry, StorageError, Store};

use super::context::check_stop;
use super::ledger::{self, Outcome, State, Task};
use super::workers::{Refusal, Sources, Workers};
use super::{Done, Prepared, Progress, Shard, StageError, StageName, output, reject_limit, rejects};

use inputs::{Input, InputFiles};
use predictor::{Batch, ModelColumns, Predicted, Predictor, class_columns, joined, reject, sorted};
use staging::Staged;

mod inputs;
mod predictor;
mod staging;

/// The word for this work in tables and under run/.
pub const PREDICT: &str = "predict";
/// What the `corpus` column of its rejects says.
const CORPUS: &str = "inputs";
/// Files whose features memory holds at a time, where they need not be of one speaker.
const BATCH: usize = 2000;

/// What to predict, by which model.
pub struct Predict<'a> {
    /// Folder of a saved model, on disk or `s3://`.
    pub model: &'a str,
    /// Files, folders and patterns: absolute paths or `s3://` places.
    pub inputs: &'a [String],
    /// How both are reached.
    pub storage: &'a storage::Storage,
    /// Where the tables go.
    pub out: &'a dyn Store,
    /// Share of files that may be refused before the work counts as failed.
    pub max_reject_rate: f64,
    /// Work even where everything is up to date.
    pub force: bool,
    /// The number of the signal that asks to stop; 0: none has.
    pub stop: &'a AtomicUsize,
    /// Where progress is shown.
    pub progress: &'a dyn Progress,
}

/// What a worker made of its share of the inputs.
#[derive(Debug, Clone, Copy)]
pub struct SharePredicted {
    /// Inputs of the share.
    pub inputs: usize,
    /// Those that were not staged before.
    pub new: usize,
    /// Utterances that were predicted now.
    pub rows: usize,
    /// Files that were refused now.
    pub rejects: usize,
}

/// A model and the files for it.
struct Work {
    saved: SavedModel,
    recipe: Recipe,
    featurizer: Box<dyn Featurizer>,
    columns: ModelColumns,
    inputs: InputFiles,
    /// What tells each input from others, and from itself under another model or with other files.
    keys: Vec<String>,
    stamps: BTreeMap<String, String>,
    /// Rejects: files whose names cannot be asked for.
    unnameable: Vec<Reject>,
    /// Rows for what is no file, and for files of folders that were not looked at and may be audio.
    beside: Vec<Reject>,
    files: usize,
    warnings: Vec<String>,
}

impl Predict<'_> {
    /// Predicts unless the record shows that nothing would change.
    ///
    /// # Errors
    /// A model or an input that cannot be used, failing storage, too many rejects (after the good rows are safe).
    pub fn perform(&self) -> Result<Outcome, StageError> {
        let task = self.task();
        let outcome = task.perform(self.prepare()?, |_| Ok(()), |prepared| self.run(prepared))?;
        let count = |name: &str| outcome.record.counts.get(name).copied().unwrap_or(0);
        let files = (count("files"), "files");
        reject_limit::check(
            count("rejects"),
            files,
            &outcome.record.counts,
            "--max-reject-rate",
            self.max_reject_rate,
        )?;
        Ok(outcome)
    }

    /// Says what [`Predict::perform`] would do.
    ///
    /// # Errors
    /// A model or an input that cannot be used.
    pub fn inspect(&self) -> Result<State, StageError> {
        self.task().inspect(self.prepare()?, |prepared| Ok(plural(prepared.work.files, "file")))
    }

    /// Refuses an output that would mix with the audio or with the model. Call it before anything is written.
    ///
    /// # Errors
    /// `--out` is a folder whose audio is to be predicted, or lies in that of the model.
    pub fn check_places(&self) -> Result<(), ConfigError> {
        let out = self.out.root();
        let refuse = |problem: &str| {
            let hint = "choose a folder of its own";
            Err(ConfigError::new("--out", &out, problem).hint(hint))
        };
        if storage::below(self.model, &out).is_some() {
            return refuse("it is the folder of the model, or inside it");
        }
        let is_out = |folder: &String| storage::below(folder, &out).is_some_and(|path| path.is_empty());
        if inputs::folders(self.inputs).iter().any(is_out) {
            return refuse("the audio of an INPUT is there: tables and audio would mix");
        }
        Ok(())
    }

    fn task(&self) -> Task<'_> {
        let (build, start) = (env!("SER_BUILD_PREDICT"), Instant::now());
        let keys = BTreeMap::new();
        Task { out: self.out, name: PREDICT, build, pipeline: "", seed: 0, keys, force: self.force, start }
    }

    fn prepare(&self) -> Result<Prepared<Work>, StageError> {
        // One that was killed while it ran ingest again has no record of it.
        let records = StageName::ALL.iter().map(|stage| ledger::read_record(self.out, *stage));
        if records.collect::<Result<Vec<_>, _>>()?.iter().any(Option::is_some) {
            let problem =
                "it holds a run of a pipeline, whose rejects would be mixed with these; choose another folder";
            return Err(ConfigError::new("--out", self.out.root(), problem).into());
        }
        let (saved, hash) = self.load()?;
        let recipe = self.recipe(&saved)?;
        let featurizer = recipe.featurizer();
        let columns =
            predictor::columns(&saved, featurizer.names()).map_err(|error| self.unusable(error.to_string()))?;
        let inputs = InputFiles::find(self.inputs, self.storage)?;
        let by_speaker = saved.scope().is_of_groups();
        if by_speaker {
            check_groups(&inputs, saved.scope())?;
        }
        let files = inputs.files();
        let listing = files.values().map(|file| (&file.path, file.bytes, &file.stamp)).collect::<Vec<_>>();
        let speakers = inputs.inputs.iter().filter(|_| by_speaker).map(|input| (&input.label, input.files.len()));
        let (passed, unlisted) = (inputs.passed_over(), inputs.unlisted());
        let mut beside = rejects::of_unlisted(&unlisted, CORPUS, PREDICT, |path| Look::at(path) == Look::Audio);
        beside.extend(passed.suspects.iter().map(|path| passed_over(path)));
        let besides = unlisted.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
        let listing = options::config_hash(&(listing, speakers.collect::<Vec<_>>(), &passed.suspects, besides));
        let names = BTreeMap::from([("model".to_owned(), hash.clone()), ("files".to_owned(), listing)]);
        let stamps = files.values().map(|file| (file.path.clone(), file.stamp.clone())).collect();
        let count = files.len();
        let unnameable = files.keys().filter_map(|path| refused_name(path)).collect();
        let key = |(input, files): (&Input, Vec<&Entry>)| {
            let files = files.iter().map(|file| (&file.path, file.bytes, &file.stamp)).collect::<Vec<_>>();
            options::config_hash(&(env!("SER_BUILD_PREDICT"), &hash, by_speaker.then_some(&input.label), files))
        };
        let keys = inputs.inputs.iter().zip(inputs.own_files()).map(key).collect();
        let mut warnings = rejects::unlisted_warnings(&unlisted, CORPUS);
        warnings.extend(inputs.inputs.iter().filter(|_| by_speaker).filter_map(several_folders));
        warnings.extend(passed.warning().map(|warning| format!("{warning}; name those that hold speech one by one")));
        warnings.extend(inputs.hidden_warning());
        warnings.extend(inputs.again_warning());
        let work = Work {
            saved,
            recipe,
            featurizer,
            columns,
            inputs,
            keys,
            stamps,
            unnameable,
            beside,
            files: count,
            warnings,
        };
        Ok(Prepared::new(hash, names, work))
    }

    /// The model and the hash of its files.
    fn load(&self) -> Result<(SavedModel, String), StageError> {
        let store = storage::open(self.model, self.storage)?;
        let mut hasher = blake3::Hasher::new();
        let mut files = Vec::new();
        for name in model::FILES {
            let content = store.get(name).map_err(|error| match error {
                StorageError::NotFound { .. } => self.unusable(format!(
                    "it has no file `{name}`; MODEL is the folder of a saved model, such as runs/demo/models/mlp/all \
                     or .../fold-0"
                )),
                error => error.into(),
            })?;
            hasher.update(&content);
            files.push((name.to_owned(), content.to_vec()));
        }
        let saved = model::load(&files).map_err(|error: ModelError| self.unusable(error.to_string()))?;
        Ok((saved, hasher.finalize().to_hex().to_string()))
    }

    /// What computes the features of the model.
    fn recipe(&self, saved: &SavedModel) -> Result<Recipe, StageError> {
        match &saved.recipe {
            Provenance::Computed(recipe) => {
                recipe.check().map_err(|error| self.unusable(error.to_string()))?;
                Ok(recipe.clone())
            }
            Provenance::Table { table } => Err(self.unusable(format!(
                "it was trained on the table `{table}`, whose features ser-etl cannot compute; to predict recordings, \
                 train a model on a feature set (a pipeline without features.table)"
            ))),
        }
    }

    fn unusable(&self, problem: String) -> StageError {
        StageError::UnusableModel { model: self.model.to_owned(), problem }
    }

    fn run(&self, prepared: Prepared<Work>) -> Result<Done, StageError> {
        let work = &prepared.work;
        let wanted = work.keys.iter().filter(|_| !self.force).cloned().collect();
        let Staged { inputs, predicted: mut all } = staging::find(self.out, &wanted)?;
        let left = (0..work.keys.len()).filter(|input| !inputs.contains(&work.keys[*input])).collect::<Vec<_>>();
        joined(&mut all, self.judge(work, &left)?);
        all.rejects.extend(work.unnameable.iter().cloned());
        let done = self.write(work, &prepared.config_hash, all)?;
        staging::clear(self.out)?;
        Ok(done)
    }

    /// Predicts a share of the inputs, and stages what came of it: [`Predict::perform`] publishes. Call it while sharing
    /// the lock.
    ///
    /// # Errors
    /// A model or an input that cannot be used, failing storage.
    pub fn stage(&self, shard: Shard) -> Result<SharePredicted, StageError> {
        let work = self.prepare()?.work;
        let files = work.inputs.own_files();
        let bytes = files.iter().map(|files| files.iter().map(|file| file.bytes).sum()).collect::<Vec<u64>>();
        let members = shard.members(&bytes);
        let keys = members.iter().map(|input| work.keys[*input].clone()).collect::<BTreeSet<_>>();
        let staged = staging::find(self.out, &keys)?.inputs;
        let left = members.iter().copied().filter(|input| !staged.contains(&work.keys[*input])).collect::<Vec<_>>();
        let predicted = self.judge(&work, &left)?;
        let (rows, rejects) = (predicted.rows.len(), predicted.rejects.len());
        if !left.is_empty() {
            let keys = left.iter().map(|input| work.keys[*input].clone()).collect();
            staging::put(self.out, keys, predicted, &work.saved.classes)?;
        }
        Ok(SharePredicted { inputs: members.len(), new: left.len(), rows, rejects })
    }

    /// Judges the files of some of the inputs.
    fn judge(&self, work: &Work, inputs: &[usize]) -> Result<Predicted, StageError> {
        let store = Arc::clone(&work.inputs.store);
        let workers = Workers::new(Sources::from([(CORPUS, store)]), work.featurizer.as_ref(), &work.recipe.audio);
        let judge = Predictor::new(&work.saved, &work.columns, workers);
        let batches = batches(&work.inputs, inputs, work.saved.scope().is_of_groups());
        self.progress.start(PREDICT, batches.iter().map(|batch| batch.utterances.len() as u64).sum());
        let advance = || {
            self.progress.advance(1);
            check_stop(self.stop)
        };
        let stamps = work.stamps.iter().map(|(path, stamp)| (path.as_str(), stamp.clone())).collect();
        let mut all = Predicted::default();
        for batch in &batches {
            check_stop(self.stop)?;
            joined(&mut all, judge.judge(batch, &stamps, advance).map_err(|error| changed(work, error))?);
        }
        self.progress.finish();
        Ok(all)
    }

    fn write(&self, work: &Work, hash: &str, judged: Predicted) -> Result<Done, StageError> {
        let Predicted { rows, probabilities, clipped, mut rejects } = judged;
        rejects::sort(&mut rejects);
        let refused = rejects.len();
        rejects.extend(work.beside.iter().cloned());
        rejects::sort(&mut rejects);
        let mut counts = BTreeMap::from([
            ("files".to_owned(), work.files as u64),
            ("rows".to_owned(), rows.len() as u64),
            ("rejects".to_owned(), refused as u64),
        ]);
        counts.extend(reject_limit::counts_by_code(&rejects));
        for class in &work.saved.classes {
            let predicted = rows.iter().filter(|row| row.predicted == *class).count();
            counts.insert(format!("predicted.{class}"), predicted as u64);
        }
        let signals = Signal::counts(rows.iter().map(|row| row.signal.as_deref()));
        let summary = summarize(&work.saved, &rows, &probabilities, refused);
        let inputs = BTreeMap::from([("model".to_owned(), hash.to_owned())]);
        let table = sorted(&rows, class_columns(&work.saved.classes), &probabilities);
        let outputs = vec![
            output::put_table(self.out, &Table::<Reject>::from(rejects), "", &BTreeMap::new())?,
            output::put_table(self.out, &table, hash, &inputs)?,
        ];
        let mut warnings = work.warnings.clone();
        warnings.extend(Signal::warning(&signals, "the inferences table"));
        warnings.extend(unlike_training(&clipped));
        Ok(Done { outputs, counts, summary, warnings, ..Done::default() })
    }
}

/// Each input is one speaker or one corpus, of which there must be enough.
fn check_groups(inputs: &InputFiles, scope: Scope) -> Result<(), StageError> {
    let (group, groups) =
        if scope == Scope::EachCorpus { ("corpus", "corpus by corpus") } else { ("speaker", "speaker by speaker") };
    let mut owners = BTreeMap::<&str, &str>::new();
    for input in &inputs.inputs {
        let unusable = |problem| Err(StageError::UnusableInput { input: input.given.clone(), problem });
        if input.files.len() < MIN_UTTERANCES {
            return unusable(format!(
                "holds {} audio files: this model was normalized {groups}, so each INPUT is one {group} and needs at \
                 least {MIN_UTTERANCES}; give one folder, or one pattern in quotes, for each {group}",
                input.files.len()
            ));
        }
        for file in &input.files {
            let path = inputs.again.get(&file.path).unwrap_or(&file.path);
            if let Some(other) = owners.insert(path, &input.given) {
                return unusable(format!(
                    "and input `{other}` share `{path}`: each INPUT is one {group}, and a file cannot belong to two"
                ));
            }
        }
    }
    Ok(())
}

/// Warns of an input that may be several speakers: a folder of theirs, or a pattern that the shell did not spread.
fn several_folders(input: &Input) -> Option<String> {
    let folders = input.folders();
    (folders > 1).then(|| {
        format!(
            "input `{}` is taken as one speaker, but its files are in {folders} folders; if each folder is a \
             speaker, give each folder as an INPUT, such as by a pattern without quotes",
            input.given
        )
    })
}

/// Warns of speech that is unlike what the model was fitted on.
fn unlike_training(clipped: &[f64]) -> Option<String> {
    let share = clipped.iter().sum::<f64>() / clipped.len() as f64;
    let files = plural(clipped.iter().filter(|share| **share > model::UNLIKE).count(), "file");
    (share > model::UNLIKE).then(|| {
        format!(
            "{:.1} % of the feature values (in {files} more than {:.0} %) are beyond the range of the training data \
             and were clipped: these recordings are unlike the training data (microphone, bandwidth, noise, \
             language?), so the figures of the report do not hold for them",
            100.0 * share,
            100.0 * model::UNLIKE
        )
    })
}

/// One batch for each speaker, or batches of all files of these inputs.
fn batches(all: &InputFiles, inputs: &[usize], by_speaker: bool) -> Vec<Batch> {
    if by_speaker {
        let batch =
            |input: &Input| Batch { speaker: Some(input.label.clone()), utterances: utterances(input.files.iter()) };
        return inputs.iter().map(|input| batch(&all.inputs[*input])).collect();
    }
    let files = all.own_files();
    let mut files = inputs.iter().flat_map(|input| files[*input].iter().copied()).collect::<Vec<_>>();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let all = utterances(files.into_iter());
    all.chunks(BATCH).map(|batch| Batch { speaker: None, utterances: batch.to_vec() }).collect()
}

fn utterances<'a>(files: impl Iterator<Item = &'a Entry>) -> Vec<Utterance> {
    files.filter(|file| corpus::bad_name(&file.path).is_none()).map(utterance).collect()
}

/// A file as a row that extraction takes.
fn utterance(file: &Entry) -> Utterance {
    Utterance {
        utterance_id: file.path.clone(),
        corpus: CORPUS.to_owned(),
        path: file.path.clone(),
        start_s: None,
        end_s: None,
        speaker: None,
        gender: None,
        text_id: None,
        intensity: None,
        language: None,
        source_label: String::new(),
        emotion: String::new(),
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
    }
}

fn refused_name(path: &str) -> Option<Reject> {
    let (code, message) = corpus::bad_name(path)?;
    Some(reject(path, Refusal { code, message: message.to_owned() }))
}

fn passed_over(path: &str) -> Reject {
    reject(path, Refusal { code: PassedOver::CODE, message: PassedOver::message(path) })
}

/// Nothing was ingested here: a file that changed has changed since it was listed.
fn changed(work: &Work, error: StageError) -> StageError {
    match error {
        StageError::SourceChanged { path, .. } => {
            StorageError::Changed { path: format!("{}/{path}", work.inputs.store.root()) }.into()
        }
        error => error,
    }
}

fn summarize(saved: &SavedModel, rows: &[Inference], probabilities: &[f32], rejects: usize) -> String {
    let speakers = rows.iter().map(|row| &row.speaker).collect::<BTreeSet<_>>().len();
    let track = match (saved.track(), speakers) {
        (Track::Inductive, _) => "inductive".to_owned(),
        (Track::Transductive, count) if saved.scope() == Scope::EachCorpus => {
            format!("transductive: each of {} is normalized by itself, as one corpus", plural(count, "input"))
        }
        (Track::Transductive, count) => format!("transductive: {}, as each input is one", plural(count, "speaker")),
    };
    let tops = probabilities.chunks(saved.classes.len()).map(|row| row.iter().copied().fold(0.0, f32::max));
    let sure = tops.map(f64::from).sum::<f64>() / rows.len() as f64;
    let sure = if rows.is_empty() { String::new() } else { format!(", mean top probability {sure:.3}") };
    let (utterances, rejects) = (plural(rows.len(), "utterance"), plural(rejects, "reject"));
    format!("{utterances} by {} ({track}){sure}, {rejects}", saved.name())
}
