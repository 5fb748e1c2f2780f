//! Two finished runs, paired by the test utterances that they share: the figures of one model of each, and their
//! difference.

use std::collections::BTreeMap;

use crate::eval::{EvaluateSection, Measure, Outcome, Outcomes, Resampling, Sums};
use crate::options::ConfigError;
use crate::report::{Change, RunSide, Versus};
use crate::schema::{Comparison, FeatureKeys, Metric, PROBABILITY_PREFIX, Prediction, Side, Table, Track};
use crate::storage::Store;
use crate::table::Footer;

use super::features_table::FeaturesTable;
use super::{StageError, StageName, output};

/// Labels of the runs where they are counted.
const A: &str = "a";
const B: &str = "b";

/// A run and where it lies.
pub struct RunPlace<'a> {
    /// As it was given, for messages.
    pub given: &'a str,
    /// Its output.
    pub out: &'a dyn Store,
}

/// Compares a model of two runs: the one called `model`, else `selected` where the run has it, else `mlp`, else the
/// first. No gates are set.
///
/// # Errors
/// A run that is not finished; a model that it does not have; tracks, labels or truths that differ; no shared
/// utterance.
pub fn compare(a: &RunPlace, b: &RunPlace, model: Option<&str>, resampling: Resampling) -> Result<Versus, StageError> {
    let (a, b) = (Run::read(a, model)?, Run::read(b, model)?);
    if a.track != b.track {
        let problem = format!("run A is {}: figures of the two tracks are not compared", a.track);
        return Err(ConfigError::new("RUN_B", format!("{} ({})", b.given, b.track), problem).into());
    }
    if a.classes != b.classes {
        let words = |run: &Run| format!("{} tells {} apart", run.given, run.classes.join(", "));
        return Err(StageError::Incomparable(format!("{}; {}", words(&a), words(&b))));
    }
    let outcomes = outcomes(&a, &b)?;
    let comparisons = outcomes.comparison(B, A, resampling)?;
    let changes = Measure::SUMMARY.iter().filter_map(|measure| change(&outcomes, *measure, &comparisons)).collect();
    let shared = a.shared(&b);
    let speakers = comparisons.first().map_or(0, |row| row.clusters);
    let test = comparisons.first().map_or_else(|| "none".to_owned(), |row| row.note.clone());
    let (only_a, only_b) = (a.tested.len() - shared, b.tested.len() - shared);
    Ok(Versus {
        a: a.side(only_a),
        b: b.side(only_b),
        shared: shared as i64,
        speakers,
        changes,
        test,
        resamples: resampling.resamples,
        gates: Vec::new(),
    })
}

/// What a comparison needs of a run.
struct Run<'a> {
    given: &'a str,
    model: String,
    track: Track,
    classes: Vec<String>,
    /// Truth, prediction and probabilities of the model by utterance, and by how often it was tested in folds before.
    tested: BTreeMap<(String, usize), (Prediction, Vec<f32>)>,
    keys: BTreeMap<String, FeatureKeys>,
    predictions: String,
}

impl<'a> Run<'a> {
    fn read(place: &RunPlace<'a>, model: Option<&str>) -> Result<Self, StageError> {
        Self::read_tables(place, model).map_err(|error| match error {
            StageError::Config(_) | StageError::Incomparable(_) => error,
            error => StageError::Run { run: place.given.to_owned(), source: Box::new(error) },
        })
    }

    fn read_tables(place: &RunPlace<'a>, model: Option<&str>) -> Result<Self, StageError> {
        let (mut predictions, footer) = output::get_table::<Prediction>(place.out, StageName::Train)?;
        let classes = classes(&predictions);
        predictions.retain(|row| row.seed == 0 && row.split == Side::Test.as_str());
        let model = headline(place, &predictions.rows, model)?;
        predictions.retain(|row| row.model == model);
        let mut tested = BTreeMap::new();
        // Sorted by fold: an utterance that several folds test is paired in their order.
        for (at, row) in predictions.rows.iter().enumerate() {
            let before = (0..).take_while(|&before| tested.contains_key(&(row.utterance_id.clone(), before))).count();
            tested.insert((row.utterance_id.clone(), before), (row.clone(), predictions.float.row(at).to_vec()));
        }
        let keys = FeaturesTable::find(place.out)?.keys(place.out)?.rows;
        let keys = keys.into_iter().map(|row| (row.utterance_id.clone(), row)).collect();
        let track = track(place.out, &footer)?;
        Ok(Self { given: place.given, model, track, classes, tested, keys, predictions: footer.content_hash })
    }

