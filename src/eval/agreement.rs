//! How far predicted numbers agree with true ones: figures of sums, which add up over speakers and folds.

use std::collections::BTreeMap;

use super::Resampling;
use super::bootstrap::{Interval, for_each_resample, obstacle, percentile_interval};
use super::metrics::sort_metrics;
use crate::schema::{Metric, Track};

/// Sums of pairs of numbers: enough for every figure of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Pairs.
    pub n: u64,
    truth: f64,
    predicted: f64,
    truths: f64,
    predicteds: f64,
    products: f64,
}

/// A figure of agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Lin's concordance correlation coefficient (Lin 1989): 2 s_xy / (s_x^2 + s_y^2 + (m_x - m_y)^2), from -1 to 1.
    Ccc,
    /// Pearson's correlation, from -1 to 1.
    Pearson,
    /// Root of the mean squared error, in units of the target.
    Rmse,
}

impl Agreement {
    /// All, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Ccc, Self::Pearson, Self::Rmse];

    /// The word in the `metric` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ccc => "ccc",
            Self::Pearson => "pearson",
            Self::Rmse => "rmse",
        }
    }

    /// The figure; none where it is not defined: without pairs, or where all numbers are equal.
    pub fn of(self, moments: &Moments) -> Option<f64> {
        let n = moments.n as f64;
        if moments.n == 0 {
            return None;
        }
        let (x, y) = (moments.predicted / n, moments.truth / n);
        let (xx, yy) = ((moments.predicteds / n - x * x).max(0.0), (moments.truths / n - y * y).max(0.0));
        let xy = moments.products / n - x * y;
        // What rounding leaves of equal numbers is no spread.
        let is_flat = |spread: f64, mean: f64| spread <= 1e-12 * (1.0 + mean * mean);
        match self {
            Self::Ccc => {
                let spread = xx + yy + (x - y).powi(2);
                (!is_flat(spread, y)).then(|| if is_flat(xx, x) || is_flat(yy, y) { 0.0 } else { 2.0 * xy / spread })
            }
            Self::Pearson => (!is_flat(xx, x) && !is_flat(yy, y)).then(|| xy / (xx * yy).sqrt()),
            Self::Rmse => Some(((moments.truths + moments.predicteds - 2.0 * moments.products).max(0.0) / n).sqrt()),
        }
    }
}

impl Moments {
    /// Adds a pair. Both numbers should be small: take the target's mean off both first.
    pub fn add(&mut self, truth: f64, predicted: f64) {
        self.n += 1;
        self.truth += truth;
        self.predicted += predicted;
        self.truths += truth * truth;
        self.predicteds += predicted * predicted;
        self.products += truth * predicted;
    }

    /// Adds `weight` times others.
    pub fn merge(&mut self, other: &Self, weight: u64) {
        let times = weight as f64;
        self.n += weight * other.n;
        self.truth += times * other.truth;
        self.predicted += times * other.predicted;
        self.truths += times * other.truths;
        self.predicteds += times * other.predicteds;
        self.products += times * other.products;
    }

    /// The CCC of some pairs; none where it is not defined.
    pub fn ccc(pairs: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
        let mut moments = Self::default();
        pairs.for_each(|(truth, predicted)| moments.add(truth, predicted));
        Agreement::Ccc.of(&moments)
    }
}

/// A test row of a regressor.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The model.
    pub model: &'a str,
    /// Fold, from 0.
    pub fold: i64,
    /// The true number and the predicted one.
    pub numbers: (f64, f64),
    /// Corpus of the utterance.
    pub corpus: &'a str,
    /// Speaker, where known.
    pub speaker: Option<&'a str>,
    /// Gender of the speaker, where known.
    pub gender: Option<&'a str>,
    /// Its group in each further slice, where known.
    pub groups: &'a [Option<&'a str>],
}

/// Test rows of regressors, by model, slice, group and speaker.
#[derive(Debug, Clone, Default)]
pub struct Agreements {
    slices: Vec<String>,
    /// By model, slice and group: sums of each speaker; those of no known speaker under none.
    sums: BTreeMap<(String, String, String), BTreeMap<Option<String>, Moments>>,
}

impl Agreements {
    /// None yet, with slices beside the usual ones.
    pub fn new(slices: &[String]) -> Self {
        Self { slices: slices.to_vec(), sums: BTreeMap::new() }
    }

