//! Finished runs of one protocol beside each other, and what others have published under it.

use std::collections::BTreeMap;

use crate::eval::deviation;
use crate::protocol::{Protocol, PublishedFigure};
use crate::report::Board;
use crate::schema::{Leader, Metric, Side, SplitRow, Table};
use crate::storage::Store;
use crate::table;

use super::compare::{RunPlace, check_classes};
use super::{Record, StageError, StageName, ledger, output, results};

/// The files of a leaderboard.
const MARKDOWN: &str = "leaderboard.md";

/// Puts finished runs beside each other: the headline model of each, or every model. They must have tested the same
/// utterances in the same folds and told the same classes apart. Of `figures`, those of the protocol and the corpus join
/// them.
///
/// # Errors
/// A run that is not finished or tested nothing; runs that cannot be put beside each other.
pub fn leaderboard(places: &[RunPlace], figures: &[PublishedFigure], every_model: bool) -> Result<Board, StageError> {
    let runs = places.iter().map(|place| Run::read(place, every_model)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = runs.first() else { return Ok(Board::default()) };
    for other in &runs[1..] {
        first.check_like(other)?;
    }
    let mut rows = runs.iter().flat_map(|run| run.leaders.clone()).collect::<Vec<_>>();
    let protocol = first.protocol.as_deref();
    let is_of_these = |figure: &&PublishedFigure| {
        Some(figure.protocol.as_str()) == protocol && Some(&figure.corpus) == first.preset.as_ref()
    };
    let is_alike =
        |figure: &&PublishedFigure| figure.classes == first.classes.len() && Some(figure.tested) == rows[0].n;
    let (alike, others): (Vec<_>, Vec<_>) = figures.iter().filter(is_of_these).partition(is_alike);
    rows.extend(alike.into_iter().map(published));
    let key = |row: &Leader| (row.system.clone(), row.model.clone(), row.features.clone());
    rows.sort_by_cached_key(key);
    // The same run or figure may be named twice.
    rows.dedup();
    if let Some(pair) = rows.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
        let words = format!("there are two different figures of {:?}, {:?}", pair[0].system, pair[0].model);
        return Err(StageError::Incomparable(words));
    }
    let words = protocol.and_then(|name| Protocol::known("protocol", name).ok()).map(|protocol| {
        let notes = protocol.of(first.preset.as_deref()).map(|of| of.notes.as_str()).unwrap_or_default();
        format!("{} ({}). {} {notes}", protocol.title, protocol.citation, protocol.notes)
    });
    Ok(Board {
        protocol: protocol.unwrap_or(&first.scheme).to_owned(),
        words: words.unwrap_or_default(),
        corpora: first.corpora.clone(),
        classes: first.classes.clone(),
        folds: first.folds,
        left_out: others.iter().map(|figure| left_out(figure)).collect(),
        rows,
    })
}

/// Writes a leaderboard as Markdown and as a table.
///
/// # Errors
/// The place cannot be written.
pub fn put_leaderboard(out: &dyn Store, markdown: &str, rows: Vec<Leader>) -> Result<(), StageError> {
    let (file, _) = table::write(&Table::<Leader>::from(rows), "", &BTreeMap::new(), false)?;
    output::put(out, MARKDOWN, markdown.as_bytes())?;
    output::put(out, &output::path::<Leader>(), &file)?;
    Ok(())
}

/// Why a figure of the protocol is not in the table.
fn left_out(figure: &PublishedFigure) -> String {
    format!(
        "{}: {} of {} classes and {} test utterances",
        figure.system, figure.uar_folds, figure.classes, figure.tested
    )
}

fn published(figure: &PublishedFigure) -> Leader {
    Leader {
        system: figure.system.clone(),
        model: figure.model.clone(),
        published: true,
        pretrained: figure.pretrained,
        features: figure.features.clone(),
        track: None,
        uar: None,
        low: None,
        high: None,
        uar_folds: Some(figure.uar_folds),
        uar_folds_std: None,
        accuracy: None,
        macro_f1: None,
        n: None,
        source: figure.source.clone(),
    }
}

/// What a leaderboard needs of a run.
struct Run<'a> {
    given: &'a str,
    /// Names of the corpora.
    corpora: Vec<String>,
    /// Preset of the first.
    preset: Option<String>,
    scheme: String,
    protocol: Option<String>,
    classes: Vec<String>,
    folds: usize,
    /// Of the fold and the id of every test row.
    tested: String,
    leaders: Vec<Leader>,
}

impl<'a> Run<'a> {
    fn read(place: &RunPlace<'a>, every_model: bool) -> Result<Self, StageError> {
        Self::read_tables(place, every_model).map_err(|error| match error {
            StageError::Incomparable(_) => error,
            error => StageError::Run { run: place.given.to_owned(), source: Box::new(error) },
        })
    }

