//! Functionals against openSMILE's over 60 recordings of five speakers: rank correlations, listed in
//! docs/FEATURES-CHECKS.md with what is defined differently.

use std::collections::BTreeMap;
use std::fs::read_to_string;

use ser_etl::features::FeatureSet;

use crate::golden::{Golden, Reference, feature_set, rank_correlation};

/// openSMILE's frames of 20 ms, and the cepstra nearest to its own: bands from 20 Hz on its mel scale, no least level.
const SET: &str = r#"
frame.window = "hamming"
frame.window_ms = 20.0
mfcc.preset = "kaldi"
mfcc.coefficients = 5

[[groups]]
descriptors = ["f0_semitones", "loudness"]
functionals = [
    "mean", "std", "p20", "p50", "p80", "range_20_80", "rise_slope_mean", "rise_slope_std", "fall_slope_mean",
    "fall_slope_std", "peak_rate",
]

[[groups]]
descriptors = ["mfcc"]
frames = ["all", "voiced"]
functionals = ["mean", "std"]

[[groups]]
descriptors = ["magnitude_flux"]
frames = ["all", "voiced", "unvoiced"]
functionals = ["mean", "std"]

[[groups]]
descriptors = ["alpha_ratio_db", "hammarberg_db", "slope_0_500_db_khz", "slope_500_1500_db_khz"]
frames = ["voiced", "unvoiced"]
functionals = ["mean", "std"]

[[groups]]
descriptors = [
    "jitter_local", "shimmer_local", "hnr_db", "h1_h2_db", "h1_a3_db", "formant_hz", "formant_bandwidth_hz",
    "formant_level_db",
]
frames = ["voiced"]
functionals = ["mean", "std"]

[[groups]]
descriptors = ["voiced"]
functionals = ["stretch_rate", "stretch_mean_s", "stretch_std_s", "gap_mean_s", "gap_std_s"]

[[groups]]
descriptors = ["rms"]
functionals = ["rms"]
"#;

/// What of ours Praat and openSMILE disagree about, so that no one can match both.
const DISPUTED: [&str; 4] = ["jitter", "shimmer", "hnr", "formant"];

/// No least correlation: the two measure different things under one name.
const APART: f64 = -1.0;

