use crate::dsp::{RealFft, Window, simd, window};
use realfft::num_complex::Complex32;
use std::collections::BTreeMap;
use std::f64::consts::SQRT_2;
use std::ops::Range;

/// Lowest modulation that counts, in Hz; the highest is the upper end of the last band.
const LOWEST_HZ: f64 = 0.5;

/// Bands: octaves around 1, 2, 4, 8 and 16 Hz.
const BANDS: usize = 5;

/// Bins lie no farther apart than the inverse of this: an octave around 1 Hz then has three or more.
const SHORTEST_S: f64 = 5.0;

/// How the power of a contour about its mean spreads over modulation frequencies from 0.5 to 22.6 Hz, or to half the
/// frame rate where that is less.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ModulationSpectrum {
    /// Shares of the power in the octaves around 1, 2, 4, 8 and 16 Hz, `[f / sqrt 2, f * sqrt 2)`, 0..1.
    pub shares: [f64; BANDS],
    /// Mean modulation frequency weighted by power in Hz; 0 where there is no power.
    pub centroid_hz: f64,
}

/// Measures modulation spectra; plans and buffers are kept between calls.
#[derive(Debug, Clone, Default)]
pub struct ModulationAnalyzer {
    window: Vec<f32>,
    /// Transforms by their length, a power of two.
    transforms: BTreeMap<usize, RealFft>,
}

impl ModulationAnalyzer {
    /// The spectrum of a contour of mean 0 (as [`super::Curve::standardize`] leaves it), frames `hop_s` seconds apart:
    /// the DFT under a Hann window, padded with zeros to a power of two of frames that spans at least five seconds.
    pub fn measure(&mut self, standard: &[f64], hop_s: f64) -> ModulationSpectrum {
        if self.window.len() != standard.len() {
            self.window = window(Window::Hann, standard.len());
        }
        let length = standard.len().max((SHORTEST_S / hop_s).ceil() as usize).next_power_of_two();
        let transform = self.transforms.entry(length).or_insert_with(|| RealFft::new(length));
        let spectrum = transform.single(|frame| {
            let (filled, padding) = frame.split_at_mut(standard.len());
            let values = standard.iter().zip(&self.window);
            simd(
                #[inline(always)]
                || filled.iter_mut().zip(values).for_each(|(sample, (value, weight))| *sample = *value as f32 * weight),
            );
            padding.fill(0.0);
        });
        summarize(spectrum, length as f64 * hop_s)
    }
}

fn summarize(spectrum: &[Complex32], bins_per_hz: f64) -> ModulationSpectrum {
    // the first bin at or above a frequency
    let bin = |hz: f64| ((hz * bins_per_hz).ceil() as usize).min(spectrum.len());
    let edge = |band: usize| bin(f64::powi(2.0, band as i32) / SQRT_2);
    let sums = |bins: Range<usize>| {
        let power = spectrum[bins.clone()].iter().map(|value| f64::from(value.norm_sqr()));
        bins.zip(power).fold((0.0, 0.0), |(sum, moment), (bin, power)| (sum + power, moment + power * bin as f64))
    };
    let below = sums(bin(LOWEST_HZ)..edge(0));
    let bands: [(f64, f64); BANDS] = std::array::from_fn(|band| sums(edge(band)..edge(band + 1)));
    let (total, moment) = bands.iter().fold(below, |sum, band| (sum.0 + band.0, sum.1 + band.1));
    if total <= 0.0 {
        return ModulationSpectrum::default();
    }
    ModulationSpectrum { shares: bands.map(|(power, _)| power / total), centroid_hz: moment / total / bins_per_hz }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, standard};
    use super::*;
    use std::f32::consts::TAU;

    fn measure(contour: impl Fn(f32) -> f32, frames: usize) -> ModulationSpectrum {
        let contour: Vec<f32> = (0..frames).map(|t| contour(0.01 * t as f32)).collect();
        ModulationAnalyzer::default().measure(&standard(&contour), 0.01)
    }

    #[test]
    fn shares_match_scipy() {
        // abs(numpy.fft.rfft((x - mean(x)) * scipy.signal.get_window("hann", 300), 512)) ** 2, summed between the edges
        let wave = |hz: f32, time_s: f32, phase: f32| (TAU * hz * time_s + phase).sin();
        let found = measure(
            |time_s| 2.0 + wave(4.0, time_s, 0.0) + 0.5 * wave(9.3, time_s, 1.0) + 0.2 * wave(0.6, time_s, TAU / 4.0),
            300,
        );
        assert_near(&found.shares, &[0.010_281_9, 0.000_010_4, 0.781_818_0, 0.195_458_3, 0.000_000_2], 1e-6);
        assert_near(&[found.centroid_hz], &[4.960_805], 1e-5);
    }

    #[test]
    fn a_slow_or_fast_wave_falls_into_its_octave_at_every_length() {
        for (band, hz) in [1.0, 2.0, 4.0, 8.0, 16.0].into_iter().enumerate() {
            for frames in [370, 513, 3000] {
                let found = measure(|time_s| (TAU * hz * time_s).sin(), frames);
                assert!(found.shares[band] > 0.97, "{hz} Hz over {frames} frames: {found:?}");
                assert!((found.centroid_hz - f64::from(hz)).abs() < 0.1, "{hz} Hz over {frames} frames: {found:?}");
            }
        }
    }

    #[test]
    fn without_power_or_bands_there_is_no_share() {
        let mut analyzer = ModulationAnalyzer::default();
        for contour in [&[0.0; 400][..], &[0.0], &[]] {
            assert_eq!(analyzer.measure(contour, 0.01), ModulationSpectrum::default());
        }
        // frames a second apart reach no more than 0.5 Hz
        assert_eq!(analyzer.measure(&standard(&[1.0, 3.0, 2.0, 5.0]), 1.0).shares, [0.0; BANDS]);
    }
}
