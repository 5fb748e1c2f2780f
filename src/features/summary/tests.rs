use super::*;
use crate::features::Delta;
use crate::features::describe::unit;
use proptest::prelude::*;

/// Every word, of those with numbers a few.
fn all() -> Vec<Functional> {
    let numbered = "p00 p05 p50 p95 p100 range_05_95 range_00_100 up01 up25 up50 up75 up90 up99 lpc1 lpc2 lpc3 lpc4 \
                    lpc5 dct0 dct1 dct2 dct3 dct4 dct5 dct6 dct7 dct8 dct9 mod01 mod02 mod04 mod08 mod16";
    Functional::named().chain(numbered.split_whitespace().map(|word| word.parse().expect("legal"))).collect()
}

fn values(contour: &[f32], functionals: &[Functional]) -> Vec<f32> {
    let mut out = Vec::new();
    Summary::default().evaluate(contour, 0.01, functionals, &mut out);
    out
}

fn check(contour: &[f32], want: &[(&str, f64)]) {
    for (word, want) in want {
        let got = values(contour, &[word.parse().expect("legal")])[0];
        assert!((f64::from(got) - want).abs() <= 2e-6 * want.abs().max(1.0), "{word} is {got} for {want}");
    }
}

#[test]
fn functionals_match_numpy_and_scipy() {
    let contour = [2.0, 3.5, 3.0, 5.5, 4.0, 1.0, 1.5, 0.5, 2.5, 6.0, 5.0, 5.5, 3.0, 2.0, 4.5, 4.0];
    // numpy.mean, std, percentile; scipy.stats.skew, kurtosis; numpy.sqrt(numpy.mean(x ** 2))
    check(&contour, &[("mean", 3.343_75), ("std", 1.636_676_8), ("min", 0.5), ("max", 6.0), ("range", 5.5)]);
    check(&contour, &[("p05", 0.875), ("p50", 3.25), ("p95", 5.625), ("range_05_95", 4.75), ("iqr", 2.625)]);
    check(&contour, &[("skew", -0.031_699_6), ("kurtosis", -1.110_887_8), ("rms", 3.722_818_2)]);
    check(&contour.map(|value| value - 3.0), &[("mean_abs", 1.406_25)]);
    // numpy.polyfit over 0, 0.01, ..., 0.15 and what it leaves; numpy.argmax, argmin; numpy.average of the times
    check(&contour, &[("slope", 8.161_764_7), ("offset", 2.731_617_6), ("linear_error", 1.592_845)]);
    check(&contour, &[("curvature", 58.648_459), ("quadratic_error", 1.588_985_8)]);
    check(&contour, &[("max_position", 0.6), ("min_position", 7.0 / 15.0), ("temporal_centroid", 0.540_659_3)]);
    // scipy.signal.find_peaks with height=mean + 0.1 * ptp, of x and of -x; slopes between all extremes and ends
    check(&contour, &[("peak_rate", 25.0), ("peak_distance_mean", 0.036_666_7), ("peak_distance_std", 0.016_996_7)]);
    check(&contour, &[("peak_mean", 5.375), ("peak_prominence", 2.031_25), ("valley_mean", 3.5 / 3.0)]);
    check(&contour, &[("rise_slope_mean", 170.833_333), ("rise_slope_std", 94.004_285)]);
    check(&contour, &[("fall_slope_mean", -116.666_667), ("fall_slope_std", 64.009_548), ("rise_share", 7.0 / 15.0)]);
    // numpy.mean(x > level); numpy.diff(x >= mean) != 0
    check(&contour, &[("up25", 0.8125), ("up75", 0.25), ("mean_crossings", 43.75), ("zero_crossings", 0.0)]);
    // scipy.linalg.solve_toeplitz; scipy.fft.dct(x) / 16; numpy.fft.rfft of 512 under scipy's Hann window
    check(&contour, &[("lpc1", 0.383_170_6), ("lpc5", 0.351_774_9), ("lpc_gain", 0.530_519_6)]);
    check(&contour, &[("dct0", 3.343_75), ("dct1", -0.559_044_3), ("dct9", 0.264_786_6)]);
    check(&contour, &[("mod01", 0.001_187_1), ("mod02", 0.006_085_4), ("mod04", 0.042_144_1)]);
    check(&contour, &[("mod08", 0.298_790_9), ("mod16", 0.651_633_5), ("modulation_centroid_hz", 12.933_791_7)]);
    // runs of x > (max + min) / 2: below 1, above 1, 1, 2, 4, 3, 2, 2
    check(&contour, &[("stretch_rate", 25.0), ("stretch_mean_s", 0.02), ("stretch_std_s", 0.007_071_1)]);
    check(&contour, &[("stretch_max_s", 0.03), ("gap_mean_s", 0.02), ("gap_std_s", 0.012_247_4), ("gap_max_s", 0.04)]);
}

