use crate::config::Window;
use std::f64::consts::TAU;

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
}
