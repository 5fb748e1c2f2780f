//! Descriptors of the shape of a frame's spectrum.
//!
//! All take a [`Spectrum`], the eight spectra of a block with what the descriptors share, and give one value a frame.
//! In digital silence every bin counts as [`POWER_FLOOR`] where a logarithm is taken, and shares of nothing are 0.

mod shape;

use super::decibel::POWER_FLOOR;
use super::{Lanes, ln_in_place, simd};

pub use shape::*;

#[cfg(test)]
mod tests;

/// The spectra of a block and what several descriptors need of them; buffers are kept from block to block.
#[derive(Debug, Clone)]
pub struct Spectrum {
    /// Distance of two bins, Hz.
    bin_hz: f32,
    /// `|X|^2` of each bin.
    power: Vec<Lanes>,
    /// `|X|` of each bin.
    magnitude: Vec<Lanes>,
    /// Natural logarithm of the power, at least that of [`POWER_FLOOR`].
    log_power: Vec<Lanes>,
    /// Sum of the magnitudes.
    total: Lanes,
    /// `1 / total`; 0 in silence.
    share: Lanes,
    /// Mean frequency weighted by magnitude, Hz; 0 in silence.
    centroid_hz: Lanes,
}

impl Spectrum {
    /// For spectra of `n_fft / 2 + 1` bins.
    pub fn new(sample_rate_hz: u32, n_fft: usize) -> Self {
        let rows = || vec![Lanes::ZERO; n_fft / 2 + 1];
        Self {
            bin_hz: sample_rate_hz as f32 / n_fft as f32,
            power: rows(),
            magnitude: rows(),
            log_power: rows(),
            total: Lanes::ZERO,
            share: Lanes::ZERO,
            centroid_hz: Lanes::ZERO,
        }
    }

    /// Takes the next block: `n_fft / 2 + 1` rows of `|X|^2`.
    pub fn load(&mut self, power: &[Lanes]) {
        self.power.copy_from_slice(power);
        self.log_power.copy_from_slice(power);
        ln_in_place(&mut self.log_power, POWER_FLOOR);
        simd(
            #[inline(always)]
            || {
                let (mut total, mut weighted) = (Lanes::ZERO, Lanes::ZERO);
                for (bin, (magnitude, power)) in self.magnitude.iter_mut().zip(power).enumerate() {
                    *magnitude = power.sqrt();
                    total += *magnitude;
                    weighted += *magnitude * (bin as f32 * self.bin_hz);
                }
                self.total = total;
                self.share = total.map(|total| if total > f32::MIN_POSITIVE { 1.0 / total } else { 0.0 });
                self.centroid_hz = weighted * self.share;
            },
        );
    }

    /// Bins from `low_hz` up to but not including `high_hz`; those that the spectrum lacks are left out.
    fn bins(&self, low_hz: f32, high_hz: f32) -> std::ops::Range<usize> {
        let bin = |hz: f32| ((hz / self.bin_hz).ceil() as usize).min(self.power.len());
        bin(low_hz)..bin(high_hz)
    }

    /// Frequency of a bin, Hz.
    #[inline(always)]
    fn hz(&self, bin: usize) -> f32 {
        bin as f32 * self.bin_hz
    }
}