    fn shared(&self, other: &Self) -> usize {
        self.tested.keys().filter(|key| other.tested.contains_key(*key)).count()
    }

    fn side(&self, only_here: usize) -> RunSide {
        let name = self.given.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        RunSide {
            name: name.to_owned(),
            model: self.model.clone(),
            track: self.track.to_string(),
            utterances: self.tested.len() as i64,
            only_here: only_here as i64,
            predictions: self.predictions.clone(),
        }
    }
}

/// The classes that a run tells apart, sorted.
fn classes(predictions: &Table<Prediction>) -> Vec<String> {
    let names = predictions.float.names.iter().filter_map(|name| name.strip_prefix(PROBABILITY_PREFIX));
    let mut classes = names.map(str::to_owned).collect::<Vec<_>>();
    classes.sort_unstable();
    classes
}

/// The model to compare: `wanted`, or the one that the run's report leads with.
fn headline(place: &RunPlace, rows: &[Prediction], wanted: Option<&str>) -> Result<String, StageError> {
    let mut models = rows.iter().map(|row| row.model.as_str()).collect::<Vec<_>>();
    models.dedup();
    if models.is_empty() {
        return Err(StageError::Incomparable(format!("{} tested nothing", place.given)));
    }
    let Some(wanted) = wanted else {
        return Ok(EvaluateSection::default().headline(&models)?.to_owned());
    };
    if models.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    let problem = format!("run `{}` has no such model; it has {}", place.given, models.join(", "));
    Err(ConfigError::new("--model", wanted, problem).into())
}

/// Whether statistics of test speakers entered, as the figures of these predictions say. Models may be gone by now.
fn track(out: &dyn Store, predictions: &Footer) -> Result<Track, StageError> {
    let (metrics, footer) = output::get_table::<Metric>(out, StageName::Evaluate)?;
    let is_of_these = footer.inputs.get("predictions") == Some(&predictions.content_hash);
    let track = metrics.rows.first().and_then(|row| Track::from_word(&row.track));
    let unfinished = || StageError::Unfinished { stage: StageName::Evaluate.as_str() };
    track.filter(|_| is_of_these).ok_or_else(unfinished)
}

/// The shared test rows of both runs. Folds are left out: the runs may have dealt the same utterances differently.
fn outcomes(a: &Run, b: &Run) -> Result<Outcomes, StageError> {
    let mut outcomes = Outcomes::new(&a.classes, a.track);
    for (key, (row, of_a)) in &a.tested {
        let Some((other, of_b)) = b.tested.get(key) else { continue };
        let id = &key.0;
        if row.truth != other.truth {
            let words = format!(
                "`{id}` is `{}` in {} and `{}` in {}; they were made with different labels",
                row.truth, a.given, other.truth, b.given
            );
            return Err(StageError::Incomparable(words));
        }
        let missing = || StageError::MissingTable { table: "features".to_owned(), stage: StageName::Extract.as_str() };
        let keys = a.keys.get(id).ok_or_else(missing)?;
        for (run, predicted, probabilities) in [(A, &row.predicted, of_a), (B, &other.predicted, of_b)] {
            outcomes.add(&Outcome {
                utterance_id: id,
                model: run,
                fold: 0,
                seed: 0,
                truth: &row.truth,
                predicted,
                probabilities,
                corpus: &keys.corpus,
                speaker: keys.speaker.as_deref(),
                gender: keys.gender.as_deref(),
            })?;
        }
    }
    if outcomes.models().next().is_none() {
        let words = format!("{} and {} tested no utterance in common", a.given, b.given);
        return Err(StageError::Incomparable(words));
    }
    Ok(outcomes)
}

fn change(outcomes: &Outcomes, measure: Measure, comparisons: &[Comparison]) -> Option<Change> {
    let figure = |run: &str| {
        let sums = Sums { counts: outcomes.confusion(run).class_counts(), ..Sums::new(outcomes.classes().len()) };
        measure.of(&sums)
    };
    let row = comparisons.iter().find(|row| row.metric == measure.as_str() && row.test == "permutation")?;
    Some(Change {
        metric: measure.as_str().to_owned(),
        a: figure(A)?,
        b: figure(B)?,
        interval: row.low.zip(row.high),
        p_value: row.p_value,
    })
}
