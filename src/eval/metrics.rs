use std::collections::BTreeMap;

use super::bootstrap::{Interval, intervals};
use super::tally::{Cell, Cells};
use super::{MIN_CLUSTERS, Margins, Measure, Resampling, Tally};
use crate::schema::Metric;

/// Rows of a slice's group, by speaker.
pub(super) struct Pool {
    pub total: Margins,
    /// A matrix a speaker.
    pub speakers: BTreeMap<String, Margins>,
    /// Rows whose speaker is unknown.
    pub unnamed: u64,
}

/// Slices whose groups are sets of cells; the slice `class` is made from `Overall`.
#[derive(Debug, Clone, Copy)]
enum Slice {
    Overall,
    Speaker,
    Gender,
    Corpus,
    Fold,
}

impl Tally {
    /// Every figure of every model: overall and by class, speaker, gender, corpus and fold, pooled over folds, with
    /// 95 % intervals from speakers drawn with replacement; sorted by model, slice, group and metric.
    ///
    /// An interval is null, with the reason in the note, where a row's speaker is unknown or where there are fewer
    /// than [`MIN_CLUSTERS`] speakers (in the slice `class`: speakers of that class).
    pub fn metrics(&self, resampling: Resampling) -> Vec<Metric> {
        let mut rows: Vec<Metric> =
            self.all_cells().flat_map(|(model, cells)| model_rows(model, cells, self.classes(), resampling)).collect();
        rows.sort_by(|a, b| (&a.model, &a.slice, &a.group, &a.metric).cmp(&(&b.model, &b.slice, &b.group, &b.metric)));
        rows
    }
}

fn model_rows(model: &str, cells: &Cells, classes: &[String], resampling: Resampling) -> Vec<Metric> {
    let mut rows = class_rows(model, &Pool::of(cells, classes.len()), classes, resampling);
    for slice in [Slice::Overall, Slice::Speaker, Slice::Gender, Slice::Corpus, Slice::Fold] {
        for (group, pool) in pools(cells, classes.len(), slice) {
            rows.extend(summary_rows(model, slice, &group, &pool, resampling));
        }
    }
    rows
}

fn summary_rows(model: &str, slice: Slice, group: &str, pool: &Pool, resampling: Resampling) -> Vec<Metric> {
    let found = pool.intervals(&Measure::SUMMARY, resampling);
    let reason = no_interval(pool.obstacle(pool.speakers.len(), resampling));
    let make = |(measure, interval): (&Measure, Option<Interval>)| {
        let absent = Some(pool.total.absent()).filter(|&absent| absent > 0 && measure.leaves_out_absent());
        let left_out = absent
            .map(|absent| format!("{absent} of {} classes absent from the truth and left out", pool.total.classes()));
        Metric {
            model: model.to_owned(),
            slice: slice.as_str().to_owned(),
            group: group.to_owned(),
            metric: measure.as_str().to_owned(),
            value: measure.of(&pool.total),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            n: pool.total.total() as i64,
            note: join_notes([left_out, reason.clone()]),
        }
    };
    Measure::SUMMARY.iter().zip(found).map(make).collect()
}

fn class_rows(model: &str, pool: &Pool, classes: &[String], resampling: Resampling) -> Vec<Metric> {
    let measures: Vec<Measure> = (0..classes.len()).flat_map(Measure::of_class).collect();
    // One pass over the resamples serves all classes.
    let mut found = pool.intervals(&measures, resampling).into_iter();
    let mut rows = Vec::with_capacity(measures.len());
    for (class, name) in classes.iter().enumerate() {
        let speakers = pool.speakers.values().filter(|speaker| speaker.support(class) > 0).count();
        let obstacle = pool.obstacle(speakers, resampling);
        for (measure, interval) in Measure::of_class(class).into_iter().zip(found.by_ref()) {
            let interval = interval.filter(|_| obstacle.is_none());
            rows.push(Metric {
                model: model.to_owned(),
                slice: "class".to_owned(),
                group: name.clone(),
                metric: measure.as_str().to_owned(),
                value: measure.of(&pool.total),
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                n: pool.total.support(class) as i64,
                note: join_notes([about_class(&pool.total, class), no_interval(obstacle.clone())]),
            });
        }
    }
    rows
}

