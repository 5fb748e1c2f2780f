//! Descriptors frame by frame, against librosa, Kaldi and python_speech_features.

use ser_etl::dsp::delta;

use super::{Golden, feature_set};

/// Difference that every frame of librosa and python_speech_features must stay below, absolute or relative.
pub const TOLERANCE: f64 = 1e-3;

/// The same of Kaldi, relative where values are large: it computes with 32 bits itself.
const KALDI_TOLERANCE: f64 = 2e-3;

pub fn mfcc_and_deltas_match_librosa(golden: &Golden) {
    let cases = [
        ("mfcc_librosa_13", 13, 0),
        ("mfcc_librosa_40", 40, 0),
        ("mfcc_librosa_13_delta", 13, 1),
        ("mfcc_librosa_13_delta2", 13, 2),
    ];
    for (table, coefficients, order) in cases {
        let set = set(&format!("mfcc.coefficients = {coefficients}"), &["mfcc"]);
        let derive = |contour: Vec<f32>| derivative(&contour, order);
        compare(golden, table, &set, &numbered("mfcc", coefficients), derive, absolute);
    }
}

/// The contour itself (order 0) or its delta.
fn derivative(contour: &[f32], order: usize) -> Vec<f32> {
    let mut out = contour.to_vec();
    if order > 0 {
        delta(contour, order, &mut out);
    }
    out
}

pub fn log_mel_bands_match_librosa(golden: &Golden) {
    let set = set("log_mel.bands = 40\nlog_mel.top_db = 0.0", &["log_mel"]);
    compare(golden, "logmel_librosa_40", &set, &numbered("log_mel", 40), |contour| contour, absolute);
}

pub fn mel_energies_are_the_powers_that_librosa_takes_the_logarithm_of(golden: &Golden) {
    let set = set("log_mel.bands = 40", &["mel_energy"]);
    let level = |contour: Vec<f32>| contour.into_iter().map(|energy| 10.0 * energy.max(1e-10).log10()).collect();
    compare(golden, "logmel_librosa_40", &set, &numbered("mel_energy", 40), level, absolute);
}

pub fn mfcc_and_bands_match_kaldi(golden: &Golden) {
    let close = |got: f64, want: f64| (got - want).abs() < KALDI_TOLERANCE * want.abs().max(1.0);
    let cases = [
        ("mfcc_kaldi_13", "mfcc", "mfcc.preset = \"kaldi\"", 13),
        ("fbank_kaldi_40", "log_mel", "log_mel.preset = \"kaldi\"\nlog_mel.bands = 40", 40),
    ];
    for (table, descriptor, options, channels) in cases {
        let set = set(options, &[descriptor]);
        compare(golden, table, &set, &numbered(descriptor, channels), |contour| contour, close);
    }
}

pub fn mfcc_match_python_speech_features(golden: &Golden) {
    let set = set("mfcc.preset = \"psf\"", &["mfcc"]);
    compare(golden, "mfcc_psf_13", &set, &numbered("mfcc", 13), |contour| contour, absolute);
}

pub fn energy_and_spectral_shape_match_librosa(golden: &Golden) {
    let pairs = [
        ("rms", "rms"),
        ("zcr", "zcr"),
        ("spectral_centroid_hz", "centroid_hz"),
        ("spectral_bandwidth_hz", "bandwidth_hz"),
        ("spectral_rolloff_hz", "rolloff_hz"),
        ("spectral_flatness", "flatness"),
    ];
    let set = set("", &pairs.map(|(ours, _)| ours));
    let pairs = pairs.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()));
    compare(golden, "spectral_librosa", &set, &pairs, |contour| contour, relative);
}

fn absolute(got: f64, want: f64) -> bool {
    (got - want).abs() < TOLERANCE
}

/// Within 1e-6 where the reference is 0.
pub fn relative(got: f64, want: f64) -> bool {
    (got - want).abs() < TOLERANCE * want.abs().max(TOLERANCE)
}

/// The TOML of a set that has these options and descriptors.
pub fn set(options: &str, descriptors: &[&str]) -> String {
    format!("{options}\ngroups = [{{ descriptors = {descriptors:?}, functionals = [\"mean\"] }}]")
}

/// Rows of a descriptor of several values, each with its column in a table.
pub fn numbered(descriptor: &str, count: usize) -> Vec<(String, String)> {
    (0..count).map(|k| (format!("{descriptor}{k:02}"), format!("c{k}"))).collect()
}

/// Compares every frame: of each pair, what `derive` makes of our row with the column of the table.
pub fn compare(
    golden: &Golden,
    table: &str,
    set: &str,
    pairs: &[(String, String)],
    derive: impl Fn(Vec<f32>) -> Vec<f32>,
    close: impl Fn(f64, f64) -> bool,
) {
    let set = feature_set(set);
    let columns: Vec<String> = pairs.iter().map(|(_, theirs)| theirs.clone()).collect();
    for (id, want) in &golden.table(table, &columns) {
        let mut got = golden.contours(&set, id);
        for (column, (row, _)) in pairs.iter().enumerate() {
            let got = derive(got.remove(row).expect("a row of the set"));
            assert_eq!(got.len(), want.len(), "frames of {id}");
            for (frame, (got, want)) in got.iter().zip(want).enumerate() {
                let want = want[column];
                assert!(close(f64::from(*got), want), "{table} {id} {row} frame {frame}: {got} for {want}");
            }
        }
    }
}
