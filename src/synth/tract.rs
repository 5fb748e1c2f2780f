/// Bandwidths of F1 to F4 in Hz, near those of Fant (1972) for modal voices.
const BANDWIDTHS_HZ: [f64; 4] = [60.0, 90.0, 140.0, 220.0];
/// Formants beyond this share of the sample rate are left out.
const HIGHEST: f64 = 0.45;

/// A second-order resonator with gain 1 at 0 Hz (Klatt 1980, equation 1).
#[derive(Debug, Clone, Default)]
pub struct Resonator {
    a: f64,
    b: f64,
    c: f64,
    last: f64,
    before: f64,
}

impl Resonator {
    /// Moves the resonance; the state stays, so that it can glide.
    pub fn tune(&mut self, centre_hz: f64, bandwidth_hz: f64, sample_rate_hz: u32) {
        let period_s = 1.0 / f64::from(sample_rate_hz);
        self.c = -(-2.0 * std::f64::consts::PI * bandwidth_hz * period_s).exp();
        self.b = 2.0
            * (-std::f64::consts::PI * bandwidth_hz * period_s).exp()
            * (std::f64::consts::TAU * centre_hz * period_s).cos();
        self.a = 1.0 - self.b - self.c;
    }

    /// The next sample.
    pub fn next(&mut self, input: f64) -> f64 {
        let output = self.a * input + self.b * self.last + self.c * self.before;
        (self.before, self.last) = (self.last, output);
        output
    }
}

/// The vocal tract: four resonators in a row.
#[derive(Debug, Clone, Default)]
pub struct Tract {
    resonators: [Resonator; 4],
    used: usize,
}

impl Tract {
    /// Tunes to formants in Hz, rising; those too near half the sample rate are left out.
    pub fn tune(&mut self, formants_hz: [f64; 4], sample_rate_hz: u32) {
        let highest_hz = HIGHEST * f64::from(sample_rate_hz);
        self.used = formants_hz.iter().take_while(|formant_hz| **formant_hz <= highest_hz).count();
        for ((resonator, formant_hz), bandwidth_hz) in self.resonators.iter_mut().zip(formants_hz).zip(BANDWIDTHS_HZ) {
            resonator.tune(formant_hz, bandwidth_hz, sample_rate_hz);
        }
    }

    /// The next sample.
    pub fn next(&mut self, input: f64) -> f64 {
        self.resonators[..self.used].iter_mut().fold(input, |signal, resonator| resonator.next(signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain of a tract at `hz`, from its impulse response.
    fn gain(tract: &mut Tract, hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..4_000 {
            let sample = tract.next(if n == 0 { 1.0 } else { 0.0 });
            let angle = std::f64::consts::TAU * hz * f64::from(n) / 16_000.0;
            re += sample * angle.cos();
            im += sample * angle.sin();
        }
        re.hypot(im)
    }

    #[test]
    fn gains_peak_at_the_formants() {
        for formants_hz in [[270.0, 2_290.0, 3_010.0, 3_500.0], [730.0, 1_090.0, 2_440.0, 3_500.0]] {
            let mut tract = Tract::default();
            tract.tune(formants_hz, 16_000);
            let gains: Vec<f64> = (0..400).map(|n| gain(&mut tract.clone(), f64::from(n) * 10.0)).collect();
            let peaks: Vec<f64> = (1..399)
                .filter(|n| gains[*n] > gains[n - 1] && gains[*n] >= gains[n + 1])
                .map(|n| n as f64 * 10.0)
                .collect();
            assert_eq!(peaks.len(), 4, "{peaks:?}");
            for (peak, formant) in peaks.iter().zip(formants_hz) {
                // Neighbours' skirts pull a peak a little from its resonance.
                assert!((peak / formant - 1.0).abs() < 0.025, "{peaks:?} for {formants_hz:?}");
            }
            assert!((gains[0] - 1.0).abs() < 1e-6, "{}", gains[0]);
        }
    }

    #[test]
    fn formants_above_the_band_are_left_out() {
        let mut tract = Tract::default();
        tract.tune([500.0, 1_500.0, 2_500.0, 3_700.0], 8_000);
        assert_eq!(tract.used, 3);
    }
}