fn no_interval(obstacle: Option<String>) -> Option<String> {
    obstacle.map(|reason| format!("no interval: {reason}"))
}

fn about_class(total: &Margins, class: usize) -> Option<String> {
    let words = match (total.support(class), total.predicted(class)) {
        (0, _) => "class absent from the truth: no recall, left out of the averages",
        (_, 0) => "class never predicted: precision 0",
        _ => return None,
    };
    Some(words.to_owned())
}

fn join_notes(notes: [Option<String>; 2]) -> Option<String> {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn pools(cells: &Cells, classes: usize, slice: Slice) -> BTreeMap<String, Pool> {
    let mut groups: BTreeMap<String, Cells> = BTreeMap::new();
    for (cell, count) in cells {
        if let Some(group) = slice.group(cell) {
            groups.entry(group).or_default().insert(cell.clone(), count.clone());
        }
    }
    groups.into_iter().map(|(group, cells)| (group, Pool::of(&cells, classes))).collect()
}

impl Slice {
    fn as_str(self) -> &'static str {
        match self {
            Self::Overall => "overall",
            Self::Speaker => "speaker",
            Self::Gender => "gender",
            Self::Corpus => "corpus",
            Self::Fold => "fold",
        }
    }

    /// The group of a cell; none where the data does not tell.
    fn group(self, cell: &Cell) -> Option<String> {
        match self {
            Self::Overall => Some("all".to_owned()),
            Self::Speaker => cell.speaker.clone(),
            Self::Gender => cell.gender.clone(),
            Self::Corpus => Some(cell.corpus.clone()),
            Self::Fold => Some(cell.fold.to_string()),
        }
    }
}

impl Pool {
    pub(super) fn of(cells: &Cells, classes: usize) -> Self {
        let mut pool = Self { total: Margins::new(classes), speakers: BTreeMap::new(), unnamed: 0 };
        for (cell, count) in cells {
            let margins = count.confusion.margins();
            pool.total.add_weighted(&margins, 1);
            match &cell.speaker {
                Some(speaker) => {
                    let sum = pool.speakers.entry(speaker.clone()).or_insert_with(|| Margins::new(classes));
                    sum.add_weighted(&margins, 1);
                }
                None => pool.unnamed += margins.total(),
            }
        }
        pool
    }

    /// Why speakers cannot be resampled; `speakers` is how many the figure rests on.
    pub(super) fn obstacle(&self, speakers: usize, resampling: Resampling) -> Option<String> {
        if resampling.resamples == 0 {
            Some("evaluate.bootstrap is 0".to_owned())
        } else if self.unnamed > 0 {
            Some(format!("{} of {} rows have no speaker", self.unnamed, self.total.total()))
        } else if speakers < MIN_CLUSTERS {
            let plural = if speakers == 1 { "" } else { "s" };
            Some(format!("{speakers} speaker{plural}, at least {MIN_CLUSTERS} needed"))
        } else {
            None
        }
    }

