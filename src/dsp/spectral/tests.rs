use super::*;

/// The spectra whose bins have the given powers, in all lanes.
fn lines(power: &[(usize, f32)]) -> Spectrum {
    let mut rows = vec![Lanes::ZERO; 257];
    for (bin, value) in power {
        rows[*bin] = Lanes::splat(*value);
    }
    loaded(&rows)
}

fn loaded(rows: &[Lanes]) -> Spectrum {
    let mut spectrum = Spectrum::new(16000, 512);
    spectrum.load(rows);
    spectrum
}

fn close(name: &str, got: Lanes, want: f32, tolerance: f32) {
    assert!((got.0[2] - want).abs() <= tolerance, "{name} is {} for {want}", got.0[2]);
}

#[test]
fn two_lines_have_their_known_shape() {
    // bins 16 and 48 are 500 and 1500 Hz, magnitudes 3 and 1
    let spectrum = lines(&[(16, 9.0), (48, 1.0)]);
    let entropy_want = -(0.9 * 0.9_f32.ln() + 0.1 * 0.1_f32.ln()) / 257_f32.ln();
    close("centroid", centroid_hz(&spectrum), 750.0, 1e-2);
    close("bandwidth", bandwidth_hz(&spectrum), 187_500_f32.sqrt(), 1e-2);
    close("variance", variance_hz2(&spectrum), 187_500.0, 1.0);
    // weights 3/4 at -250 Hz and 1/4 at +750 Hz of the mean
    close("skewness", skewness(&spectrum), 2.0 / 3.0_f32.sqrt(), 1e-3);
    close("kurtosis", kurtosis(&spectrum), 7.0 / 3.0, 1e-3);
    close("roll-off 85", rolloff_hz(&spectrum, 0.85), 1500.0, 0.0);
    close("roll-off 50", rolloff_hz(&spectrum, 0.5), 500.0, 0.0);
    close("entropy", entropy(&spectrum), entropy_want, 1e-4);
    close("crest", crest(&spectrum), 3.0 * 257.0 / 4.0, 1e-2);
    close("alpha ratio", alpha_ratio_db(&spectrum), 9.542_43, 1e-3);
    close("Hammarberg", hammarberg_db(&spectrum), 109.542_43, 1e-3);
    close("level", level_db(&spectrum, 250.0, 650.0), 9.542_43, 1e-3);
    close("empty level", level_db(&spectrum, 2000.0, 4000.0), -100.0, 1e-3);
    close("harmonicity", harmonicity(&spectrum), 1.0, 1e-6);
    let contrast = contrast_db(&spectrum);
    close("contrast of 400-800 Hz", contrast[2], 109.542_43, 1e-3);
    close("contrast of an empty band", contrast[4], 0.0, 0.0);
}

#[test]
fn a_line_of_levels_has_its_slope() {
    // -12 dB per kHz over all bins, 31.25 Hz apart
    let rows: Vec<Lanes> = (0..257).map(|bin| Lanes::splat(10_f32.powf(-1.2 * bin as f32 * 0.031_25))).collect();
    let spectrum = loaded(&rows);
    for (low_hz, high_hz) in [(0.0, 500.0), (500.0, 1500.0), (0.0, 8000.0)] {
        close("slope", slope_db_khz(&spectrum, low_hz, high_hz), -12.0, 1e-2);
    }
    close("slope of one bin", slope_db_khz(&spectrum, 0.0, 20.0), 0.0, 0.0);
}

#[test]
fn silence_and_white_noise_are_flat() {
    for power in [0.0, 4.0] {
        let spectrum = loaded(&[Lanes::splat(power); 257]);
        close("flatness", flatness(&spectrum), 1.0, 1e-4);
        close("entropy", entropy(&spectrum), 1.0, 1e-4);
        close("crest", crest(&spectrum), 1.0, 1e-5);
        close("Hammarberg", hammarberg_db(&spectrum), 0.0, 1e-3);
        close("slope", slope_db_khz(&spectrum, 0.0, 8000.0), 0.0, 1e-4);
        close("harmonicity", harmonicity(&spectrum), 0.0, 0.0);
        assert!(contrast_db(&spectrum).iter().all(|band| *band == Lanes::ZERO));
    }
    let silent = lines(&[]);
    for value in [centroid_hz, bandwidth_hz, skewness, kurtosis] {
        assert_eq!(value(&silent), Lanes::ZERO);
    }
    assert_eq!(rolloff_hz(&silent, 0.85), Lanes::ZERO);
    assert_eq!(Flux::of_shape(512).next(&silent), Lanes::ZERO);
}

#[test]
fn a_single_line_has_no_spread() {
    let spectrum = lines(&[(32, 4.0)]);
    close("centroid", centroid_hz(&spectrum), 1000.0, 1e-2);
    for value in [bandwidth_hz, skewness, kurtosis] {
        close("spread", value(&spectrum), 0.0, 0.1);
    }
}

#[test]
fn flux_compares_with_the_frame_before_across_blocks() {
    let mut flux = Flux::of_shape(512);
    let (first, second) = (lines(&[(10, 5.0)]), lines(&[(20, 5.0)]));
    assert_eq!(flux.next(&first), Lanes::ZERO);
    let change = flux.next(&second);
    assert!((change.0[0] - 2_f32.sqrt()).abs() < 1e-6 && change.0[1..] == [0.0; 7]);
    flux.reset();
    assert_eq!(flux.next(&first), Lanes::ZERO);
}

#[test]
fn flux_of_level_sees_a_gain_that_flux_of_shape_does_not() {
    let rows = |height: f32| {
        let mut rows = vec![Lanes::ZERO; 257];
        // the second of the eight frames is stronger
        rows[40] = Lanes([1.0, height, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        loaded(&rows)
    };
    let spectrum = rows(9.0);
    assert!(Flux::of_shape(512).next(&spectrum).0.iter().all(|flux| *flux < 1e-6));
    // magnitudes 1, 3, 1 times a gain of 0.5
    assert_eq!(Flux::of_level(512, 0.5).next(&spectrum).0[..4], [0.0, 1.0, 1.0, 0.0]);
}
