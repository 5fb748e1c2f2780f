//! Signal processing: pure functions and reusable extractors over slices; knows no files, tables or column names.
//!
//! Frames are handled eight at a time. A *block* is [`LANES`] consecutive frames side by side: row `i` of a block
//! holds sample, bin or band `i` of all eight, so that every step (window, FFT, mel bank, logarithm, DCT, sums over
//! bins) is plain arithmetic on [`Lanes`] and runs on SIMD registers without shuffles. The result is a
//! [`Contours`] matrix: one row a descriptor, one column a frame.
//!
//! Frame `t` is centred on sample `t * hop`; samples outside the signal count as zero (librosa's `center=True`), so a
//! signal of `n` samples has `1 + n / hop` frames, and even a single sample has one.

mod contours;
mod dct;
mod decibel;
mod delta;
mod energy;
mod fft;
mod framing;
mod functionals;
mod lanes;
mod mel;
mod mfcc;
mod pitch;
mod spectra;
mod spectral;
mod window;

pub use contours::Contours;
pub use dct::Dct;
pub use decibel::{LN_TO_DB, ln_in_place, power_to_db};
pub use delta::{DELTA_WIDTH, delta};
pub use energy::{log_energy_db, rms, zero_crossing_rate};
pub use fft::RealFft;
pub use framing::{BlockLoader, frame_count};
pub use functionals::{
    Ascending, Cosines, Curve, Extremes, ModulationAnalyzer, ModulationSpectrum, Moments, Prediction, Regression,
    Spread, Stretches, crossings, extremes, mean_magnitude, moments, position, predict, regression, rise_share,
    share_above, stretches,
};
pub use lanes::{LANES, Lanes, simd};
pub use mel::MelBank;
pub use mfcc::{MelFrames, MfccExtractor};
pub use pitch::{PitchFrame, PitchTracker, semitones};
pub use spectra::PowerSpectra;
pub use spectral::{SpectralFrame, SpectralShape};
pub use window::window;
