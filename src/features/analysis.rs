mod cepstral;
mod shape;
mod voice;

use super::set::ColumnPlan;
use crate::dsp::{Contours, Grid, LANES, PowerSpectra, log_energy_db, rms, zero_crossing_rate};
use crate::features::Descriptor;
use cepstral::Cepstral;
use shape::Shape;
use voice::Voice;

/// Fills the contour matrix of a plan; one window and one FFT a frame serve all spectral descriptors.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    spectra: PowerSpectra,
    cepstral: Option<Cepstral>,
    shape: Option<Shape>,
    voice: Option<Voice>,
}

impl Analysis {
    /// Plans what the set needs and nothing else.
    pub fn new(plan: &ColumnPlan) -> Self {
        Self {
            spectra: PowerSpectra::new(&plan.params.frame),
            cepstral: Cepstral::new(plan),
            shape: Shape::new(plan),
            voice: Voice::new(plan),
        }
    }

    /// Shapes `contours` to the plan's rows and the frames of `samples`, and fills it.
    pub fn run(&mut self, plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
        let frames = Grid::new(&plan.params.frame).frames(samples.len());
        contours.reset(plan.contours.len(), frames);
        self.spectral(plan, samples, contours);
        temporal(plan, samples, contours);
        if let Some(voice) = &mut self.voice {
            voice.run(plan, samples, contours);
        }
    }

    /// Whether each frame of the last utterance is voiced; empty where the plan does not need to know.
    pub fn voicing(&self) -> impl Iterator<Item = bool> + '_ {
        self.voice.iter().flat_map(Voice::voicing)
    }

    fn spectral(&mut self, plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
        let frames = contours.frames();
        self.cepstral.iter_mut().for_each(|cepstral| cepstral.reset(frames));
        self.shape.iter_mut().for_each(Shape::reset);
        if self.shape.is_some() || self.cepstral.as_ref().is_some_and(Cepstral::shares_spectra) {
            for first_frame in (0..frames).step_by(LANES) {
                let power = self.spectra.block(samples, first_frame);
                self.cepstral.iter_mut().for_each(|cepstral| cepstral.push(power));
                self.shape.iter_mut().for_each(|shape| shape.write(plan, power, contours, first_frame));
            }
        }
        self.cepstral.iter_mut().for_each(|cepstral| cepstral.write(plan, samples, contours));
    }
}

/// Writes the rows that need samples and no spectrum.
fn temporal(plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
    let grid = Grid::new(&plan.params.frame);
    if let Some(row) = plan.row(Descriptor::Rms) {
        rms(samples, grid, contours.row_mut(row));
    }
    if let Some(row) = plan.row(Descriptor::LogEnergyDb) {
        let contour = contours.row_mut(row);
        rms(samples, grid, contour);
        contour.iter_mut().for_each(|value| *value = log_energy_db(*value));
    }
    if let Some(row) = plan.row(Descriptor::Zcr) {
        zero_crossing_rate(samples, grid, contours.row_mut(row));
    }
}
