use std::collections::BTreeMap;

use super::bootstrap::Interval;
use super::outcomes::{Cell, Cells, Model};
use super::pool::Pool;
use super::{ClassCounts, Measure, Outcomes, Resampling, Sums};
use crate::schema::{Metric, Track};

/// Slices whose groups are sets of cells; the slice `class` is made from `Overall`.
#[derive(Debug, Clone, Copy)]
enum Slice<'a> {
    Overall,
    Speaker,
    Gender,
    Corpus,
    Fold,
    /// A column of the manifest: its number among such slices, and its name.
    Column(usize, &'a str),
}

impl Outcomes {
    /// Every figure of every model: overall and by class, speaker, gender, corpus, fold and further slices, pooled over folds, with
    /// 95 % intervals from speakers drawn with replacement; for models fitted with several seeds also by seed, without
    /// intervals; sorted by model, slice, group and metric. All figures but those by seed are those of seed 0.
    ///
    /// An interval is null, with the reason in the note, where a row's speaker is unknown or where there are fewer
    /// than [`MIN_CLUSTERS`](super::MIN_CLUSTERS) speakers (in the slice `class`: speakers of that class). Resampling
    /// can only add to an expected calibration error, so that its interval leans upwards.
    pub fn metrics(&self, resampling: Resampling) -> Vec<Metric> {
        let mut rows = Vec::new();
        for (name, model) in self.all_models() {
            let (track, classes, slices) = (self.track(), self.classes(), self.slices());
            let writer = Writer { model: name, track, classes, slices, resampling };
            rows.extend(writer.rows(model));
        }
        sort_metrics(&mut rows);
        rows
    }
}

/// What the rows of a model share.
struct Writer<'a> {
    model: &'a str,
    track: Track,
    classes: &'a [String],
    slices: &'a [String],
    resampling: Resampling,
}

/// Where a figure stands.
#[derive(Clone, Copy)]
struct SliceGroup<'a> {
    slice: &'a str,
    group: &'a str,
    /// Rows of the group.
    n: u64,
}

impl Writer<'_> {
    fn rows(&self, model: &Model) -> Vec<Metric> {
        let all = Pool::of(&model.cells, self.classes.len());
        let mut rows = self.class_rows(&all);
        let columns = self.slices.iter().enumerate().map(|(number, name)| Slice::Column(number, name));
        let usual = [Slice::Overall, Slice::Speaker, Slice::Gender, Slice::Corpus, Slice::Fold];
        for slice in usual.into_iter().chain(columns) {
            for (group, pool) in pools(&model.cells, self.classes.len(), slice) {
                rows.extend(self.slice_rows(slice, &group, &pool));
            }
        }
        if !model.repeats.is_empty() {
            rows.extend(self.seed_rows(0, &all.total));
            rows.extend(model.repeats.iter().flat_map(|(seed, count)| self.seed_rows(*seed, &count.sums())));
        }
        rows
    }

    fn slice_rows(&self, slice: Slice, group: &str, pool: &Pool) -> Vec<Metric> {
        let found = pool.intervals(&Measure::OF_SLICE, self.resampling);
        let reason = no_interval(pool.obstacle(pool.speakers.len(), self.resampling));
        let place = SliceGroup { slice: slice.as_str(), group, n: pool.total.counts.total() };
        let make = |(measure, interval): (&Measure, Option<Interval>)| {
            let note = join_notes([left_out(*measure, &pool.total.counts), reason.clone()]);
            self.row(place, *measure, &pool.total, interval, note)
        };
        Measure::OF_SLICE.iter().zip(found).map(make).collect()
    }

    fn class_rows(&self, pool: &Pool) -> Vec<Metric> {
        let measures: Vec<Measure> = (0..self.classes.len()).flat_map(Measure::of_class).collect();
        // One pass over the resamples serves all classes.
        let mut found = pool.intervals(&measures, self.resampling).into_iter();
        let mut rows = Vec::with_capacity(measures.len());
        for (class, name) in self.classes.iter().enumerate() {
            let speakers = pool.speakers.values().filter(|speaker| speaker.counts.support(class) > 0).count();
            let obstacle = pool.obstacle(speakers, self.resampling);
            let place = SliceGroup { slice: "class", group: name, n: pool.total.counts.support(class) };
            for (measure, interval) in Measure::of_class(class).into_iter().zip(found.by_ref()) {
                let interval = interval.filter(|_| obstacle.is_none());
                let note = join_notes([about_class(&pool.total.counts, class), no_interval(obstacle.clone())]);
                rows.push(self.row(place, measure, &pool.total, interval, note));
            }
        }
        rows
    }

    fn seed_rows(&self, seed: i64, sums: &Sums) -> Vec<Metric> {
        let group = seed.to_string();
        let place = SliceGroup { slice: "seed", group: &group, n: sums.counts.total() };
        let reason = no_interval(Some("the seeds show how far fits differ".to_owned()));
        let make = |measure: &Measure| {
            self.row(place, *measure, sums, None, join_notes([left_out(*measure, &sums.counts), reason.clone()]))
        };
        Measure::OF_SLICE.iter().map(make).collect()
    }

    fn row(
        &self,
        place: SliceGroup<'_>,
        measure: Measure,
        sums: &Sums,
        interval: Option<Interval>,
        note: Option<String>,
    ) -> Metric {
        Metric {
            model: self.model.to_owned(),
            slice: place.slice.to_owned(),
            group: place.group.to_owned(),
            metric: measure.as_str().to_owned(),
            value: measure.of(sums),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            n: place.n as i64,
            track: self.track.to_string(),
            note,
        }
    }
}

fn left_out(measure: Measure, counts: &ClassCounts) -> Option<String> {
    let absent = Some(counts.absent()).filter(|&absent| absent > 0 && measure.leaves_out_absent());
    absent.map(|absent| format!("{absent} of {} classes absent from the truth and left out", counts.classes()))
}

fn no_interval(obstacle: Option<String>) -> Option<String> {
    obstacle.map(|reason| format!("no interval: {reason}"))
}

fn about_class(total: &ClassCounts, class: usize) -> Option<String> {
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

impl<'a> Slice<'a> {
    fn as_str(self) -> &'a str {
        match self {
            Self::Overall => "overall",
            Self::Speaker => "speaker",
            Self::Gender => "gender",
            Self::Corpus => "corpus",
            Self::Fold => "fold",
            Self::Column(_, name) => name,
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
            Self::Column(number, _) => cell.groups.get(number).cloned().flatten(),
        }
    }
}

/// Puts rows into the order of the metrics table.
pub fn sort_metrics(rows: &mut [Metric]) {
    rows.sort_by(|a, b| (&a.model, &a.slice, &a.group, &a.metric).cmp(&(&b.model, &b.slice, &b.group, &b.metric)));
}

#[cfg(test)]
mod tests;