    /// Counts a row.
    pub fn add(&mut self, pair: &Pair<'_>) {
        let fold = pair.fold.to_string();
        let usual = [
            ("overall", Some("all")),
            ("corpus", Some(pair.corpus)),
            ("fold", Some(fold.as_str())),
            ("gender", pair.gender),
            ("speaker", pair.speaker),
        ];
        let others = self.slices.iter().map(String::as_str).zip(pair.groups.iter().copied());
        let places =
            usual.into_iter().chain(others).filter_map(|(slice, group)| Some((slice.to_owned(), group?.to_owned())));
        for (slice, group) in places.collect::<Vec<_>>() {
            let of_place = self.sums.entry((pair.model.to_owned(), slice, group)).or_default();
            let moments = of_place.entry(pair.speaker.map(str::to_owned)).or_default();
            moments.add(pair.numbers.0, pair.numbers.1);
        }
    }

    /// Every figure of every model and slice, pooled over folds, with 95 % intervals from speakers drawn with replacement;
    /// sorted by model, slice, group and metric. An interval is null, with the reason in the note, where a row's speaker is
    /// unknown or where there are fewer than 8 speakers.
    pub fn metrics(&self, track: Track, resampling: Resampling) -> Vec<Metric> {
        let mut rows = Vec::new();
        for ((model, slice, group), speakers) in &self.sums {
            let (total, obstacle) = (total(speakers), why_not(speakers, resampling));
            let clusters: Vec<Moments> = speakers.values().copied().collect();
            let found = match obstacle {
                Some(_) => vec![None; Agreement::ALL.len()],
                None => intervals(&clusters, resampling),
            };
            rows.extend(Agreement::ALL.iter().zip(found).map(|(figure, interval)| Metric {
                model: model.clone(),
                slice: slice.clone(),
                group: group.clone(),
                metric: figure.as_str().to_owned(),
                value: figure.of(&total),
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                n: total.n as i64,
                track: track.to_string(),
                note: obstacle.as_ref().map(|why| format!("no interval: {why}")),
            }));
        }
        sort_metrics(&mut rows);
        rows
    }

    /// The interval of the difference of two models' CCC over all rows, model `a` less model `b`, on the same resamples;
    /// none where there can be none.
    pub fn difference(&self, a: &str, b: &str, resampling: Resampling) -> Option<Difference> {
        let overall = |model: &str| self.sums.get(&(model.to_owned(), "overall".to_owned(), "all".to_owned()));
        let (of_a, of_b) = (overall(a)?, overall(b)?);
        let speakers = of_a.keys().flatten().count();
        let delta = Agreement::Ccc.of(&total(of_a))? - Agreement::Ccc.of(&total(of_b))?;
        if !of_a.keys().eq(of_b.keys()) || why_not(of_a, resampling).is_some() {
            return Some(Difference { delta, interval: None, speakers });
        }
        let clusters: Vec<(Moments, Moments)> = of_a.values().copied().zip(of_b.values().copied()).collect();
        let mut deltas = Vec::with_capacity(resampling.resamples);
        for_each_resample(clusters.len(), resampling, |weights| {
            let (mut a, mut b) = (Moments::default(), Moments::default());
            for ((of_a, of_b), weight) in clusters.iter().zip(weights) {
                a.merge(of_a, *weight);
                b.merge(of_b, *weight);
            }
            deltas.extend(Agreement::Ccc.of(&a).zip(Agreement::Ccc.of(&b)).map(|(a, b)| a - b));
        });
        let interval = percentile_interval(deltas).map(|interval| (interval.low, interval.high));
        Some(Difference { delta, interval, speakers })
    }
}

/// How far two models differ in CCC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Of the first less that of the second.
    pub delta: f64,
    /// Ends of the 95 % interval; none where there can be none.
    pub interval: Option<(f64, f64)>,
    /// Speakers of the test rows.
    pub speakers: usize,
}

/// Sums over all speakers.
fn total(speakers: &BTreeMap<Option<String>, Moments>) -> Moments {
    let mut total = Moments::default();
    speakers.values().for_each(|moments| total.merge(moments, 1));
    total
}

/// Why speakers cannot be resampled.
fn why_not(speakers: &BTreeMap<Option<String>, Moments>, resampling: Resampling) -> Option<String> {
    let unnamed = speakers.get(&None).map_or(0, |moments| moments.n);
    obstacle(resampling, unnamed, total(speakers).n, speakers.keys().flatten().count())
}

