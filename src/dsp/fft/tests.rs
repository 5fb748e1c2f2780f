use std::f64::consts::TAU;

use super::*;
use crate::dsp::testing::noise;

/// `length` rows of white noise.
fn noisy(length: usize) -> Vec<Lanes> {
    let mut next = noise();
    (0..length).map(|_| Lanes(std::array::from_fn(|_| next()))).collect()
}

/// Writes a lane of `rows` to `frame`.
fn lane(rows: &[Lanes], lane: usize, frame: &mut [f32]) {
    frame.iter_mut().zip(rows).for_each(|(sample, row)| *sample = row.0[lane]);
}

/// Bin `k` of the discrete Fourier transform of one lane, by its definition.
fn naive_bin(input: &[Lanes], lane: usize, k: usize) -> (f64, f64) {
    let length = input.len();
    let term = |(n, row): (usize, &Lanes)| {
        let angle = TAU * (k * n % length) as f64 / length as f64;
        (f64::from(row.0[lane]) * angle.cos(), -f64::from(row.0[lane]) * angle.sin())
    };
    input.iter().enumerate().map(term).fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
}

/// Fails where a power spectrum of a lane is not that of the definition.
fn assert_power(input: &[Lanes], power: &[Lanes]) {
    let length = input.len();
    assert_eq!(power.len(), length / 2 + 1);
    for (bin, row) in power.iter().enumerate() {
        for (lane, got) in row.0.into_iter().enumerate() {
            let (re, im) = naive_bin(input, lane, bin);
            let difference = (f64::from(got) - (re * re + im * im)).abs();
            assert!(difference < 4e-6 * length as f64, "n {length} bin {bin} lane {lane}");
        }
    }
}

#[test]
fn spectra_of_blocks_match_the_definition_in_every_lane() {
    for length in [8, 16, 32, 64, 128, 256, 512] {
        let (input, mut fft) = (noisy(length), BlockFft::new(length));
        let mut power = vec![Lanes::ZERO; length / 2 + 1];
        fft.power(&input, &mut power);
        assert_power(&input, &power);
        power.fill(Lanes::ZERO);
        fft.power_of(|frame, out| lane(&input, frame, out), &mut power);
        assert_power(&input, &power);
    }
}

#[test]
fn spectra_of_pairs_match_the_definition_in_every_lane() {
    for length in [8, 16, 32, 64, 128, 256, 512] {
        let (input, mut power) = (noisy(length), vec![Lanes::ZERO; length / 2 + 1]);
        PairFft::new(length).power_of(|frame, out| lane(&input, frame, out), &mut power);
        assert_power(&input, &power);
    }
}

#[test]
fn even_sequences_match_the_definition_in_every_lane() {
    for length in [8, 64, 256] {
        let half = noisy(length / 2 + 1);
        let whole: Vec<Lanes> = half.iter().chain(half[1..length / 2].iter().rev()).copied().collect();
        for rows in [1, length / 2 + 1] {
            let mut got = vec![Lanes::ZERO; rows];
            EvenFft::new(length).transform(&half, &mut got);
            for (bin, lane) in (0..rows).flat_map(|bin| (0..LANES).map(move |lane| (bin, lane))) {
                let (want, _) = naive_bin(&whole, lane, bin);
                let difference = (f64::from(got[bin].0[lane]) - want).abs();
                assert!(difference < 4e-6 * (length as f64).sqrt(), "n {length} bin {bin}");
            }
        }
    }
}

#[test]
fn the_spectrum_of_one_frame_matches_the_definition() {
    for length in [1, 2, 8, 12, 512] {
        let (input, mut fft) = (noisy(length), RealFft::new(length));
        let spectrum = fft.single(|frame| lane(&input, 3, frame));
        assert_eq!(spectrum.len(), length / 2 + 1);
        for (bin, got) in spectrum.iter().enumerate() {
            let (re, im) = naive_bin(&input, 3, bin);
            let difference = (f64::from(got.re) - re).hypot(f64::from(got.im) - im);
            assert!(difference < 4e-6 * (length as f64).sqrt(), "n {length} bin {bin}");
        }
    }
}
