use super::{EvenFft, LN_TO_DB, Lanes, POWER_FLOOR, ln_in_place, simd};
use crate::dsp::PitchParams;
use std::ops::Range;

/// Shortest quefrency of the regression line: below it lies the vocal tract.
const LINE_FROM_S: f64 = 0.001;

/// Floor before the logarithm of the squared cepstrum, which hides the rounding of a flat spectrum.
const CEPSTRUM_FLOOR: f32 = 1e-3;

/// Cepstral peak prominence: how far the peak of a periodic voice stands out of the cepstrum (Hillenbrand, Cleveland &
/// Erickson 1994, "Acoustic correlates of breathy vocal quality").
#[derive(Debug, Clone)]
pub struct CepstralPeak {
    fft: EvenFft,
    /// Quefrencies of the regression line and of the peak, in samples.
    line: Range<usize>,
    peak: Range<usize>,
    log_power: Vec<Lanes>,
    cepstrum: Vec<Lanes>,
}

impl CepstralPeak {
    /// For power spectra of `n_fft / 2 + 1` bins and voices of the given range.
    pub fn new(params: &PitchParams, sample_rate_hz: u32, n_fft: usize) -> Self {
        let rate = f64::from(sample_rate_hz);
        let end = ((rate / params.min_hz) as usize + 1).min(n_fft / 2);
        let from = |seconds: f64| ((seconds * rate).ceil() as usize).clamp(1, end - 1);
        Self {
            fft: EvenFft::new(n_fft),
            line: from(LINE_FROM_S)..end,
            peak: from(1.0 / params.max_hz)..end,
            log_power: vec![Lanes::ZERO; n_fft / 2 + 1],
            cepstrum: vec![Lanes::ZERO; end],
        }
    }

    /// Largest height of the cepstrum (dB of its magnitude) at a pitch period over the regression line through it from
    /// 1 ms on, dB, 0 or above; about 5 for noise and 15 or more for a clear voice. `power` is `n_fft / 2 + 1` rows of
    /// `|X|^2`.
    pub fn prominence_db(&mut self, power: &[Lanes]) -> Lanes {
        self.log_power.copy_from_slice(power);
        ln_in_place(&mut self.log_power, POWER_FLOOR);
        self.fft.transform(&self.log_power, &mut self.cepstrum);
        let heights = &mut self.cepstrum;
        heights.iter_mut().for_each(|value| *value = *value * *value);
        ln_in_place(heights, CEPSTRUM_FLOOR);
        simd(
            #[inline(always)]
            || above_line(heights, &self.line, &self.peak),
        ) * LN_TO_DB
    }
}

/// Largest height within `peak` over the regression line through `line`.
#[inline(always)]
fn above_line(heights: &[Lanes], line: &Range<usize>, peak: &Range<usize>) -> Lanes {
    let count = line.len() as f32;
    let middle = (line.start + line.end - 1) as f32 / 2.0;
    let spread = (count * (count * count - 1.0) / 12.0).max(1.0);
    let (mut sum, mut products) = (Lanes::ZERO, Lanes::ZERO);
    for quefrency in line.clone() {
        sum += heights[quefrency];
        products += heights[quefrency] * (quefrency as f32 - middle);
    }
    let (mean, slope) = (sum * (1.0 / count), products * (1.0 / spread));
    peak.clone().fold(Lanes::ZERO, |largest, quefrency| {
        largest.max(heights[quefrency] - mean - slope * (quefrency as f32 - middle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::testing::noise;

    fn prominence(power: &[Lanes]) -> f32 {
        let params = PitchParams { min_hz: 75.0, max_hz: 600.0 };
        CepstralPeak::new(&params, 16000, 1024).prominence_db(power).0[1]
    }

    #[test]
    fn a_ripple_stands_out_of_noise() {
        // a ripple of 125 Hz over a noisy spectrum is a peak at 8 ms
        let mut noise = noise();
        let mut spectrum = |depth: f32| -> Vec<Lanes> {
            let level = |bin: usize| depth * (std::f32::consts::TAU * bin as f32 / 8.0).cos();
            (0..=512).map(|bin| Lanes::splat((level(bin) + noise()).exp())).collect()
        };
        let (flat, rippled) = (prominence(&spectrum(0.0)), prominence(&spectrum(2.0)));
        assert!(flat < 15.0 && rippled > flat + 15.0, "{flat} and {rippled}");
    }

    #[test]
    fn silence_has_no_peak() {
        assert_eq!(prominence(&vec![Lanes::ZERO; 513]), 0.0);
    }
}
