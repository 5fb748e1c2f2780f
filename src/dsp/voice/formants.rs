use super::roots::{Roots, Wide};
use super::{GROUP, LANES, Lanes, products, simd};

/// Formants that are kept of a frame.
pub const FORMANTS: usize = 3;

/// Formants are looked for below this frequency, five of them (Praat's `To Formant (burg)` for a woman's voice).
const CEILING_HZ: f64 = 5500.0;

/// Distance of two formants of a uniform tube as long as a vocal tract: a pair of poles each.
const SPACING_HZ: f64 = 1100.0;

/// Frequency from which pre-emphasis raises the spectrum by 6 dB an octave.
const PRE_EMPHASIS_HZ: f64 = 50.0;

/// Frequencies nearer than this to 0 or the ceiling are no formants.
const MARGIN_HZ: f64 = 50.0;

/// White noise that keeps the prediction of a pure tone stable, as a share of the energy: above the rounding of its
/// sums.
const NOISE: f64 = 1e-6;

/// A resonance of the vocal tract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Formant {
    /// Frequency in Hz, 50 to 5450; NaN where the frame lacks it.
    pub hz: f32,
    /// Bandwidth at -3 dB in Hz; NaN where the frame lacks it.
    pub bandwidth_hz: f32,
}

const NONE: Formant = Formant { hz: f32::NAN, bandwidth_hz: f32::NAN };

/// Formants by linear prediction of the spectrum below 5500 Hz (Makhoul 1975, "Spectral linear prediction: properties
/// and applications", selective linear prediction): the autocorrelation is the cosine transform of the pre-emphasised
/// power spectrum up to the ceiling, the predictor is Levinson and Durbin's, the formants are the angles of its poles.
#[derive(Debug, Clone)]
pub struct FormantTracker {
    /// The frequency up to which the spectrum is modelled.
    top_hz: f64,
    /// Pre-emphasis of each bin's power; bins at the ends of the band stand for half as much as those that count for
    /// two signs of frequency.
    emphasis: Vec<f32>,
    /// `bins / 2 + 1` rows: the cosines of even lags, and of odd ones.
    cosines: [Vec<[f32; GROUP]>; 2],
    /// Sums and differences of mirrored bins, as long.
    folded: [Vec<Lanes>; 2],
    autocorrelation: Vec<Wide>,
    predictor: Vec<Wide>,
    roots: Roots,
}

impl FormantTracker {
    /// For power spectra of `n_fft / 2 + 1` bins.
    pub fn new(sample_rate_hz: u32, n_fft: usize) -> Self {
        let rate = f64::from(sample_rate_hz);
        let bins = (CEILING_HZ.min(rate / 2.0) * n_fft as f64 / rate).round() as usize;
        let top_hz = bins as f64 * rate / n_fft as f64;
        let order = 2 * ((top_hz / SPACING_HZ).round() as usize).max(FORMANTS);
        let decay = (-std::f64::consts::TAU * PRE_EMPHASIS_HZ / rate).exp();
        let emphasis = |bin: usize| {
            let angle = std::f64::consts::TAU * bin as f64 / n_fft as f64;
            let share = if bin == 0 || bin == bins { 0.5 } else { 1.0 };
            (share * (1.0 + decay * decay - 2.0 * decay * angle.cos())) as f32
        };
        let cosine = |bin: usize, lag: usize| {
            let share = if 2 * bin == bins { 0.5 } else { 1.0 };
            (share * (std::f64::consts::PI * (lag * bin) as f64 / bins as f64).cos()) as f32
        };
        let rows = bins / 2 + 1;
        let cosines =
            |parity: usize| (0..rows).map(|bin| std::array::from_fn(|index| cosine(bin, 2 * index + parity))).collect();
        Self {
            top_hz,
            emphasis: (0..=bins).map(emphasis).collect(),
            cosines: [cosines(0), cosines(1)],
            folded: [vec![Lanes::ZERO; rows], vec![Lanes::ZERO; rows]],
            autocorrelation: vec![[0.0; LANES]; order + 1],
            predictor: vec![[0.0; LANES]; order + 1],
            roots: Roots::new(order),
        }
    }

    /// The lowest formants of the frames that are `active`, in ascending order; `power` is `n_fft / 2 + 1` rows of
    /// `|X|^2`.
    pub fn block(&mut self, power: &[Lanes], active: [bool; LANES]) -> [[Formant; FORMANTS]; LANES] {
        simd(
            #[inline(always)]
            || {
                self.correlate(power);
                predict(&self.autocorrelation, &mut self.predictor);
            },
        );
        self.roots.solve(&self.predictor, active);
        std::array::from_fn(|lane| if active[lane] { self.lowest(lane) } else { [NONE; FORMANTS] })
    }

    /// Fills the autocorrelation: the sum over bins of emphasised power times the cosine of the lag. Bins that mirror
    /// each other have the same cosines but for the sign of odd lags.
    #[inline(always)]
    fn correlate(&mut self, power: &[Lanes]) {
        let emphasised =
            || power[..self.emphasis.len()].iter().zip(&self.emphasis).map(|(power, emphasis)| *power * *emphasis);
        let [sums, differences] = &mut self.folded;
        let rows = sums.iter_mut().zip(differences);
        for ((here, mirrored), (sum, difference)) in emphasised().zip(emphasised().rev()).zip(rows) {
            (*sum, *difference) = (here + mirrored, here - mirrored);
        }
        for parity in 0..2 {
            let products = products(&self.cosines[parity], &self.folded[parity]);
            let lags = self.autocorrelation.iter_mut().skip(parity).step_by(2);
            lags.zip(products).for_each(|(lag, sum)| *lag = sum.0.map(f64::from));
        }
    }

