//! Two finished runs, paired by the test utterances that they share: the figures of one model of each, and their
//! difference.

use crate::eval::{EvaluateSection, Measure, Outcome, Outcomes, Resampling, Sums};
use crate::options::ConfigError;
use crate::report::{Change, RunSide, Versus};
use crate::schema::{Comparison, Metric, PROBABILITY_PREFIX, Prediction, Side, Table, Texts, Track};
use crate::storage::Store;

use super::facts::Utterances;
use super::features_table::FeaturesTable;
use super::{StageError, StageName, ledger, output};

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
    let shared = a.tested.shared(&b.tested).count();
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
    tested: Tested,
    utterances: Utterances,
    predictions: String,
}

/// What a model said of the test rows of a run.
struct Tested {
    /// Sorted. An utterance that several folds test is there as often, in their order.
    ids: Texts,
    truths: Texts,
    predicted: Texts,
    /// One for each class, row after row.
    probabilities: Vec<f32>,
    classes: usize,
}

impl Tested {
    fn read(out: &dyn Store, model: &str) -> Result<Self, StageError> {
        let (columns, batches) = predictions(out)?;
        let (mut ids, mut truths, mut predicted) = (Texts::default(), Texts::default(), Texts::default());
        let (mut unsorted, classes) = (Vec::new(), columns.len());
        for batch in batches {
            let batch = batch?;
            for (at, row) in batch.rows.iter().enumerate().filter(|(_, row)| row.model == model) {
                ids.push(Some(&row.utterance_id));
                truths.push(Some(&row.truth));
                predicted.push(Some(&row.predicted));
                unsorted.extend_from_slice(batch.float.row(at));
            }
        }
        let mut order = (0..ids.len()).collect::<Vec<_>>();
        order.sort_by_key(|at| ids.get(*at));
        [&mut ids, &mut truths, &mut predicted].into_iter().for_each(|cells| cells.reorder(&order));
        let probabilities = order.iter().flat_map(|at| &unsorted[at * classes..(at + 1) * classes]).copied().collect();
        Ok(Self { ids, truths, predicted, probabilities, classes })
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn probabilities(&self, at: usize) -> &[f32] {
        &self.probabilities[at * self.classes..(at + 1) * self.classes]
    }

    /// The rows that both have: an utterance that one of them has more often is paired as often as both have it.
    fn shared<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut first = 0;
        (0..self.len()).filter_map(move |at| {
            let id = self.ids.get(at);
            if id != self.ids.get(first) {
                first = at;
            }
            let paired = other.ids.partition_point(|before| before < id) + (at - first);
            (other.ids.get(paired) == id).then_some((at, paired))
        })
    }
}

/// Columns of probabilities, and the test rows that figures come from, some at a time.
fn predictions(
    out: &dyn Store,
) -> Result<(Vec<String>, impl Iterator<Item = Result<Table<Prediction>, StageError>>), StageError> {
    let (columns, batches) = output::get_batches::<Prediction>(out, StageName::Train)?;
    let tested = batches.map(|batch| {
        let mut batch = batch?;
        batch.retain(|row| row.seed == 0 && row.split == Side::Test.as_str());
        Ok(batch)
    });
    Ok((columns, tested))
}

impl<'a> Run<'a> {
    fn read(place: &RunPlace<'a>, model: Option<&str>) -> Result<Self, StageError> {
        Self::read_tables(place, model).map_err(|error| match error {
            StageError::Config(_) | StageError::Incomparable(_) => error,
            error => StageError::Run { run: place.given.to_owned(), source: Box::new(error) },
        })
    }

    fn read_tables(place: &RunPlace<'a>, model: Option<&str>) -> Result<Self, StageError> {
        check_classes(place)?;
        let (columns, batches) = predictions(place.out)?;
        let mut models = Vec::new();
        for batch in batches {
            models.extend(batch?.rows.into_iter().map(|row| row.model));
            models.dedup();
        }
        let model = headline(place, &models, model)?;
        let tested = Tested::read(place.out, &model)?;
        let utterances = Utterances::read(place.out, &FeaturesTable::find(place.out)?, &[])?;
        let predictions = output::content_hash::<Prediction>(place.out, StageName::Train)?;
        let track = track(place.out, &predictions)?;
        Ok(Self { given: place.given, model, track, classes: classes(&columns), tested, utterances, predictions })
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

/// Refuses a run that predicts numbers: there is no class to compare.
pub(super) fn check_classes(place: &RunPlace) -> Result<(), StageError> {
    let record = ledger::read_record(place.out, StageName::Train)?;
    let task = record.as_ref().and_then(|record| record.keys.get("task")).and_then(|task| task.as_str());
    match task {
        Some("regression") => {
            let words = format!(
                "{} predicts numbers (task = \"regression\"); this command is for runs with classes",
                place.given
            );
            Err(StageError::Incomparable(words))
        }
        _ => Ok(()),
    }
}

/// The classes that a run tells apart, sorted.
fn classes(columns: &[String]) -> Vec<String> {
    let names = columns.iter().filter_map(|name| name.strip_prefix(PROBABILITY_PREFIX));
    let mut classes = names.map(str::to_owned).collect::<Vec<_>>();
    classes.sort_unstable();
    classes
}

/// The model to compare: `wanted`, or the one that the run's report leads with.
fn headline(place: &RunPlace, models: &[String], wanted: Option<&str>) -> Result<String, StageError> {
    let models = models.iter().map(String::as_str).collect::<Vec<_>>();
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
fn track(out: &dyn Store, predictions: &str) -> Result<Track, StageError> {
    let (metrics, footer) = output::get_table::<Metric>(out, StageName::Evaluate)?;
    let is_of_these = footer.inputs.get("predictions").is_some_and(|hash| hash == predictions);
    let track = metrics.rows.first().and_then(|row| Track::from_word(&row.track));
    let unfinished = || StageError::Unfinished { stage: StageName::Evaluate.as_str() };
    track.filter(|_| is_of_these).ok_or_else(unfinished)
}

/// The shared test rows of both runs. Folds are left out: the runs may have dealt the same utterances differently.
fn outcomes(a: &Run, b: &Run) -> Result<Outcomes, StageError> {
    let mut outcomes = Outcomes::new(&a.classes, a.track);
    let cell = |cells: &Texts, at| cells.get(at).unwrap_or_default().to_owned();
    for (of_a, of_b) in a.tested.shared(&b.tested) {
        let id = &cell(&a.tested.ids, of_a);
        let [truth, other] = [(a, of_a), (b, of_b)].map(|(run, at)| cell(&run.tested.truths, at));
        if truth != other {
            let words = format!(
                "`{id}` is `{truth}` in {} and `{other}` in {}; they were made with different labels",
                a.given, b.given
            );
            return Err(StageError::Incomparable(words));
        }
        let missing = || StageError::MissingTable { table: "features".to_owned(), stage: StageName::Extract.as_str() };
        let number = a.utterances.find(id).ok_or_else(missing)?;
        for (run, Run { tested, .. }, at) in [(A, a, of_a), (B, b, of_b)] {
            outcomes.add(&Outcome {
                utterance_id: id,
                model: run,
                fold: 0,
                seed: 0,
                truth: &truth,
                predicted: tested.predicted.get(at).unwrap_or_default(),
                probabilities: tested.probabilities(at),
                corpus: a.utterances.corpora.get(number).unwrap_or_default(),
                speaker: a.utterances.speakers.get(number),
                gender: a.utterances.genders.get(number),
                groups: &[],
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