/// openSMILE's column, ours (`-` before it where the sign is the other way round), and the least rank correlation.
const PAIRS: [(&str, &str, f64); 88] = [
    ("F0semitoneFrom27.5Hz_sma3nz_amean", "f0_semitones_mean", 0.95),
    ("F0semitoneFrom27.5Hz_sma3nz_stddevNorm", "f0_semitones_std", 0.55),
    ("F0semitoneFrom27.5Hz_sma3nz_percentile20.0", "f0_semitones_p20", 0.9),
    ("F0semitoneFrom27.5Hz_sma3nz_percentile50.0", "f0_semitones_p50", 0.95),
    ("F0semitoneFrom27.5Hz_sma3nz_percentile80.0", "f0_semitones_p80", 0.95),
    ("F0semitoneFrom27.5Hz_sma3nz_pctlrange0-2", "f0_semitones_range_20_80", 0.75),
    ("F0semitoneFrom27.5Hz_sma3nz_meanRisingSlope", "f0_semitones_rise_slope_mean", APART),
    ("F0semitoneFrom27.5Hz_sma3nz_stddevRisingSlope", "f0_semitones_rise_slope_std", APART),
    ("F0semitoneFrom27.5Hz_sma3nz_meanFallingSlope", "-f0_semitones_fall_slope_mean", 0.35),
    ("F0semitoneFrom27.5Hz_sma3nz_stddevFallingSlope", "f0_semitones_fall_slope_std", 0.2),
    ("loudness_sma3_amean", "loudness_mean", 0.95),
    ("loudness_sma3_stddevNorm", "loudness_std", 0.95),
    ("loudness_sma3_percentile20.0", "loudness_p20", 0.95),
    ("loudness_sma3_percentile50.0", "loudness_p50", 0.95),
    ("loudness_sma3_percentile80.0", "loudness_p80", 0.95),
    ("loudness_sma3_pctlrange0-2", "loudness_range_20_80", 0.95),
    ("loudness_sma3_meanRisingSlope", "loudness_rise_slope_mean", 0.9),
    ("loudness_sma3_stddevRisingSlope", "loudness_rise_slope_std", 0.9),
    ("loudness_sma3_meanFallingSlope", "-loudness_fall_slope_mean", 0.9),
    ("loudness_sma3_stddevFallingSlope", "loudness_fall_slope_std", 0.9),
    ("spectralFlux_sma3_amean", "magnitude_flux_mean", 0.9),
    ("spectralFlux_sma3_stddevNorm", "magnitude_flux_std", 0.9),
    ("spectralFluxV_sma3nz_amean", "magnitude_flux_voiced_mean", 0.9),
    ("spectralFluxV_sma3nz_stddevNorm", "magnitude_flux_voiced_std", 0.8),
    ("spectralFluxUV_sma3nz_amean", "magnitude_flux_unvoiced_mean", 0.8),
    ("mfcc1_sma3_amean", "mfcc01_mean", 0.75),
    ("mfcc1_sma3_stddevNorm", "mfcc01_std", 0.85),
    ("mfcc1V_sma3nz_amean", "mfcc01_voiced_mean", 0.95),
    ("mfcc1V_sma3nz_stddevNorm", "mfcc01_voiced_std", 0.55),
    ("mfcc2_sma3_amean", "mfcc02_mean", 0.95),
    ("mfcc2_sma3_stddevNorm", "mfcc02_std", 0.95),
    ("mfcc2V_sma3nz_amean", "mfcc02_voiced_mean", 0.95),
    ("mfcc2V_sma3nz_stddevNorm", "mfcc02_voiced_std", 0.85),
    ("mfcc3_sma3_amean", "mfcc03_mean", 0.9),
    ("mfcc3_sma3_stddevNorm", "mfcc03_std", 0.9),
    ("mfcc3V_sma3nz_amean", "mfcc03_voiced_mean", 0.95),
    ("mfcc3V_sma3nz_stddevNorm", "mfcc03_voiced_std", 0.85),
    ("mfcc4_sma3_amean", "mfcc04_mean", 0.95),
    ("mfcc4_sma3_stddevNorm", "mfcc04_std", 0.95),
    ("mfcc4V_sma3nz_amean", "mfcc04_voiced_mean", 0.95),
    ("mfcc4V_sma3nz_stddevNorm", "mfcc04_voiced_std", 0.85),
    ("jitterLocal_sma3nz_amean", "jitter_local_voiced_mean", 0.35),
    ("jitterLocal_sma3nz_stddevNorm", "jitter_local_voiced_std", APART),
    ("shimmerLocaldB_sma3nz_amean", "shimmer_local_voiced_mean", 0.65),
    ("shimmerLocaldB_sma3nz_stddevNorm", "shimmer_local_voiced_std", APART),
    ("HNRdBACF_sma3nz_amean", "hnr_db_voiced_mean", 0.8),
    ("HNRdBACF_sma3nz_stddevNorm", "hnr_db_voiced_std", 0.6),
    ("logRelF0-H1-H2_sma3nz_amean", "h1_h2_db_voiced_mean", APART),
    ("logRelF0-H1-H2_sma3nz_stddevNorm", "h1_h2_db_voiced_std", 0.4),
    ("logRelF0-H1-A3_sma3nz_amean", "h1_a3_db_voiced_mean", 0.75),
    ("logRelF0-H1-A3_sma3nz_stddevNorm", "h1_a3_db_voiced_std", 0.35),
    ("F1frequency_sma3nz_amean", "formant1_hz_voiced_mean", 0.75),
    ("F1frequency_sma3nz_stddevNorm", "formant1_hz_voiced_std", APART),
    ("F1bandwidth_sma3nz_amean", "formant1_bandwidth_hz_voiced_mean", APART),
    ("F1bandwidth_sma3nz_stddevNorm", "formant1_bandwidth_hz_voiced_std", APART),
    ("F1amplitudeLogRelF0_sma3nz_amean", "formant1_level_db_voiced_mean", APART),
    ("F1amplitudeLogRelF0_sma3nz_stddevNorm", "formant1_level_db_voiced_std", APART),
    ("F2frequency_sma3nz_amean", "formant2_hz_voiced_mean", 0.5),
    ("F2frequency_sma3nz_stddevNorm", "formant2_hz_voiced_std", 0.35),
    ("F2bandwidth_sma3nz_amean", "formant2_bandwidth_hz_voiced_mean", APART),
    ("F2bandwidth_sma3nz_stddevNorm", "formant2_bandwidth_hz_voiced_std", APART),
    ("F2amplitudeLogRelF0_sma3nz_amean", "formant2_level_db_voiced_mean", 0.45),
    ("F2amplitudeLogRelF0_sma3nz_stddevNorm", "formant2_level_db_voiced_std", APART),
    ("F3frequency_sma3nz_amean", "formant3_hz_voiced_mean", 0.55),
    ("F3frequency_sma3nz_stddevNorm", "formant3_hz_voiced_std", APART),
    ("F3bandwidth_sma3nz_amean", "formant3_bandwidth_hz_voiced_mean", APART),
    ("F3bandwidth_sma3nz_stddevNorm", "formant3_bandwidth_hz_voiced_std", APART),
    ("F3amplitudeLogRelF0_sma3nz_amean", "formant3_level_db_voiced_mean", 0.35),
    ("F3amplitudeLogRelF0_sma3nz_stddevNorm", "formant3_level_db_voiced_std", APART),
    ("alphaRatioV_sma3nz_amean", "-alpha_ratio_db_voiced_mean", 0.95),
    ("alphaRatioV_sma3nz_stddevNorm", "alpha_ratio_db_voiced_std", 0.85),
    ("alphaRatioUV_sma3nz_amean", "-alpha_ratio_db_unvoiced_mean", 0.9),
    ("hammarbergIndexV_sma3nz_amean", "hammarberg_db_voiced_mean", 0.9),
    ("hammarbergIndexV_sma3nz_stddevNorm", "hammarberg_db_voiced_std", 0.65),
    ("hammarbergIndexUV_sma3nz_amean", "hammarberg_db_unvoiced_mean", 0.9),
    ("slopeV0-500_sma3nz_amean", "slope_0_500_db_khz_voiced_mean", 0.85),
    ("slopeV0-500_sma3nz_stddevNorm", "slope_0_500_db_khz_voiced_std", 0.75),
    ("slopeUV0-500_sma3nz_amean", "slope_0_500_db_khz_unvoiced_mean", 0.8),
    ("slopeV500-1500_sma3nz_amean", "slope_500_1500_db_khz_voiced_mean", 0.4),
    ("slopeV500-1500_sma3nz_stddevNorm", "slope_500_1500_db_khz_voiced_std", 0.5),
    ("slopeUV500-1500_sma3nz_amean", "slope_500_1500_db_khz_unvoiced_mean", APART),
    ("loudnessPeaksPerSec", "loudness_peak_rate", 0.25),
    ("VoicedSegmentsPerSec", "voiced_stretch_rate", 0.6),
    ("MeanVoicedSegmentLengthSec", "voiced_stretch_mean_s", 0.6),
    ("StddevVoicedSegmentLengthSec", "voiced_stretch_std_s", 0.35),
    ("MeanUnvoicedSegmentLength", "voiced_gap_mean_s", 0.55),
    ("StddevUnvoicedSegmentLength", "voiced_gap_std_s", 0.75),
    ("equivalentSoundLevel_dBp", "rms_rms", 0.95),
];

