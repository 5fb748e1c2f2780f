//! Pitch and voice quality, against Praat.

use super::{Golden, feature_set, rank_correlation};

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

pub fn pitch_agrees_with_praat(golden: &Golden) {
    let set = feature_set("groups = [{ descriptors = [\"f0_hz\"], functionals = [\"mean\"] }]");
    let reference = golden.table("f0_praat", &["time_s".to_owned(), "f0_hz".to_owned()]);
    let (mut frames, mut agreeing, mut ratios) = (0, 0, Vec::new());
    for (id, want) in &reference {
        let f0_hz = &golden.contours(&set, id)["f0_hz"];
        for row in want {
            let nearest = ((row[0] / 0.01).round() as usize).min(f0_hz.len() - 1);
            let (got, want) = (f64::from(f0_hz[nearest]), row[1]);
            frames += 1;
            agreeing += usize::from(got.is_nan() == (want == 0.0));
            if !got.is_nan() && want > 0.0 {
                ratios.push((got / want - 1.0).abs());
            }
        }
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let agreement = agreeing as f64 / frames as f64;
    let gross = ratios.iter().filter(|ratio| **ratio > 0.2).count() as f64 / ratios.len() as f64;
    let median = ratios[ratios.len() / 2];
    println!("f0_hz: voicing agrees on {agreement:.4}, {gross:.4} differ by more than a fifth, median {median:.5}");
    assert!(agreement >= 0.95, "voicing agrees on {agreement} of the frames");
    assert!(gross <= 0.03 && median < 0.01, "{gross} differ by more than a fifth, median {median}");
}

pub fn voice_quality_ranks_recordings_as_praat_does(golden: &Golden) {
    let columns: Vec<String> = PAIRS.iter().map(|(praat, ..)| (*praat).to_owned()).collect();
    let reference = golden.table("voice_praat", &columns);
    assert_eq!(reference.len(), 60);
    let set = feature_set(SET);
    let ours: Vec<_> = reference.keys().map(|id| golden.contours(&set, id)).collect();
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