fn intervals(clusters: &[Moments], resampling: Resampling) -> Vec<Option<Interval>> {
    let mut values = vec![Vec::with_capacity(resampling.resamples); Agreement::ALL.len()];
    for_each_resample(clusters.len(), resampling, |weights| {
        let mut pooled = Moments::default();
        clusters.iter().zip(weights).for_each(|(cluster, weight)| pooled.merge(cluster, *weight));
        for (values, figure) in values.iter_mut().zip(Agreement::ALL) {
            values.extend(figure.of(&pooled));
        }
    });
    values.into_iter().map(percentile_interval).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(pairs: &[(f64, f64)]) -> Moments {
        let mut moments = Moments::default();
        pairs.iter().for_each(|(truth, predicted)| moments.add(*truth, *predicted));
        moments
    }

    const PAIRS: [(f64, f64); 6] = [(0.5, 0.3), (-0.9, -1.2), (1.4, 0.8), (1.1, 2.0), (0.2, -0.4), (-0.3, 0.1)];

    #[test]
    fn figures_are_the_formulas() {
        let moments = moments(&PAIRS);
        let figure = |figure: Agreement| figure.of(&moments).expect("defined");
        // By hand, with two passes over the numbers: moments divide by n.
        assert!((figure(Agreement::Ccc) - 0.811_072_664_359_861_6).abs() < 1e-12, "{}", figure(Agreement::Ccc));
        assert!((figure(Agreement::Rmse) - (1.82_f64 / 6.0).sqrt()).abs() < 1e-12);
        let n = 6.0;
        let mean = |of: fn(&(f64, f64)) -> f64| PAIRS.iter().map(of).sum::<f64>() / n;
        let (my, mx) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let sum = |of: &dyn Fn(&(f64, f64)) -> f64| PAIRS.iter().map(of).sum::<f64>();
        let (xy, xx, yy) =
            (sum(&|(y, x)| (y - my) * (x - mx)), sum(&|(_, x)| (x - mx).powi(2)), sum(&|(y, _)| (y - my).powi(2)));
        assert!((figure(Agreement::Pearson) - xy / (xx * yy).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn equal_numbers_have_no_correlation() {
        let flat = moments(&[(1.0, 2.0), (2.0, 2.0), (4.0, 2.0)]);
        assert_eq!((Agreement::Ccc.of(&flat), Agreement::Pearson.of(&flat)), (Some(0.0), None));
        assert_eq!(Agreement::Ccc.of(&moments(&[(2.0, 2.0), (2.0, 2.0)])), None);
        assert_eq!(Agreement::Rmse.of(&Moments::default()), None);
        let same = moments(&PAIRS.map(|(truth, _)| (truth, truth)));
        assert!((Agreement::Ccc.of(&same).expect("defined") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn intervals_hold_the_figure_and_need_speakers() {
        let resampling = Resampling { resamples: 300, seed: 1 };
        let filled = |speakers: usize| {
            let mut agreements = Agreements::new(&[]);
            for row in 0..speakers * 10 {
                let (speaker, truth) = (format!("s{}", row % speakers), (row as f64 * 0.37).sin());
                let numbers = (truth, truth + 0.3 * (row as f64 * 1.7).cos());
                for (model, numbers) in [("a", numbers), ("b", (truth, -truth))] {
                    let pair = Pair {
                        model,
                        fold: 0,
                        numbers,
                        corpus: "c",
                        speaker: Some(&speaker),
                        gender: None,
                        groups: &[],
                    };
                    agreements.add(&pair);
                }
            }
            agreements
        };
        let many = filled(12);
        let rows = many.metrics(Track::Inductive, resampling);
        let ccc = rows
            .iter()
            .find(|row| (row.model.as_str(), row.slice.as_str(), row.metric.as_str()) == ("a", "overall", "ccc"));
        let ccc = ccc.expect("a row");
        assert!(ccc.low.zip(ccc.value).is_some_and(|(low, value)| low <= value) && ccc.high >= ccc.value);
        assert!(rows.iter().filter(|row| row.slice == "speaker").all(|row| row.low.is_none() && row.note.is_some()));
        let Difference { delta, interval, speakers } = many.difference("a", "b", resampling).expect("both are there");
        assert!(speakers == 12 && delta > 1.0 && interval.is_some_and(|(low, high)| low <= delta && delta <= high));
        let few = filled(3);
        assert!(few.metrics(Track::Inductive, resampling).iter().all(|row| row.low.is_none()));
        assert_eq!(few.difference("a", "b", resampling).map(|found| found.interval), Some(None));
    }
}
