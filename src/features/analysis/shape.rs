use super::super::set::Plan;
use crate::config::Descriptor;
use crate::dsp::{Contours, Lanes, SpectralShape};

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

/// The shape of each frame's spectrum.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    shape: SpectralShape,
}

impl Shape {
    /// `None` where the set uses none of it.
    pub fn new(plan: &Plan) -> Option<Self> {
        let used = SHAPE.iter().any(|descriptor| plan.row(*descriptor).is_some());
        used.then(|| Self { shape: SpectralShape::new(plan.sample_rate_hz, plan.params.frame.n_fft) })
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self) {
        self.shape.reset();
    }

    /// Writes the rows of a block whose power spectra are `power`.
    pub fn write(&mut self, plan: &Plan, power: &[Lanes], contours: &mut Contours, first_frame: usize) {
        let shape = self.shape.measure(power);
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
}
