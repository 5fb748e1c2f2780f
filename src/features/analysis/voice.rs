use super::super::set::ColumnPlan;
use crate::dsp::voice::{
    CepstralPeak, FORMANTS, FormantTracker, Periods, Pulse, harmonics, jitter_local, shimmer_local,
};
use crate::dsp::{Contours, Grid, LANES, Lanes, PitchFrame, PitchTracker, semitones};
use crate::features::Descriptor;

/// Descriptors read off the long spectra of voiced frames.
const SPECTRAL: [Descriptor; 6] = [
    Descriptor::CppDb,
    Descriptor::H1H2Db,
    Descriptor::H1A3Db,
    Descriptor::FormantHz,
    Descriptor::FormantBandwidthHz,
    Descriptor::FormantLevelDb,
];

/// Frames whose peak is below this share of the utterance's are silent: Praat's threshold of harmonicity.
const SILENCE: f32 = 0.1;

/// Largest magnitude of the harmonics-to-noise ratio, dB.
const MOST_HNR_DB: f32 = 40.0;

/// Pitch and what depends on it.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pitch: PitchTracker,
    frames: Vec<PitchFrame>,
    tract: Option<Tract>,
    perturbation: Option<Perturbation>,
}

impl Voice {
    /// `None` where the set uses none of it.
    pub fn new(plan: &ColumnPlan) -> Option<Self> {
        let uses = |descriptor: &Descriptor| plan.row(*descriptor).is_some();
        let used = plan.needs_voicing() || Descriptor::VOICE.iter().any(uses);
        let perturbed = [Descriptor::JitterLocal, Descriptor::ShimmerLocal].iter().any(uses);
        used.then(|| {
            let pitch = PitchTracker::new(&plan.params.pitch, plan.sample_rate_hz, Grid::new(&plan.params.frame));
            Self {
                frames: Vec::new(),
                tract: SPECTRAL.iter().any(uses).then(|| Tract::new(plan, pitch.n_fft())),
                perturbation: perturbed.then(Perturbation::default),
                pitch,
            }
        })
    }

    /// Whether each frame of the last utterance is voiced.
    pub fn voicing(&self) -> impl Iterator<Item = bool> + '_ {
        self.frames.iter().map(|frame| frame.f0_hz.is_some())
    }

    /// Writes the rows of the whole utterance.
    pub fn run(&mut self, plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
        self.pitch.track(samples, &mut self.frames);
        for descriptor in [
            Descriptor::F0Hz,
            Descriptor::F0Semitones,
            Descriptor::Voiced,
            Descriptor::VoicingStrength,
            Descriptor::HnrDb,
        ] {
            let Some(row) = plan.row(descriptor) else { continue };
            for (value, frame) in contours.row_mut(row).iter_mut().zip(&self.frames) {
                *value = pitch_value(descriptor, frame);
            }
        }
        if let Some(tract) = &mut self.tract {
            tract.run(plan, samples, (&mut self.pitch, &self.frames), contours);
        }
        if let Some(perturbation) = &mut self.perturbation {
            perturbation.run(plan, samples, &self.frames, contours);
        }
    }
}

fn pitch_value(descriptor: Descriptor, frame: &PitchFrame) -> f32 {
    match descriptor {
        Descriptor::F0Hz => frame.f0_hz.unwrap_or(f32::NAN),
        Descriptor::F0Semitones => frame.f0_hz.map_or(f32::NAN, semitones),
        Descriptor::Voiced => f32::from(u8::from(frame.f0_hz.is_some())),
        Descriptor::HnrDb if frame.level < SILENCE => f32::NAN,
        Descriptor::HnrDb => hnr_db(frame.strength),
        _ => frame.strength,
    }
}

/// Harmonics-to-noise ratio of a frame whose periodic part is `strength` of its energy (Boersma 1993, equation 4).
fn hnr_db(strength: f32) -> f32 {
    let least = 1.0 / (1.0 + 10_f32.powf(MOST_HNR_DB / 10.0));
    let strength = strength.clamp(least, 1.0 - least);
    10.0 * (strength / (1.0 - strength)).log10()
}

/// Formants, harmonics and cepstral peak of blocks with a voiced frame, from the pitch tracker's spectra.
#[derive(Debug, Clone)]
struct Tract {
    bin_hz: f32,
    formants: FormantTracker,
    cepstrum: Option<CepstralPeak>,
}

impl Tract {
    /// For spectra of `n_fft / 2 + 1` bins.
    fn new(plan: &ColumnPlan, n_fft: usize) -> Self {
        let rate = plan.sample_rate_hz;
        let cepstrum = plan.row(Descriptor::CppDb).map(|_| CepstralPeak::new(&plan.params.pitch, rate, n_fft));
        Self { bin_hz: rate as f32 / n_fft as f32, formants: FormantTracker::new(rate, n_fft), cepstrum }
    }

    fn run(
        &mut self,
        plan: &ColumnPlan,
        samples: &[f32],
        (pitch, frames): (&mut PitchTracker, &[PitchFrame]),
        contours: &mut Contours,
    ) {
        for descriptor in SPECTRAL {
            plan.rows(descriptor).for_each(|row| contours.row_mut(row).fill(f32::NAN));
        }
        for (block, frames) in frames.chunks(LANES).enumerate() {
            let f0_hz = std::array::from_fn(|lane| frames.get(lane).and_then(|frame| frame.f0_hz));
            if f0_hz.iter().any(Option::is_some) {
                self.block(plan, pitch.spectra(samples, block * LANES), f0_hz, block * LANES, contours);
            }
        }
    }

