use super::set::Plan;
use crate::config::{Delta, Descriptor};
use crate::dsp::{
    Contours, Dct, LANES, Lanes, MelFrames, PitchFrame, PitchTracker, PowerSpectra, SpectralFrame, SpectralShape,
    delta, frame_count, log_energy_db, rms, semitones, zero_crossing_rate,
};

/// Fills the contour matrix of a plan; one window and one FFT a frame serve all spectral descriptors.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    spectra: PowerSpectra,
    cepstra: Option<(MelFrames, Dct)>,
    log_mel: Option<MelFrames>,
    shape: Option<SpectralShape>,
    pitch: Option<PitchTracker>,
    pitch_frames: Vec<PitchFrame>,
}

const SHAPE: [Descriptor; 8] = [
    Descriptor::SpectralCentroidHz,
    Descriptor::SpectralBandwidthHz,
    Descriptor::SpectralRolloffHz,
    Descriptor::SpectralFlatness,
    Descriptor::SpectralEntropy,
    Descriptor::SpectralFlux,
    Descriptor::AlphaRatioDb,
    Descriptor::HammarbergDb,
];

const PITCH: [Descriptor; 4] =
    [Descriptor::F0Hz, Descriptor::F0Semitones, Descriptor::Voiced, Descriptor::VoicingStrength];

impl Analysis {
    /// Plans what the set needs and nothing else.
    pub fn new(plan: &Plan) -> Self {
        let (params, rate) = (&plan.params, plan.sample_rate_hz);
        let uses = |descriptor: &Descriptor| plan.row(*descriptor).is_some();
        let mel = |bands: usize, top_db: Option<f64>| {
            MelFrames::new(rate, params.frame.n_fft, bands, top_db.map(|top_db| top_db as f32))
        };
        let (mfcc, log_mel) = (&params.mfcc, &params.log_mel);
        let cepstra = || (mel(mfcc.mel_bands, mfcc.top_db), Dct::new(mfcc.coefficients, mfcc.mel_bands));
        Self {
            spectra: PowerSpectra::new(&params.frame),
            cepstra: uses(&Descriptor::Mfcc).then(cepstra),
            log_mel: uses(&Descriptor::LogMel).then(|| mel(log_mel.bands, log_mel.top_db)),
            shape: SHAPE.iter().any(uses).then(|| SpectralShape::new(rate, params.frame.n_fft)),
            pitch: PITCH.iter().any(uses).then(|| PitchTracker::new(&params.pitch, rate, params.frame.hop_samples)),
            pitch_frames: Vec::new(),
        }
    }

    /// Shapes `contours` to the plan's rows and the frames of `samples`, and fills it.
    pub fn run(&mut self, plan: &Plan, samples: &[f32], contours: &mut Contours) {
        let frames = frame_count(samples.len(), plan.params.frame.hop_samples);
        contours.reset(plan.contours.len(), frames);
        self.spectral(plan, samples, contours);
        temporal(plan, samples, contours);
        self.pitched(plan, samples, contours);
        deltas(plan, contours);
    }

    fn spectral(&mut self, plan: &Plan, samples: &[f32], contours: &mut Contours) {
        let frames = contours.frames();
        self.cepstra.iter_mut().for_each(|(mel, _)| mel.reset(frames));
        self.log_mel.iter_mut().for_each(|mel| mel.reset(frames));
        self.shape.iter_mut().for_each(SpectralShape::reset);
        if self.cepstra.is_some() || self.log_mel.is_some() || self.shape.is_some() {
            for first_frame in (0..frames).step_by(LANES) {
                let power = self.spectra.block(samples, first_frame);
                self.cepstra.iter_mut().for_each(|(mel, _)| mel.push(power));
                self.log_mel.iter_mut().for_each(|mel| mel.push(power));
                if let Some(shape) = &mut self.shape {
                    write_shape(plan, &shape.measure(power), contours, first_frame);
                }
            }
        }
        if let (Some((mel, dct)), Some(row)) = (&mut self.cepstra, plan.row(Descriptor::Mfcc)) {
            mel.write_cepstra(dct, contours, row);
        }
        if let (Some(mel), Some(row)) = (&self.log_mel, plan.row(Descriptor::LogMel)) {
            mel.write(contours, row);
        }
    }

    fn pitched(&mut self, plan: &Plan, samples: &[f32], contours: &mut Contours) {
        let Some(pitch) = &mut self.pitch else { return };
        pitch.track(samples, &mut self.pitch_frames);
        for descriptor in PITCH {
            let Some(row) = plan.row(descriptor) else { continue };
            for (value, frame) in contours.row_mut(row).iter_mut().zip(&self.pitch_frames) {
                *value = pitch_value(descriptor, frame);
            }
        }
    }
}

fn temporal(plan: &Plan, samples: &[f32], contours: &mut Contours) {
    let (window, hop) = (plan.params.frame.window_samples, plan.params.frame.hop_samples);
    if let Some(row) = plan.row(Descriptor::Rms) {
        rms(samples, window, hop, contours.row_mut(row));
    }
    if let Some(row) = plan.row(Descriptor::LogEnergyDb) {
        let contour = contours.row_mut(row);
        rms(samples, window, hop, contour);
        contour.iter_mut().for_each(|value| *value = log_energy_db(*value));
    }
    if let Some(row) = plan.row(Descriptor::Zcr) {
        zero_crossing_rate(samples, window, hop, contours.row_mut(row));
    }
}

fn write_shape(plan: &Plan, shape: &SpectralFrame, contours: &mut Contours, first_frame: usize) {
    let values: [Lanes; SHAPE.len()] = [
        shape.centroid_hz,
        shape.bandwidth_hz,
        shape.rolloff_hz,
        shape.flatness,
        shape.entropy,
        shape.flux,
        shape.alpha_ratio_db,
        shape.hammarberg_db,
    ];
    for (descriptor, value) in SHAPE.into_iter().zip(values) {
        if let Some(row) = plan.row(descriptor) {
            contours.write_block(row, first_frame, value);
        }
    }
}

fn pitch_value(descriptor: Descriptor, frame: &PitchFrame) -> f32 {
    match descriptor {
        Descriptor::F0Hz => frame.f0_hz.unwrap_or(f32::NAN),
        Descriptor::F0Semitones => frame.f0_hz.map_or(f32::NAN, semitones),
        Descriptor::Voiced => f32::from(u8::from(frame.f0_hz.is_some())),
        _ => frame.strength,
    }
}

/// Fills the rows of the deltas from those of their descriptors, which come before them.
fn deltas(plan: &Plan, contours: &mut Contours) {
    for (target, contour) in plan.contours.iter().enumerate().filter(|(_, contour)| contour.delta != Delta::None) {
        if let Some(first) = plan.row(contour.descriptor) {
            let (source, out) = contours.pair_mut(first + contour.channel, target);
            delta(source, contour.delta.order(), out);
        }
    }
}
