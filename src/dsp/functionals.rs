//! Functionals: numbers that sum up a contour, a small file a family.
//!
//! A contour has one value a frame, and NaN where that is missing. Every family states what it makes of gaps and of
//! contours too short or too flat for it; each value is finite as long as those of the contour are.

mod cosines;
mod curve;
mod extremes;
mod levels;
mod modulation;
mod moments;
mod order;
mod positions;
mod prediction;
mod regression;
mod spread;
mod stretches;
#[cfg(test)]
mod testing;

pub use cosines::Cosines;
pub use curve::Curve;
pub use extremes::{Extremes, extremes};
pub use levels::{crossings, rise_share, share_above};
pub use modulation::{ModulationAnalyzer, ModulationSpectrum};
pub use moments::{Moments, mean_magnitude, moments};
pub use order::Ascending;
pub use positions::position;
pub use prediction::{Prediction, predict};
pub use regression::{Regression, regression};
pub use spread::Spread;
pub use stretches::{Stretches, stretches};
