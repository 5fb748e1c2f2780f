use super::super::set::ColumnPlan;
use crate::dsp::{Cepstra, Contours, FrontEnd, LANES, Lanes, MelBank, MelFrames, MelPreset};
use crate::features::Descriptor;

/// Mel bands and their cepstra.
#[derive(Debug, Clone)]
pub(super) struct Cepstral {
    /// Each preset in use: what makes its spectra (`None` where it takes the set's), and its descriptors.
    presets: Vec<(Option<FrontEnd>, Bands)>,
}

/// The descriptors of one preset.
#[derive(Debug, Clone)]
struct Bands {
    cepstra: Option<Cepstra>,
    log_mel: Option<MelFrames>,
    mel_energy: Option<MelFrames>,
}

impl Cepstral {
    /// `None` where the set uses none of it.
    pub fn new(plan: &ColumnPlan) -> Option<Self> {
        let (mfcc, log_mel) = (plan.params.mfcc.preset, plan.params.log_mel.preset);
        let options = [(Descriptor::Mfcc, mfcc), (Descriptor::LogMel, log_mel), (Descriptor::MelEnergy, log_mel)];
        let used = options.into_iter().filter(|(descriptor, _)| plan.row(*descriptor).is_some());
        let mut presets: Vec<MelPreset> = used.map(|(_, preset)| preset).collect();
        presets.dedup();
        let parts = |preset| (FrontEnd::new(preset, &plan.params.frame), Bands::new(plan, preset));
        (!presets.is_empty()).then(|| Self { presets: presets.into_iter().map(parts).collect() })
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self, frames: usize) {
        self.presets.iter_mut().for_each(|(_, bands)| bands.reset(frames));
    }

    /// Whether a preset takes the set's spectra.
    pub fn shares_spectra(&self) -> bool {
        self.presets.iter().any(|(front_end, _)| front_end.is_none())
    }

    /// Takes the set's power spectra of the next block.
    pub fn push(&mut self, power: &[Lanes]) {
        let sharing = self.presets.iter_mut().filter(|(front_end, _)| front_end.is_none());
        sharing.for_each(|(_, bands)| bands.push(power, None));
    }

    /// Makes the spectra that are a preset's own and writes the rows of the whole utterance.
    pub fn write(&mut self, plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
        for (front_end, bands) in &mut self.presets {
            if let Some(front_end) = front_end {
                for first_frame in (0..contours.frames()).step_by(LANES) {
                    let (spectrum, energy) = front_end.block(samples, first_frame);
                    bands.push(spectrum, energy);
                }
            }
            bands.write(plan, contours);
        }
    }
}

impl Bands {
    fn new(plan: &ColumnPlan, preset: MelPreset) -> Self {
        let (mfcc, log_mel) = (&plan.params.mfcc, &plan.params.log_mel);
        let (rate, n_fft) = (plan.sample_rate_hz, plan.params.frame.n_fft);
        let uses = |descriptor, its: MelPreset| its == preset && plan.row(descriptor).is_some();
        let bank = || MelBank::of(preset, rate, n_fft, log_mel.bands);
        let levels = || MelFrames::levels(preset, bank(), log_mel.top_db);
        Self {
            cepstra: uses(Descriptor::Mfcc, mfcc.preset).then(|| Cepstra::new(mfcc, rate, n_fft)),
            log_mel: uses(Descriptor::LogMel, log_mel.preset).then(levels),
            mel_energy: uses(Descriptor::MelEnergy, log_mel.preset).then(|| MelFrames::energies(bank())),
        }
    }

    fn reset(&mut self, frames: usize) {
        self.cepstra.iter_mut().for_each(|cepstra| cepstra.reset(frames));
        self.log_mel.iter_mut().chain(&mut self.mel_energy).for_each(|bands| bands.reset(frames));
    }

    fn push(&mut self, spectrum: &[Lanes], energy: Option<Lanes>) {
        self.cepstra.iter_mut().for_each(|cepstra| cepstra.push(spectrum, energy));
        self.log_mel.iter_mut().chain(&mut self.mel_energy).for_each(|bands| bands.push(spectrum));
    }

    fn write(&mut self, plan: &ColumnPlan, contours: &mut Contours) {
        if let (Some(cepstra), Some(row)) = (&mut self.cepstra, plan.row(Descriptor::Mfcc)) {
            cepstra.write(contours, row);
        }
        let bands = [(&mut self.log_mel, Descriptor::LogMel), (&mut self.mel_energy, Descriptor::MelEnergy)];
        for (bands, descriptor) in bands {
            if let (Some(bands), Some(row)) = (bands, plan.row(descriptor)) {
                bands.write(contours, row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dsp::Contours;
    use crate::features::FeatureSet;
    use crate::features::FeaturesSection;

    /// Contours of the last utterance: MFCC by Kaldi, mel bands by librosa, on one grid.
    fn contours(descriptors: &str, utterances: &[Vec<f32>]) -> Contours {
        let toml = format!(
            "set = \"a\"\n[sets.a]\nframe.edges = \"snip\"\nmfcc.preset = \"kaldi\"\nlog_mel.preset = \"librosa\"\n\
             groups = [{{ descriptors = [{descriptors}], functionals = [\"mean\"] }}]"
        );
        let features: FeaturesSection = toml::from_str(&toml).expect("legal TOML");
        let mut extractor = FeatureSet::new(&features.check(16000).expect("a legal set"), 16000).extractor();
        let mut contours = Contours::new();
        utterances.iter().for_each(|samples| contours.clone_from(extractor.contours(samples)));
        contours
    }

    fn tone(samples: usize) -> Vec<f32> {
        (0..samples).map(|i| 0.2 * (i as f32 * 0.2).sin() + 0.1 * (i as f32 * 0.05).cos()).collect()
    }

    #[test]
    fn presets_stand_side_by_side_and_forget_the_last_utterance() {
        let all = contours(r#""mfcc", "log_mel", "mel_energy", "zcr""#, &[tone(9000), tone(5000)]);
        let parts = [(0, r#""mfcc""#), (13, r#""log_mel""#), (39, r#""mel_energy""#), (65, r#""zcr""#)];
        for (first_row, descriptor) in parts {
            let alone = contours(descriptor, &[tone(5000)]);
            for row in 0..alone.rows() {
                assert_eq!(all.row(first_row + row), alone.row(row), "{descriptor} {row}");
            }
        }
        assert_eq!((all.rows(), all.frames()), (66, 29));
    }
}
