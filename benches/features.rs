//! Cost of feature extraction from decoded samples: `cargo bench --bench features`. Items are samples at 16 kHz.

use divan::counter::ItemsCount;
use ser_etl::config::Features;
use ser_etl::features::FeatureSet;

const RATE_HZ: u32 = 16000;

fn main() {
    divan::main();
}

#[divan::bench(args = ["mfcc-energy", "standard"])]
fn extract(bencher: divan::Bencher, set: &str) {
    run(bencher, &Features { set: set.to_owned(), ..Features::default() });
}

#[divan::bench(args = ["librosa", "kaldi", "psf", "htk"])]
fn mfcc(bencher: divan::Bencher, preset: &str) {
    let group = "[[sets.a.groups]]\ndescriptors = [\"mfcc\"]\nfunctionals = [\"mean\"]";
    let set = format!("set = \"a\"\n[sets.a.mfcc]\npreset = \"{preset}\"\n{group}");
    run(bencher, &toml::from_str(&set).expect("legal TOML"));
}

fn run(bencher: divan::Bencher, features: &Features) {
    let params = features.check(RATE_HZ).expect("ready sets are legal");
    let mut extractor = FeatureSet::new(&params, RATE_HZ).extractor();
    let samples = speech_like(4 * RATE_HZ as usize);
    let mut values = Vec::new();
    bencher.counter(ItemsCount::new(samples.len())).bench_local(|| {
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
