//! Feature sets: which descriptors under which functionals, and what each column is called.
//!
//! A set is data ([`crate::config::FeatureSetParams`]): groups of descriptors, deltas and functionals. A group gives a
//! column for every combination, in the order written, named `<descriptor>[_d1|_d2][_voiced|_unvoiced]_<functional>`; a
//! descriptor of several values counts them with two digits: `mfcc00_mean`, `mfcc01_d1_std`, `rms_voiced_p95`.
//!
//! Rules:
//!
//! - Frame `t` is centred on sample `t * hop`; samples outside the utterance count as zero (for the zero-crossing rate
//!   the end samples are repeated). An utterance of `n` samples has `1 + n / hop` frames, so even one sample has one.
//! - F0 is missing (NaN) in unvoiced frames. A delta whose window touches a missing frame is missing. Functionals see
//!   the frames that are present; a contour without any gives missing values (NaN here, null in a table): an unvoiced
//!   utterance has no F0 columns. Nothing is ever infinite.
//! - `frames` of a group chooses what functionals see: `all` frames, the `voiced` or the `unvoiced` ones, by the pitch
//!   tracker's decision. Deltas are those of the whole contour; frames that are not chosen are then missing. An
//!   utterance without such frames gives missing values.
//! - `std` divides by n; `skew` and `kurtosis` (excess) are the biased estimates and 0 for a constant contour;
//!   percentiles lie between neighbours linearly, as numpy's; `slope` is that of the regression line, per second, 0
//!   for a single frame. Deltas are librosa's ([`crate::dsp::delta`]).
//! - Digital silence gives finite values: levels at the floor of -100 dB, 0 for RMS, zero crossings, centroid,
//!   bandwidth, roll-off, flux and voicing, 1 for flatness and entropy.

mod analysis;
mod describe;
mod extractor;
mod functional;
mod set;

pub use extractor::Extractor;
pub use set::FeatureSet;
