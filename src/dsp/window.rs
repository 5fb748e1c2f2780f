use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Shape of the analysis window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// Raised cosine down to 0.
    Hann,
    /// Raised cosine down to 0.08.
    Hamming,
    /// No window.
    Rectangular,
}

/// The periodic window of `length` samples (scipy.signal.get_window with `fftbins=True`), peak 1.
pub fn window(kind: Window, length: usize) -> Vec<f32> {
    let cosine = |offset: f64, index: usize| offset - (1.0 - offset) * (TAU * index as f64 / length as f64).cos();
    (0..length)
        .map(|index| match kind {
            Window::Hann => cosine(0.5, index),
            Window::Hamming => cosine(0.54, index),
            Window::Rectangular => 1.0,
        } as f32)
        .collect()
}

/// The symmetric Hamming window of `length` samples, at least 2 (the HTK Book, 5.2).
pub fn symmetric_hamming(length: usize) -> Vec<f32> {
    (0..length).map(|index| (0.54 - 0.46 * symmetric_cosine(index, length)) as f32).collect()
}

/// Kaldi's window of `length` samples, at least 2: the symmetric Hann window to the power of 0.85.
pub fn povey(length: usize) -> Vec<f32> {
    (0..length).map(|index| (0.5 - 0.5 * symmetric_cosine(index, length)).powf(0.85) as f32).collect()
}

/// Praat's Hanning window of `length` samples: the symmetric Hann window of two samples more, without the zeros at its
/// ends.
pub fn inner_hann(length: usize) -> Vec<f32> {
    let step = TAU / (length + 1) as f64;
    (1..=length).map(|index| (0.5 - 0.5 * (step * index as f64).cos()) as f32).collect()
}

fn symmetric_cosine(index: usize, length: usize) -> f64 {
    (TAU * index as f64 / (length - 1) as f64).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_match_scipy() {
        // scipy.signal.get_window(name, 5)
        let cases = [
            (Window::Hann, [0.0, 0.3454915, 0.9045085, 0.9045085, 0.3454915]),
            (Window::Hamming, [0.08, 0.39785218, 0.9121478, 0.9121478, 0.39785218]),
            (Window::Rectangular, [1.0; 5]),
        ];
        for (kind, want) in cases {
            for (got, want) in window(kind, 5).iter().zip(want) {
                assert!((got - want).abs() < 1e-6, "{kind:?}: {got} for {want}");
            }
        }
    }

    #[test]
    fn symmetric_windows_match_scipy() {
        // scipy.signal.get_window(name, 5, fftbins=False), Hann's to the power of 0.85, and Hann's of 5 less its ends
        let (hamming, hann) = ([0.08, 0.54, 1.0, 0.54, 0.08], [0.0, 0.554_785, 1.0, 0.554_785, 0.0]);
        for (got, want) in symmetric_hamming(5).iter().zip(hamming).chain(povey(5).iter().zip(hann)) {
            assert!((got - want).abs() < 1e-6, "{got} for {want}");
        }
        for (got, want) in inner_hann(3).iter().zip([0.5, 1.0, 0.5]) {
            assert!((got - want).abs() < 1e-6, "{got} for {want}");
        }
    }
}