    fn read_tables(place: &RunPlace<'a>, every_model: bool) -> Result<Self, StageError> {
        check_classes(place)?;
        let record = |stage: StageName| {
            ledger::read_record(place.out, stage)?.ok_or(StageError::Unfinished { stage: stage.as_str() })
        };
        let [ingest, extract, split] = [StageName::Ingest, StageName::Extract, StageName::Split].map(record);
        let (ingest, extract, split) = (ingest?, extract?, split?);
        let results =
            results(place.out)?.ok_or_else(|| StageError::Incomparable(format!("{} tested nothing", place.given)))?;
        let (folds, classes) = of_metrics(place.out)?;
        let (count, tested) = tested(place.out)?;
        let features = word(&extract, "features.set").or_else(|| word(&extract, "features.table"));
        let leader = |model: &results::ModelResult| {
            let figure = |name: &str| model.figures.get(name).copied();
            let (mean, deviation) = spread(folds.get(&model.model).map_or(&[][..], Vec::as_slice));
            Leader {
                system: place.given.to_owned(),
                model: model.model.clone(),
                published: false,
                pretrained: false,
                features: features.clone().unwrap_or_else(|| "the default set".to_owned()),
                track: Some(results.track.clone()),
                uar: figure("uar").map(|figure| figure.value),
                low: figure("uar").and_then(|figure| figure.low),
                high: figure("uar").and_then(|figure| figure.high),
                uar_folds: mean,
                uar_folds_std: deviation,
                accuracy: figure("accuracy").map(|figure| figure.value),
                macro_f1: figure("macro_f1").map(|figure| figure.value),
                n: Some(results.tested),
                source: if model.model == results.headline { "this run, chosen before testing" } else { "this run" }
                    .to_owned(),
            }
        };
        let leaders = results.models.iter().take(if every_model { usize::MAX } else { 1 }).map(leader).collect();
        let names = (0..).map_while(|at| word(&ingest, &format!("corpus.{at}.name")));
        Ok(Self {
            given: place.given,
            corpora: names.collect(),
            preset: word(&ingest, "corpus.0.preset"),
            scheme: word(&split, "split.scheme").unwrap_or_default(),
            protocol: word(&split, "split.protocol"),
            classes,
            folds: count,
            tested,
            leaders,
        })
    }

    /// Refuses a run of another protocol.
    fn check_like(&self, other: &Self) -> Result<(), StageError> {
        let protocol = |run: &Self| run.protocol.clone().unwrap_or_else(|| run.scheme.clone());
        let differences = [
            ("protocol", protocol(self), protocol(other)),
            ("corpora", self.corpora.join(", "), other.corpora.join(", ")),
            ("classes", self.classes.join(", "), other.classes.join(", ")),
            ("number of folds", self.folds.to_string(), other.folds.to_string()),
        ];
        let words = |what: &str, a: &str, b: &str| {
            format!("{} and {} cannot stand in one table: {what}: {a} against {b}", self.given, other.given)
        };
        match differences.iter().find(|(_, a, b)| a != b) {
            Some((what, a, b)) => Err(StageError::Incomparable(words(what, a, b))),
            None if self.tested != other.tested => {
                Err(StageError::Incomparable(words("test folds", "some utterances", "others")))
            }
            None => Ok(()),
        }
    }
}

/// A key of a record, where it holds a word.
fn word(record: &Record, key: &str) -> Option<String> {
    record.keys.get(key).and_then(|value| value.as_str()).map(str::to_owned)
}

/// The UAR of each fold by model, and the classes.
type OfMetrics = (BTreeMap<String, Vec<Option<f64>>>, Vec<String>);

fn of_metrics(out: &dyn Store) -> Result<OfMetrics, StageError> {
    let (mut folds, mut classes) = (BTreeMap::<String, Vec<Option<f64>>>::new(), Vec::new());
    for batch in output::get_batches::<Metric>(out, StageName::Evaluate)?.1 {
        for row in batch?.rows {
            match (row.slice.as_str(), row.metric.as_str()) {
                ("fold", "uar") => folds.entry(row.model).or_default().push(row.value),
                ("class", "recall") => classes.push(row.group),
                _ => {}
            }
        }
    }
    classes.sort();
    classes.dedup();
    Ok((folds, classes))
}

/// Number of folds, and a hash of who is tested in each.
fn tested(out: &dyn Store) -> Result<(usize, String), StageError> {
    let (mut hasher, mut folds) = (blake3::Hasher::new(), 0);
    for batch in output::get_batches::<SplitRow>(out, StageName::Split)?.1 {
        for row in batch?.rows.iter().filter(|row| row.split == Side::Test.as_str()) {
            folds = folds.max(row.fold as usize + 1);
            hasher.update(format!("{}\t{}\n", row.fold, row.utterance_id).as_bytes());
        }
    }
    Ok((folds, hasher.finalize().to_hex().to_string()))
}

/// Mean and standard deviation, dividing by n - 1; none where a fold has no figure.
fn spread(folds: &[Option<f64>]) -> (Option<f64>, Option<f64>) {
    let Some(values) = folds.iter().copied().collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty()) else {
        return (None, None);
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (Some(mean), (values.len() > 1).then(|| deviation(&values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_over_folds_needs_a_figure_of_each() {
        assert_eq!(spread(&[Some(0.5), Some(0.7)]).0, Some(0.6));
        assert!((spread(&[Some(0.5), Some(0.7)]).1.expect("two folds") - 0.02_f64.sqrt()).abs() < 1e-12);
        assert_eq!(spread(&[Some(0.5)]), (Some(0.5), None));
        assert_eq!(spread(&[Some(0.5), None]), (None, None));
        assert_eq!(spread(&[]), (None, None));
    }
}
