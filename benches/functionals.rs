//! Cost of functionals over one contour: `cargo bench --bench functionals`. Items are contours of 3.7 s.

use divan::counter::ItemsCount;
use ser_etl::features::{Functional, Summary};

const HOP_S: f64 = 0.01;
const FRAMES: usize = 370;

/// So many that no branch predictor learns them by heart.
const CONTOURS: usize = 100;

/// Thirty functionals, at least one of every family.
const THIRTY: &str = "mean std skew kurtosis p05 p25 p50 p75 p95 range_05_95 slope offset linear_error curvature \
                      max_position temporal_centroid peak_rate peak_distance_mean peak_prominence rise_slope_mean \
                      fall_slope_mean up75 mean_crossings lpc1 lpc_gain dct1 dct2 mod04 stretch_rate stretch_mean_s";

fn main() {
    divan::main();
}

#[divan::bench(args = [
    "mean std", "p05 p25 p50 p75 p95 range_05_95", "slope curvature", "max_position temporal_centroid",
    "peak_rate rise_slope_mean", "up75 mean_crossings", "lpc1 lpc_gain", "dct1 dct2", "mod04", "stretch_rate",
])]
fn family(bencher: divan::Bencher, words: &str) {
    evaluate(bencher, words, &wander(FRAMES, CONTOURS));
}

#[divan::bench]
fn thirty(bencher: divan::Bencher) {
    evaluate(bencher, THIRTY, &wander(FRAMES, CONTOURS));
}

#[divan::bench]
fn thirty_with_gaps(bencher: divan::Bencher) {
    let mut contours = wander(FRAMES, CONTOURS);
    contours.iter_mut().for_each(|contour| contour.chunks_mut(30).step_by(2).for_each(|gap| gap.fill(f32::NAN)));
    evaluate(bencher, THIRTY, &contours);
}

#[divan::bench]
fn thirty_over_an_hour(bencher: divan::Bencher) {
    evaluate(bencher, THIRTY, &wander(360_000, 1));
}

fn evaluate(bencher: divan::Bencher, words: &str, contours: &[Vec<f32>]) {
    let functionals: Result<Vec<Functional>, String> = words.split_whitespace().map(str::parse).collect();
    let functionals = functionals.expect("legal words");
    let (mut summary, mut values) = (Summary::default(), Vec::new());
    bencher.counter(ItemsCount::new(contours.len())).bench_local(|| {
        values.clear();
        for contour in divan::black_box(contours) {
            summary.evaluate(contour, HOP_S, &functionals, &mut values);
        }
        divan::black_box(values.len())
    });
}

/// Slow and fast movement together, as descriptors of speech have.
fn wander(frames: usize, contours: usize) -> Vec<Vec<f32>> {
    let (mut state, mut slow) = (1_u32, 0.0_f32);
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / u32::MAX as f32 - 0.5
    };
    let mut value = |frame: usize| {
        slow = 0.9 * slow + noise();
        slow + (0.25 * frame as f32).sin() + 0.3 * noise()
    };
    (0..contours).map(|_| (0..frames).map(&mut value).collect()).collect()
}
