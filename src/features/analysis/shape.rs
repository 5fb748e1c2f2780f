use super::super::descriptor::OfSpectrum;
use super::super::set::{ColumnPlan, Contour};
use crate::dsp::spectral::{Flux, Spectrum, contrast_db};
use crate::dsp::{Auditory, Contours, Lanes, window};
use crate::features::Descriptor;

/// The shape of each frame's spectrum, and how it sounds.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    spectrum: Option<Spectrum>,
    /// Rows of one value, and what computes them.
    values: Vec<(usize, OfSpectrum)>,
    fluxes: Vec<(Descriptor, Flux)>,
    auditory: Option<Auditory>,
}

impl Shape {
    /// `None` where the set uses none of it.
    pub fn new(plan: &ColumnPlan) -> Option<Self> {
        let (rate, frame) = (plan.sample_rate_hz, &plan.params.frame);
        let uses = |descriptor: Descriptor| plan.row(descriptor).is_some();
        let window_sum: f32 = window(frame.window, frame.window_samples).iter().sum();
        let mut fluxes = vec![
            (Descriptor::SpectralFlux, Flux::of_shape(frame.n_fft)),
            (Descriptor::MagnitudeFlux, Flux::of_level(frame.n_fft, 2.0 / window_sum)),
        ];
        fluxes.retain(|(descriptor, _)| uses(*descriptor));
        let contrast = uses(Descriptor::SpectralContrastDb);
        let value = |(row, contour): (usize, &Contour)| Some((row, contour.descriptor.of_spectrum()?));
        let values: Vec<_> = plan.contours.iter().enumerate().filter_map(value).collect();
        let shaped = contrast || !fluxes.is_empty() || !values.is_empty();
        let heard = [Descriptor::Loudness, Descriptor::SharpnessAcum].into_iter().any(uses);
        let room = Self {
            spectrum: shaped.then(|| Spectrum::new(rate, frame.n_fft)),
            values,
            fluxes,
            auditory: heard.then(|| Auditory::new(rate, frame)),
        };
        (shaped || heard).then_some(room)
    }

    /// Forgets the last utterance.
    pub fn reset(&mut self) {
        self.fluxes.iter_mut().for_each(|(_, flux)| flux.reset());
    }

    /// Writes the rows of a block whose power spectra are `power`.
    pub fn write(&mut self, plan: &ColumnPlan, power: &[Lanes], contours: &mut Contours, first_frame: usize) {
        let mut put = |descriptor, value| {
            if let Some(row) = plan.row(descriptor) {
                contours.write_block(row, first_frame, value);
            }
        };
        if let Some(auditory) = &mut self.auditory {
            auditory.load(power);
            put(Descriptor::Loudness, auditory.loudness());
            put(Descriptor::SharpnessAcum, auditory.sharpness_acum());
        }
        let Some(spectrum) = &mut self.spectrum else { return };
        spectrum.load(power);
        for (descriptor, flux) in &mut self.fluxes {
            put(*descriptor, flux.next(spectrum));
        }
        for (row, value) in &self.values {
            contours.write_block(*row, first_frame, value(spectrum));
        }
        if let Some(first) = plan.row(Descriptor::SpectralContrastDb) {
            for (band, value) in contrast_db(spectrum).into_iter().enumerate() {
                contours.write_block(first + band, first_frame, value);
            }
        }
    }
}