#[test]
fn missing_frames_are_left_out() {
    // numpy and scipy.stats over [3, 1, 4, 1, 5], the slope over frames 0, 1, 3, 4, 5 of 10 ms
    let contour = [3.0, 1.0, f32::NAN, 4.0, 1.0, 5.0];
    check(&contour, &[("mean", 2.8), ("std", 1.6), ("range", 4.0), ("p95", 4.8), ("iqr", 3.0), ("slope", 32.558_14)]);
    check(&contour, &[("skew", 0.035_156_3), ("kurtosis", -1.581_054_7), ("up50", 0.4), ("max_position", 1.0)]);
}

#[test]
fn nothing_present_is_missing() {
    for contour in [&[][..], &[f32::NAN; 5]] {
        assert!(values(contour, &all()).iter().all(|value| value.is_nan()));
    }
}

#[test]
fn a_constant_has_a_level_and_no_movement() {
    let levels = "mean min max rms mean_abs offset peak_mean valley_mean p00 p05 p50 p95 p100 dct0";
    for frames in [1, 2, 400] {
        for functional in all() {
            let (word, got) = (functional.to_string(), values(&vec![0.1; frames], &[functional])[0]);
            let length = 0.01 * frames as f32;
            let want = match word.as_str() {
                word if levels.split(' ').any(|level| level == word) => 0.1,
                "temporal_centroid" => 0.5,
                "lpc_gain" => 1.0,
                "stretch_rate" => 1.0 / length,
                "stretch_mean_s" | "stretch_max_s" => length,
                _ => 0.0,
            };
            assert!((got - want).abs() < 1e-6 * want.max(1e-3), "{word} of {frames} frames is {got} for {want}");
        }
    }
}

#[test]
fn values_past_single_precision_stay_finite() {
    let contour = [f32::MIN, f32::MAX, f32::MIN, 0.0, f32::MAX, f32::MIN_POSITIVE];
    assert!(values(&contour, &all()).iter().all(|value| value.is_finite()));
}

/// Contours of a few levels or of many, with gaps.
fn contours() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        4 => -1e3_f32..1e3,
        3 => (-3_i8..4).prop_map(f32::from),
        1 => any::<f32>().prop_filter("finite", |value| value.is_finite()),
        1 => Just(f32::NAN),
    ];
    proptest::collection::vec(value, 1..120)
}

proptest! {
    #[test]
    fn all_values_are_finite_or_all_are_missing(contour in contours()) {
        let is_missing = contour.iter().all(|value| value.is_nan());
        let values = values(&contour, &all());
        prop_assert!(values.iter().all(|value| value.is_finite() != is_missing && value.is_nan() == is_missing));
    }

    #[test]
    fn shares_and_positions_lie_between_0_and_1(contour in contours()) {
        let words = ["max_position", "min_position", "temporal_centroid", "rise_share", "lpc_gain", "up", "mod0", "mod1"];
        for functional in all() {
            let word = functional.to_string();
            if words.iter().any(|start| word.starts_with(start)) {
                let value = values(&contour, &[functional])[0];
                prop_assert!(value.is_nan() || (0.0..=1.0).contains(&value), "{} is {}", word, value);
            }
        }
    }

    #[test]
    fn a_gain_of_two_doubles_what_has_the_contours_unit_and_nothing_else(contour in contours()) {
        // far from where singles lose digits
        let is_usual = |value: &f32| value.is_nan() || *value == 0.0 || (1e-10..1e30).contains(&value.abs());
        let contour: Vec<f32> = contour.into_iter().filter(is_usual).collect();
        let doubled: Vec<f32> = contour.iter().map(|value| 2.0 * value).collect();
        for functional in all() {
            let (before, after) = (values(&contour, &[functional])[0], values(&doubled, &[functional])[0]);
            let gain = if unit("dB", Delta::None, functional).starts_with("dB") { 2.0 } else { 1.0 };
            prop_assert!(after.to_bits() == (gain * before).to_bits(), "{} from {} to {}", functional, before, after);
        }
    }

    #[test]
    fn a_shift_moves_levels_and_nothing_else(contour in proptest::collection::vec(-800_i16..800, 20..120)) {
        let shifted = |shift: f32| contour.iter().map(|value| f32::from(*value) / 8.0 + shift).collect::<Vec<_>>();
        let levels = "mean min max offset p00 p05 p50 p95 p100 dct0";
        let others = "std range iqr range_05_95 skew kurtosis slope linear_error curvature quadratic_error max_position \
                      min_position temporal_centroid rise_slope_mean rise_slope_std fall_slope_mean fall_slope_std \
                      rise_share lpc1 lpc3 lpc_gain dct1 dct5 mod02 mod08 modulation_centroid_hz";
        for (words, shift) in [(levels, 64.0), (others, 0.0)] {
            let functionals: Vec<Functional> = words.split_whitespace().map(|w| w.parse().expect("legal")).collect();
            let (before, after) = (values(&shifted(0.0), &functionals), values(&shifted(64.0), &functionals));
            for ((before, after), functional) in before.iter().zip(&after).zip(&functionals) {
                let difference = (after - before - shift).abs();
                prop_assert!(difference <= 1e-4 * before.abs().max(1.0), "{} from {} to {}", functional, before, after);
            }
        }
    }
}
