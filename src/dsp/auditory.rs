use super::{Lanes, MelBank, exp_in_place, ln_in_place, simd, window};
use crate::dsp::FrameParams;
use std::f64::consts::TAU;

/// Band energy below which a band counts as empty, re a sine of full scale.
const ENERGY_FLOOR: f32 = 1e-12;

/// Exponent of the power law of hearing (Hermansky 1990).
const EXPONENT: f32 = 0.33;

/// How loud and how sharp frames sound: the power spectrum in bands one Bark wide, weighted by the ear's sensitivity
/// and compressed by the power law of hearing (Hermansky 1990, "Perceptual linear predictive analysis of speech").
#[derive(Debug, Clone)]
pub struct Auditory {
    bank: MelBank,
    /// Loudness of each band of the last block.
    specific: Vec<Lanes>,
}

impl Auditory {
    /// For the power spectra of frames of the given shape.
    pub fn new(sample_rate_hz: u32, frame: &FrameParams) -> Self {
        let bin_hz = f64::from(sample_rate_hz) / frame.n_fft as f64;
        let bands = (bark(f64::from(sample_rate_hz) / 2.0) as usize).max(1);
        let window_sum: f64 = window(frame.window, frame.window_samples).iter().map(|weight| f64::from(*weight)).sum();
        // a sine of full scale has the energy 1, whatever the window
        let scale = 4.0 / (window_sum * window_sum);
        let bank = MelBank::new(bands, frame.n_fft / 2 + 1, |band, bin| {
            let hz = bin as f64 * bin_hz;
            if bark(hz) as usize == band { scale * equal_loudness(hz) } else { 0.0 }
        });
        Self { bank, specific: vec![Lanes::ZERO; bands] }
    }

    /// Takes the next block: `n_fft / 2 + 1` rows of `|X|^2`.
    pub fn load(&mut self, power: &[Lanes]) {
        self.bank.apply(power, &mut self.specific);
        ln_in_place(&mut self.specific, ENERGY_FLOOR);
        self.specific.iter_mut().for_each(|row| *row = *row * EXPONENT);
        exp_in_place(&mut self.specific);
    }

    /// Loudness: the sum of the bands' loudness, above 0; the larger of two is twice the smaller where they are 9 dB
    /// apart. About 1 for a sine of full scale at 3 kHz, 0.003 in silence.
    pub fn loudness(&self) -> Lanes {
        simd(
            #[inline(always)]
            || self.specific.iter().fold(Lanes::ZERO, |sum, band| sum + *band),
        )
    }

    /// Sharpness, acum (Zwicker & Fastl 1990, 9.1, with the loudness of these bands): 0.11 times the mean critical-band
    /// rate weighted by loudness, rates above 16 Bark counting more. 0.05 to about 4.
    pub fn sharpness_acum(&self) -> Lanes {
        let weighted = simd(
            #[inline(always)]
            || {
                let mut sum = Lanes::ZERO;
                for (band, specific) in self.specific.iter().enumerate() {
                    sum += *specific * sharpness_weight(band as f32 + 0.5);
                }
                sum
            },
        );
        weighted / self.loudness()
    }
}

/// Critical-band rate in Bark, 0 or above (Traunmueller 1990).
fn bark(hz: f64) -> f64 {
    (26.81 * hz / (1960.0 + hz) - 0.53).max(0.0)
}

/// The ear's sensitivity to a frequency, as a factor of energy that tends to 1 from 3 kHz up (Hermansky 1990, equation
/// 4).
fn equal_loudness(hz: f64) -> f64 {
    let squared = (TAU * hz).powi(2);
    (squared + 56.8e6) * squared.powi(2) / ((squared + 6.3e6).powi(2) * (squared + 0.38e9))
}

/// What a unit of loudness at a critical-band rate adds to sharpness.
fn sharpness_weight(bark: f32) -> f32 {
    0.11 * bark * if bark <= 16.0 { 1.0 } else { 0.066 * (0.171 * bark).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::PowerSpectra;
    use crate::dsp::{Edges, Window};

    fn frame() -> FrameParams {
        FrameParams { window: Window::Hann, window_samples: 400, hop_samples: 160, n_fft: 512, edges: Edges::Centre }
    }

    /// Loudness and sharpness in the middle of a sine.
    fn heard(hz: f32, amplitude: f32) -> (f32, f32) {
        let samples: Vec<f32> =
            (0..4000).map(|i| amplitude * (i as f32 * hz * std::f32::consts::TAU / 16000.0).sin()).collect();
        let mut auditory = Auditory::new(16000, &frame());
        auditory.load(PowerSpectra::new(&frame()).block(&samples, 8));
        (auditory.loudness().0[3], auditory.sharpness_acum().0[3])
    }

    #[test]
    fn loudness_follows_the_power_law() {
        let (loud, _) = heard(3000.0, 1.0);
        let (soft, _) = heard(3000.0, 0.1);
        // 20 dB are a factor of 10^(2 * 0.33); empty bands and the window's skirts add a little to both
        assert!((loud / soft / 10_f32.powf(0.66) - 1.0).abs() < 0.05, "{loud} {soft}");
        assert!((0.8..2.0).contains(&loud), "{loud}");
    }

    #[test]
    fn low_tones_sound_softer_and_duller() {
        let tones = [100.0, 500.0, 1500.0, 3000.0].map(|hz| heard(hz, 0.3));
        assert!(tones.windows(2).all(|pair| pair[0].1 < pair[1].1), "{tones:?}");
        // from 1.5 kHz up the curve is flat
        assert!(tones[0].0 < tones[1].0 && tones[1].0 < tones[2].0, "{tones:?}");
        let (_, sharp) = heard(6500.0, 0.3);
        assert!(sharp > tones[3].1);
    }

    #[test]
    fn silence_is_nearly_nothing() {
        let mut auditory = Auditory::new(16000, &frame());
        auditory.load(&[Lanes::ZERO; 257]);
        assert!(auditory.loudness().0.iter().all(|loudness| (0.0..0.01).contains(loudness)));
        assert!(auditory.sharpness_acum().0.iter().all(|sharpness| sharpness.is_finite()));
    }

    #[test]
    fn critical_bands_have_their_published_edges() {
        // Zwicker's bands end at 510, 1080, 2320 and 4400 Hz for 5, 9, 14 and 18 Bark
        for (hz, want) in [(510.0, 5.0), (1080.0, 9.0), (2320.0, 14.0), (4400.0, 18.0)] {
            assert!((bark(hz) - want).abs() < 0.25, "{hz} Hz is {} Bark", bark(hz));
        }
    }
}
