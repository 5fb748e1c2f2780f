use super::super::set::Plan;
use crate::config::Descriptor;
use crate::dsp::{Contours, Dct, Lanes, MelFrames};

/// Mel bands and their cepstra.
#[derive(Debug, Clone)]
pub(super) struct Cepstral {
    cepstra: Option<(MelFrames, Dct)>,
    log_mel: Option<MelFrames>,
}

impl Cepstral {
    /// `None` where the set uses none of it.
    pub fn new(plan: &Plan) -> Option<Self> {
        let (params, rate) = (&plan.params, plan.sample_rate_hz);
        let uses = |descriptor| plan.row(descriptor).is_some();
        let mel = |bands: usize, top_db: Option<f64>| {
            MelFrames::new(rate, params.frame.n_fft, bands, top_db.map(|top_db| top_db as f32))
        };
        let (mfcc, log_mel) = (&params.mfcc, &params.log_mel);
        let cepstra = || (mel(mfcc.mel_bands, mfcc.top_db), Dct::new(mfcc.coefficients, mfcc.mel_bands));
        let room = Self {
            cepstra: uses(Descriptor::Mfcc).then(cepstra),
            log_mel: uses(Descriptor::LogMel).then(|| mel(log_mel.bands, log_mel.top_db)),
        };
        (room.cepstra.is_some() || room.log_mel.is_some()).then_some(room)
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self, frames: usize) {
        self.cepstra.iter_mut().for_each(|(mel, _)| mel.reset(frames));
        self.log_mel.iter_mut().for_each(|mel| mel.reset(frames));
    }

    /// Takes the power spectra of the next block.
    pub fn push(&mut self, power: &[Lanes]) {
        self.cepstra.iter_mut().for_each(|(mel, _)| mel.push(power));
        self.log_mel.iter_mut().for_each(|mel| mel.push(power));
    }

    /// Writes the rows of the whole utterance.
    pub fn write(&mut self, plan: &Plan, contours: &mut Contours) {
        if let (Some((mel, dct)), Some(row)) = (&mut self.cepstra, plan.row(Descriptor::Mfcc)) {
            mel.write_cepstra(dct, contours, row);
        }
        if let (Some(mel), Some(row)) = (&self.log_mel, plan.row(Descriptor::LogMel)) {
            mel.write(contours, row);
        }
    }
}
