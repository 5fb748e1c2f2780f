use super::super::set::Plan;
use crate::config::Descriptor;
use crate::dsp::{Contours, PitchFrame, PitchTracker, semitones};

const PITCH: [Descriptor; 4] =
    [Descriptor::F0Hz, Descriptor::F0Semitones, Descriptor::Voiced, Descriptor::VoicingStrength];

/// Pitch and what depends on it.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pitch: PitchTracker,
    frames: Vec<PitchFrame>,
}

impl Voice {
    /// `None` where the set uses none of it.
    pub fn new(plan: &Plan) -> Option<Self> {
        let used = plan.needs_voicing() || PITCH.iter().any(|descriptor| plan.row(*descriptor).is_some());
        let pitch = || PitchTracker::new(&plan.params.pitch, plan.sample_rate_hz, plan.params.frame.hop_samples);
        used.then(|| Self { pitch: pitch(), frames: Vec::new() })
    }

    /// Whether each frame of the last utterance is voiced.
    pub fn voicing(&self) -> impl Iterator<Item = bool> + '_ {
        self.frames.iter().map(|frame| frame.f0_hz.is_some())
    }

    /// Writes the rows of the whole utterance.
    pub fn run(&mut self, plan: &Plan, samples: &[f32], contours: &mut Contours) {
        self.pitch.track(samples, &mut self.frames);
        for descriptor in PITCH {
            let Some(row) = plan.row(descriptor) else { continue };
            for (value, frame) in contours.row_mut(row).iter_mut().zip(&self.frames) {
                *value = pitch_value(descriptor, frame);
            }
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
