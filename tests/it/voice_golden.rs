//! Voice descriptors against Praat's over 60 recordings of five speakers.

use crate::features_golden::{Contours, Reference, load};
use crate::util::{corpora, golden};

const SET: &str = "groups = [{ descriptors = [\"hnr_db\", \"jitter_local\", \"shimmer_local\", \"formant_hz\"], \
                   functionals = [\"mean\"] }]";

/// Praat's column, ours, and the least rank correlation over the recordings.
const PAIRS: [(&str, &str, f64); 6] = [
    ("hnr_db", "hnr_db", 0.9),
    ("f1_hz", "formant1_hz", 0.9),
    ("f2_hz", "formant2_hz", 0.9),
    ("f3_hz", "formant3_hz", 0.9),
    ("jitter_local", "jitter_local", 0.85),
    ("shimmer_local", "shimmer_local", 0.85),
];

#[test]
fn voice_quality_ranks_recordings_as_praat_does() {
    let (Some(golden), Some(corpora)) = (golden(), corpora()) else { return };
    let columns: Vec<String> = PAIRS.iter().map(|(praat, ..)| (*praat).to_owned()).collect();
    let reference: Reference = load(&golden.join("voice_praat.parquet"), &columns);
    assert_eq!(reference.len(), 60);
    let mut contours = Contours::new(SET, &corpora);
    let ours: Vec<_> = reference.keys().map(|id| contours.of(id)).collect();
    for (column, (_, name, least)) in PAIRS.iter().enumerate() {
        let want: Vec<f64> = reference.values().map(|rows| rows[0][column]).collect();
        let got: Vec<f64> = ours.iter().map(|rows| mean(&rows[*name])).collect();
        let correlation = rank_correlation(&got, &want);
        println!("{name}: rank correlation {correlation:.3}");
        assert!(correlation >= *least, "{name}: rank correlation {correlation}, wanted {least}");
    }
}

fn mean(contour: &[f32]) -> f64 {
    let present: Vec<f64> = contour.iter().filter(|value| !value.is_nan()).map(|value| f64::from(*value)).collect();
    present.iter().sum::<f64>() / present.len() as f64
}

/// Spearman's rank correlation; no ties.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| values.iter().filter(|other| *other < value).count() as f64).collect()
    };
    let n = a.len() as f64;
    let squares: f64 = ranks(a).iter().zip(ranks(b)).map(|(a, b)| (a - b).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}
