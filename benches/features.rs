//! Cost of feature extraction from decoded samples: `cargo bench --profile release --bench features`. Items are frames
//! of 10 ms.

use divan::counter::ItemsCount;
use ser_etl::features::{FeatureSet, FeaturesSection};

const RATE_HZ: u32 = 16000;

/// Frames of the four seconds that are described.
const FRAMES: usize = 401;

fn main() {
    divan::main();
}

#[divan::bench(args = ["mfcc-energy", "standard"])]
fn extract(bencher: divan::Bencher, set: &str) {
    run(bencher, &FeaturesSection::of_set(set));
}

/// Descriptors that share work, in the words of a set.
const GROUPS: [(&str, &str); 9] = [
    ("cepstra", "'mfcc'"),
    ("mel bands", "'log_mel'"),
    ("energy", "'rms', 'log_energy_db', 'zcr'"),
    ("hearing", "'loudness', 'sharpness_acum'"),
    (
        "shape",
        "'spectral_centroid_hz', 'spectral_bandwidth_hz', 'spectral_skewness', 'spectral_kurtosis', \
         'spectral_rolloff25_hz', 'spectral_rolloff50_hz', 'spectral_rolloff75_hz', 'spectral_rolloff95_hz', \
         'spectral_flatness', 'spectral_entropy', 'spectral_flux', 'magnitude_flux', 'spectral_contrast_db', 'spectral_harmonicity'",
    ),
    (
        "balance",
        "'spectral_slope_db_khz', 'slope_0_500_db_khz', 'slope_500_1500_db_khz', 'alpha_ratio_db', 'hammarberg_db', \
         'level_250_650_db', 'level_1000_4000_db'",
    ),
    ("pitch", "'f0_hz', 'f0_semitones', 'voiced', 'voicing_strength', 'hnr_db'"),
    ("pitch and periods", "'jitter_local', 'shimmer_local'"),
    ("pitch and tract", "'formant_hz', 'formant_bandwidth_hz', 'formant_level_db', 'h1_h2_db', 'h1_a3_db', 'cpp_db'"),
];

#[divan::bench(args = GROUPS.map(|(name, _)| name))]
fn contours(bencher: divan::Bencher, group: &str) {
    let (_, descriptors) = GROUPS.iter().find(|(name, _)| *name == group).expect("a group of the list");
    let set = format!("set = \"a\"\n[[sets.a.groups]]\ndescriptors = [{descriptors}]\nfunctionals = [\"mean\"]");
    let features: FeaturesSection = toml::from_str(&set).expect("legal TOML");
    let params = features.check(RATE_HZ).expect("a legal set");
    let mut extractor = FeatureSet::new(&params, RATE_HZ).extractor();
    let samples = speech_like(4 * RATE_HZ as usize);
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        divan::black_box(extractor.contours(divan::black_box(&samples)).frames());
    });
}

#[divan::bench(args = ["librosa", "kaldi", "psf", "htk"])]
fn mfcc(bencher: divan::Bencher, preset: &str) {
    let group = "[[sets.a.groups]]\ndescriptors = [\"mfcc\"]\nfunctionals = [\"mean\"]";
    let set = format!("set = \"a\"\n[sets.a.mfcc]\npreset = \"{preset}\"\n{group}");
    run(bencher, &toml::from_str(&set).expect("legal TOML"));
}

fn run(bencher: divan::Bencher, features: &FeaturesSection) {
    let params = features.check(RATE_HZ).expect("ready sets are legal");
    let mut extractor = FeatureSet::new(&params, RATE_HZ).extractor();
    let samples = speech_like(4 * RATE_HZ as usize);
    let mut values = Vec::new();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        values.clear();
        extractor.extract(divan::black_box(&samples), &mut values);
        divan::black_box(values.len())
    });
}

/// Bursts of a gliding harmonic tone over a noise floor, so that pitch has voiced and unvoiced frames to decide on.
fn speech_like(samples: usize) -> Vec<f32> {
    let (mut phase, mut state) = (0.0_f64, 1_u32);
    let mut sample = |index: usize| {
        let time_s = index as f64 / f64::from(RATE_HZ);
        phase += (150.0 + 60.0 * (2.0 * time_s).sin()) / f64::from(RATE_HZ);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(state) / f64::from(u32::MAX) - 0.5;
        let tone: f64 = (1..=20).map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k)).sum();
        let burst = (8.0 * time_s).sin().max(0.0);
        (0.2 * burst * tone + 0.01 * noise) as f32
    };
    (0..samples).map(&mut sample).collect()
}
