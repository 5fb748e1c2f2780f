//! Descriptors of voiced frames: what the vocal folds and the vocal tract did.
//!
//! The spectra are those of the pitch tracker's long frames ([`super::PitchTracker::spectra`]); the periods are found
//! in the signal itself.

mod cepstrum;
mod formants;
mod harmonics;
mod periods;
mod perturbation;
mod roots;

use super::dct::{GROUP, products};
use super::decibel::POWER_FLOOR;
use super::sums::largest_distance;
use super::{EvenFft, Grid, LANES, LN_TO_DB, Lanes, ln_in_place, simd};

pub use cepstrum::CepstralPeak;
pub use formants::{FORMANTS, Formant, FormantTracker};
pub use harmonics::{Harmonics, harmonics};
pub use periods::{Periods, Pulse};
pub use perturbation::{jitter_local, shimmer_local};
