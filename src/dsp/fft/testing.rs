use crate::dsp::Lanes;
use crate::dsp::testing::noise;
use std::f64::consts::TAU;

/// `length` rows of white noise.
pub fn noisy(length: usize) -> Vec<Lanes> {
    let mut next = noise();
    (0..length).map(|_| Lanes(std::array::from_fn(|_| next()))).collect()
}

/// Writes a lane of `rows` to `frame`.
pub fn lane(rows: &[Lanes], lane: usize, frame: &mut [f32]) {
    frame.iter_mut().zip(rows).for_each(|(sample, row)| *sample = row.0[lane]);
}

/// Bin `k` of the discrete Fourier transform of one lane, by its definition.
pub fn naive_bin(input: &[Lanes], lane: usize, k: usize) -> (f64, f64) {
    let length = input.len();
    let term = |(n, row): (usize, &Lanes)| {
        let angle = TAU * (k * n % length) as f64 / length as f64;
        (f64::from(row.0[lane]) * angle.cos(), -f64::from(row.0[lane]) * angle.sin())
    };
    input.iter().enumerate().map(term).fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
}

/// Fails where a power spectrum of a lane is not that of the definition.
pub fn assert_power(input: &[Lanes], power: &[Lanes]) {
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
