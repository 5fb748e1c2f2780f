//! Signal processing: pure functions and reusable extractors over slices; knows no files, tables or column names.
//!
//! Frames are handled eight at a time. A *block* is [`LANES`] consecutive frames side by side: row `i` of a block
//! holds sample, bin or band `i` of all eight, so that every step (window, FFT, mel bank, logarithm, DCT, sums over
//! bins) is plain arithmetic on [`Lanes`] and runs on SIMD registers without shuffles. The result is a
//! [`Contours`] matrix: one row a descriptor, one column a frame.
//!
//! A [`Grid`] says where frames lie; samples outside the signal count as zero, and even a single sample has a frame.

mod auditory;
mod cepstra;
mod contours;
mod dct;
mod decibel;
mod delta;
mod energy;
mod fft;
mod framing;
mod front_end;
mod functionals;
mod lanes;
mod mel;
mod parabola;
mod pitch;
pub mod spectral;
mod sums;
#[cfg(test)]
pub(crate) mod testing;
mod vector;
pub mod voice;
mod window;

pub use auditory::Auditory;
pub use cepstra::{Cepstra, MelFrames, Mfcc, MfccParams, level_in_place};
pub use contours::Contours;
pub use dct::Dct;
pub use decibel::{LN_TO_DB, exp_in_place, ln_in_place, power_to_db};
pub use delta::{DELTA_WIDTH, delta};
pub use energy::{log_energy_db, rms, zero_crossing_rate};
pub use fft::{BlockFft, EvenFft, PairFft, RealFft};
pub use framing::{BlockLoader, Cutter, Edges, Frame, FrameParams, Grid};
pub use front_end::{FrontEnd, PowerSpectra};
pub use functionals::{
    Ascending, Cosines, Curve, Extremes, ModulationAnalyzer, ModulationSpectrum, Moments, Prediction, Regression,
    Spread, Stretches, crossings, extremes, mean_magnitude, moments, position, predict, regression, rise_share,
    share_above, stretches,
};
pub use lanes::{LANES, Lanes, simd};
pub use mel::{LogMel, LogMelParams, MelBank, MelPreset};
pub use pitch::{Pitch, PitchFrame, PitchParams, PitchTracker, semitones};
pub use vector::VectorLevel;
pub use window::{Window, inner_hann, povey, symmetric_hamming, window};