pub fn functionals_rank_recordings_as_opensmile_does(golden: &Golden) {
    let (names, reference) = opensmile(golden);
    assert_eq!((names.len(), reference.len()), (PAIRS.len(), 60));
    let set = feature_set(SET);
    let ours: Vec<_> = reference.keys().map(|id| our_columns(&set, &(golden.samples)(id))).collect();
    let theirs = |name: &str| -> Vec<f64> {
        let column = names.iter().position(|one| one == name).unwrap_or_else(|| panic!("no column {name}"));
        reference.values().map(|rows| rows[0][column]).collect()
    };
    let mut undisputed = Vec::new();
    for (their_name, our_name, least) in PAIRS {
        let (name, sign) = our_name.strip_prefix('-').map_or((our_name, 1.0), |name| (name, -1.0));
        let got: Vec<f64> = ours.iter().map(|columns| sign * f64::from(columns[name])).collect();
        let correlation = rank_correlation(&got, &deviation_or_value(their_name, theirs));
        println!("| `{our_name}` | {their_name} | {correlation:.2} |");
        assert!(correlation >= least, "{our_name}: rank correlation {correlation}, wanted {least}");
        if !DISPUTED.iter().any(|word| name.contains(word)) {
            undisputed.push(correlation);
        }
    }
    undisputed.sort_unstable_by(f64::total_cmp);
    let middle = undisputed.len() / 2;
    let median = (undisputed[middle - 1] + undisputed[middle]) / 2.0;
    println!("median of {} undisputed: {median:.3}", undisputed.len());
    assert!(median >= 0.9, "median {median}");
}

/// openSMILE divides standard deviations by the mean, which says little where the mean is near 0 (cepstra, levels in
/// dB): multiplied by it again they are what `std` gives.
fn deviation_or_value(name: &str, theirs: impl Fn(&str) -> Vec<f64>) -> Vec<f64> {
    match name.strip_suffix("_stddevNorm") {
        Some(descriptor) => {
            let means = theirs(&format!("{descriptor}_amean"));
            theirs(name).into_iter().zip(means).map(|(ratio, mean)| (ratio * mean).abs()).collect()
        }
        None => theirs(name),
    }
}

/// Our columns by name.
fn our_columns(set: &FeatureSet, samples: &[f32]) -> BTreeMap<String, f32> {
    let mut values = Vec::new();
    set.extractor().extract(samples, &mut values);
    set.names().iter().cloned().zip(values).collect()
}

/// Names and values of openSMILE's columns.
fn opensmile(golden: &Golden) -> (Vec<String>, Reference) {
    let names = read_to_string(golden.folder.join("egemaps_opensmile.names.txt")).expect("the names are text");
    let names: Vec<String> = names.lines().map(str::to_owned).collect();
    let columns: Vec<String> = (0..names.len()).map(|column| format!("c{column}")).collect();
    let reference = golden.table("egemaps_opensmile", &columns);
    (names, reference)
}