    /// The lowest formants of a frame.
    fn lowest(&self, lane: usize) -> [Formant; FORMANTS] {
        let mut lowest = [NONE; FORMANTS];
        let legal = MARGIN_HZ..=self.top_hz - MARGIN_HZ;
        for (re, im) in self.roots.of(lane) {
            let formant = self.formant(re, im);
            if !legal.contains(&f64::from(formant.hz)) {
                continue;
            }
            // NaN is after every formant.
            if let Some(place) = lowest.iter().position(|other| other.hz.is_nan() || formant.hz < other.hz) {
                lowest[place..].rotate_right(1);
                lowest[place] = formant;
            }
        }
        lowest
    }

    /// The resonance of a pole; those below the real axis have negative frequencies.
    fn formant(&self, re: f64, im: f64) -> Formant {
        let per_radian = self.top_hz / std::f64::consts::PI;
        let bandwidth_hz = -2.0 * re.hypot(im).ln() * per_radian;
        Formant { hz: (im.atan2(re) * per_radian) as f32, bandwidth_hz: bandwidth_hz.abs() as f32 }
    }
}

/// The predictor `1, a[1], ..., a[order]` of an autocorrelation (Levinson 1947, Durbin 1960); 1, 0, ... in silence.
#[inline(always)]
fn predict(autocorrelation: &[Wide], predictor: &mut [Wide]) {
    predictor.fill([0.0; LANES]);
    predictor[0] = [1.0; LANES];
    let mut error = autocorrelation[0].map(|energy| energy * (1.0 + NOISE) + f64::MIN_POSITIVE);
    for order in 1..predictor.len() {
        let mut reflection = [0.0; LANES];
        for (a, r) in predictor[..order].iter().zip(autocorrelation[1..=order].iter().rev()) {
            for lane in 0..LANES {
                reflection[lane] -= a[lane] * r[lane];
            }
        }
        for lane in 0..LANES {
            reflection[lane] /= error[lane];
            error[lane] *= 1.0 - reflection[lane] * reflection[lane];
        }
        for low in 1..=order / 2 {
            let (left, right) = (predictor[low], predictor[order - low]);
            for lane in 0..LANES {
                predictor[low][lane] = left[lane] + reflection[lane] * right[lane];
                predictor[order - low][lane] = right[lane] + reflection[lane] * left[lane];
            }
        }
        predictor[order] = reflection;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The power spectrum of an all-pole vowel at 16 kHz with the given resonances, whose source falls by 6 dB an
    /// octave.
    fn vowel(formants: &[(f64, f64)]) -> Vec<Lanes> {
        let decay = (-std::f64::consts::TAU * PRE_EMPHASIS_HZ / 16000.0).exp();
        let power = |bin: usize| {
            let angle = std::f64::consts::TAU * bin as f64 / 1024.0;
            let source = 1.0 / (1.0 + decay * decay - 2.0 * decay * angle.cos());
            let gain = |(hz, bandwidth): &(f64, f64)| {
                let radius = (-std::f64::consts::PI * bandwidth / 16000.0).exp();
                let pole = std::f64::consts::TAU * hz / 16000.0;
                let distance = |pole: f64| 1.0 + radius * radius - 2.0 * radius * (angle - pole).cos();
                distance(pole) * distance(-pole)
            };
            source / formants.iter().map(gain).product::<f64>()
        };
        (0..=512).map(|bin| Lanes::splat(power(bin) as f32)).collect()
    }

    #[test]
    fn a_synthetic_vowel_has_its_formants() {
        for formants in [
            [(700.0, 80.0), (1220.0, 90.0), (2600.0, 120.0), (3500.0, 150.0), (4500.0, 200.0)],
            [(300.0, 60.0), (2300.0, 100.0), (3000.0, 140.0), (3800.0, 180.0), (4700.0, 220.0)],
        ] {
            let got = FormantTracker::new(16000, 1024).block(&vowel(&formants), [true; LANES])[3];
            for (got, (hz, _)) in got.iter().zip(formants) {
                assert!((f64::from(got.hz) / hz - 1.0).abs() < 0.03, "{} for {hz}", got.hz);
                assert!((10.0..400.0).contains(&got.bandwidth_hz), "bandwidth {}", got.bandwidth_hz);
            }
        }
    }

    #[test]
    fn silence_and_single_bins_are_harmless() {
        let mut tracker = FormantTracker::new(16000, 1024);
        let silent = vec![Lanes::ZERO; 513];
        let mut line = silent.clone();
        line[64] = Lanes::splat(1.0);
        for power in [&silent, &line] {
            for formant in tracker.block(power, [true; LANES]).as_flattened() {
                assert!(formant.hz.is_nan() || (50.0..=5450.0).contains(&formant.hz));
                assert!(!formant.bandwidth_hz.is_infinite());
            }
        }
        let inactive = tracker.block(&line, [false; LANES]);
        assert!(inactive.as_flattened().iter().all(|formant| formant.hz.is_nan()));
    }

    #[test]
    fn low_rates_have_fewer_poles() {
        for rate in [8000, 11025] {
            let tracker = FormantTracker::new(rate, 512);
            assert!(tracker.predictor.len() > 2 * FORMANTS && tracker.top_hz <= f64::from(rate) / 2.0);
        }
    }
}