    /// The interval of each measure; none where speakers cannot be resampled.
    fn intervals(&self, measures: &[Measure], resampling: Resampling) -> Vec<Option<Interval>> {
        match self.obstacle(self.speakers.len(), resampling) {
            Some(_) => vec![None; measures.len()],
            None => {
                let clusters: Vec<Margins> = self.speakers.values().cloned().collect();
                intervals(&clusters, measures, resampling)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::tally::fixture::{Shape, classes, tally};
    use crate::eval::{Confusion, Outcome};

    const RESAMPLING: Resampling = Resampling { resamples: 300, seed: 7 };

    fn find<'a>(rows: &'a [Metric], slice: &str, group: &str, metric: &str) -> &'a Metric {
        let wanted = |row: &&Metric| (&*row.slice, &*row.group, &*row.metric) == (slice, group, metric);
        rows.iter().find(wanted).expect("the row is there")
    }

    #[test]
    fn every_slice_is_there_and_sorted() {
        let rows = tally(&["tree", "mlp"], Shape { speakers: 10, rows: 12 }).metrics(RESAMPLING);
        let count = |slice: &str| rows.iter().filter(|row| row.model == "mlp" && row.slice == slice).count();
        let counts = ["class", "corpus", "fold", "gender", "overall", "speaker"].map(count);
        assert_eq!(counts, [3 * 3, 4, 3 * 4, 2 * 4, 4, 10 * 4]);
        let keys: Vec<_> = rows.iter().map(|row| (&row.model, &row.slice, &row.group, &row.metric)).collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn intervals_need_eight_speakers() {
        let rows = tally(&["mlp"], Shape { speakers: 10, rows: 12 }).metrics(RESAMPLING);
        let overall = find(&rows, "overall", "all", "uar");
        assert!(overall.low < overall.value && overall.value < overall.high);
        assert_eq!((overall.n, overall.note.as_deref()), (120, None));
        let gender = find(&rows, "gender", "male", "uar");
        assert_eq!((gender.low, gender.high, gender.n), (None, None, 60));
        assert_eq!(gender.note.as_deref(), Some("no interval: 5 speakers, at least 8 needed"));
        let speaker = find(&rows, "speaker", "c/03", "accuracy");
        assert_eq!(speaker.note.as_deref(), Some("no interval: 1 speaker, at least 8 needed"));
    }

    #[test]
    fn no_bootstrap_and_no_speakers_say_so() {
        let off = Resampling { resamples: 0, seed: 1 };
        let rows = tally(&["mlp"], Shape { speakers: 10, rows: 3 }).metrics(off);
        let note = &find(&rows, "overall", "all", "uar").note;
        assert_eq!(note.as_deref(), Some("no interval: evaluate.bootstrap is 0"));
        let rows = nameless(&[("anger", "anger"), ("fear", "anger")]).metrics(RESAMPLING);
        let note = &find(&rows, "overall", "all", "accuracy").note;
        assert_eq!(note.as_deref(), Some("no interval: 2 of 2 rows have no speaker"));
        assert!(rows.iter().all(|row| row.slice != "speaker" && row.slice != "gender"));
    }

    #[test]
    fn absent_and_unpredicted_classes_are_noted() {
        let rows = nameless(&[("anger", "anger"), ("fear", "anger")]).metrics(RESAMPLING);
        let uar = find(&rows, "overall", "all", "uar");
        assert_eq!(uar.value, Some(0.5));
        assert!(uar.note.as_deref().is_some_and(|note| note.starts_with("1 of 3 classes absent from the truth")));
        let fear = find(&rows, "class", "fear", "precision");
        assert_eq!((fear.value, fear.n), (Some(0.0), 1));
        assert!(fear.note.as_deref().is_some_and(|note| note.starts_with("class never predicted")));
        let neutral = find(&rows, "class", "neutral", "recall");
        assert_eq!((neutral.value, neutral.n), (None, 0));
    }

    fn nameless(pairs: &[(&str, &str)]) -> Tally {
        let mut tally = Tally::new(&classes());
        for (row, (truth, predicted)) in pairs.iter().enumerate() {
            tally.add(&nameless_outcome(&format!("c/{row}"), truth, predicted)).unwrap();
        }
        tally
    }

    fn nameless_outcome<'a>(utterance_id: &'a str, truth: &'a str, predicted: &'a str) -> Outcome<'a> {
        Outcome { utterance_id, model: "mlp", fold: 0, truth, predicted, corpus: "c", speaker: None, gender: None }
    }

    proptest! {
        #[test]
        fn figures_are_shares_whatever_the_order_of_rows_and_classes(
            pairs in prop::collection::vec((0_usize..4, 0_usize..4), 1..60),
            turn in 0_usize..4,
        ) {
            let figures = |confusion: Confusion| {
                let margins = confusion.margins();
                Measure::SUMMARY.map(|measure| measure.of(&margins).unwrap())
            };
            let plain = figures(Confusion::from_pairs(4, pairs.iter().copied()));
            let turned = pairs.iter().rev().map(|(truth, predicted)| ((truth + turn) % 4, (predicted + turn) % 4));
            for (a, b) in plain.into_iter().zip(figures(Confusion::from_pairs(4, turned))) {
                prop_assert!((0.0..=1.0).contains(&a) && (a - b).abs() < 1e-12);
            }
        }
    }
}