    fn block(
        &mut self,
        plan: &ColumnPlan,
        power: &[Lanes],
        f0_hz: [Option<f32>; LANES],
        first_frame: usize,
        contours: &mut Contours,
    ) {
        let formants = self.formants.block(power, f0_hz.map(|f0_hz| f0_hz.is_some()));
        let cpp_db = self.cepstrum.as_mut().map(|cepstrum| cepstrum.prominence_db(power));
        for (lane, f0_hz) in f0_hz.into_iter().enumerate() {
            let Some(f0_hz) = f0_hz else { continue };
            let mut put = |descriptor, channel: usize, value| {
                if let Some(row) = plan.row(descriptor) {
                    contours.row_mut(row + channel)[first_frame + lane] = value;
                }
            };
            let harmonics = harmonics(power, lane, self.bin_hz, f0_hz, &formants[lane]);
            put(Descriptor::H1H2Db, 0, harmonics.h1_h2_db);
            put(Descriptor::H1A3Db, 0, -harmonics.formant_level_db[FORMANTS - 1]);
            if let Some(cpp_db) = cpp_db {
                put(Descriptor::CppDb, 0, cpp_db.0[lane]);
            }
            for (channel, formant) in formants[lane].iter().enumerate() {
                put(Descriptor::FormantHz, channel, formant.hz);
                put(Descriptor::FormantBandwidthHz, channel, formant.bandwidth_hz);
                put(Descriptor::FormantLevelDb, channel, harmonics.formant_level_db[channel]);
            }
        }
    }
}

/// Jitter and shimmer of voiced frames.
#[derive(Debug, Clone, Default)]
struct Perturbation {
    /// Fundamental period of each frame in samples, NaN where unvoiced.
    periods: Vec<f64>,
    finder: Periods,
}

impl Perturbation {
    fn run(&mut self, plan: &ColumnPlan, samples: &[f32], frames: &[PitchFrame], contours: &mut Contours) {
        let (rate, grid) = (f64::from(plan.sample_rate_hz), Grid::new(&plan.params.frame));
        let period = |frame: &PitchFrame| frame.f0_hz.map_or(f64::NAN, |f0_hz| rate / f64::from(f0_hz));
        self.periods.clear();
        self.periods.extend(frames.iter().map(period));
        let pulses = self.finder.find(samples, &self.periods, grid);
        // As far as the long frames reach.
        let reach = 1.5 * rate / plan.params.pitch.min_hz;
        let mut write = |descriptor, measure: fn(&[Pulse], u32, Grid, f64, &mut [f32])| {
            let Some(row) = plan.row(descriptor) else { return };
            let contour = contours.row_mut(row);
            measure(pulses, plan.sample_rate_hz, grid, reach, contour);
            let unvoiced = contour.iter_mut().zip(frames).filter(|(_, frame)| frame.f0_hz.is_none());
            unvoiced.for_each(|(value, _)| *value = f32::NAN);
        };
        write(Descriptor::JitterLocal, jitter_local);
        write(Descriptor::ShimmerLocal, shimmer_local);
    }
}

#[cfg(test)]
mod tests {
    use crate::dsp::testing::noise;
    use crate::features::FeatureSet;
    use crate::features::FeaturesSection;

    /// The contour of a descriptor over `samples` at 16 kHz.
    fn contour(descriptor: &str, samples: &[f32]) -> Vec<f32> {
        let toml =
            format!("set = \"a\"\n[[sets.a.groups]]\ndescriptors = [\"{descriptor}\"]\nfunctionals = [\"mean\"]");
        let features: FeaturesSection = toml::from_str(&toml).expect("legal TOML");
        let mut extractor = FeatureSet::new(&features.check(16000).expect("a legal set"), 16000).extractor();
        extractor.contours(samples).row(0).to_vec()
    }

    /// A sine of 200 Hz with white noise `snr_db` below it.
    fn noisy_tone(snr_db: f32) -> Vec<f32> {
        let mut noise = noise();
        // Uniform noise of width 1 has the power 1/12, the sine of height 0.3 has 0.045.
        let gain = (0.045 * 12.0 / 10_f32.powf(snr_db / 10.0)).sqrt();
        let tone = |i: usize| 0.3 * (std::f32::consts::TAU * (i as f32 / 80.0).fract()).sin();
        (0..16000).map(|i| tone(i) + gain * noise()).collect()
    }

    #[test]
    fn harmonics_to_noise_ratio_is_that_of_tone_and_noise() {
        for snr_db in [5.0, 15.0, 25.0] {
            let hnr_db = contour("hnr_db", &noisy_tone(snr_db));
            let mean = hnr_db[5..95].iter().sum::<f32>() / 90.0;
            // The highest of several periods' peaks is taken, which noise lifts a little.
            assert!((-0.5..1.5).contains(&(mean - snr_db)), "{mean} dB for {snr_db}");
        }
    }

    #[test]
    fn silent_frames_have_no_ratio() {
        let mut samples = noisy_tone(20.0);
        samples[8000..].fill(0.0);
        let hnr_db = contour("hnr_db", &samples);
        assert!(hnr_db[20].is_finite() && hnr_db[80].is_nan());
    }

    #[test]
    fn a_steady_tone_has_no_jitter() {
        let samples = noisy_tone(60.0);
        for descriptor in ["jitter_local", "shimmer_local"] {
            let values = contour(descriptor, &samples);
            assert!(values[10..90].iter().all(|value| (0.0..0.01).contains(value)), "{descriptor}: {values:?}");
        }
    }
}
