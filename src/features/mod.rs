//! Feature sets: which descriptors under which functionals, and what each column is called.
//!
//! A set is data ([`crate::features::FeatureSetParams`]): groups of descriptors, deltas and functionals. A group gives a
//! column for every combination, in the order written, named `<descriptor>[_d1|_d2][_voiced|_unvoiced]_<functional>`; a
//! descriptor of several values counts them with two digits: `mfcc00_mean`, `mfcc01_d1_std`, `rms_voiced_p95`.
//!
//! Rules:
//!
//! - All descriptors of a set share one grid of frames ([`crate::dsp::Edges`]); those that look at more samples than
//!   the window has look around the same middle. Samples outside the utterance count as zero (for the zero-crossing
//!   rate the end samples are repeated). Even one sample has a frame.
//! - F0 is missing (NaN) in unvoiced frames. A delta whose window touches a missing frame is missing. Functionals see
//!   the frames that are present; a contour without any gives missing values (NaN here, null in a table): an unvoiced
//!   utterance has no F0 columns. Nothing is ever infinite.
//! - `frames` of a group chooses what functionals see: `all` frames, the `voiced` or the `unvoiced` ones, by the pitch
//!   tracker's decision. Deltas are those of the whole contour; frames that are not chosen are then missing. An
//!   utterance without such frames gives missing values.
//! - Deltas are librosa's ([`crate::dsp::delta`]).
//! - Digital silence gives finite values: levels at the floor of -100 dB (for the mel presets other than `librosa` at
//!   the logarithm of their least energy, [`crate::dsp::level_in_place`]), 0 for RMS, zero crossings, centroid,
//!   bandwidth, roll-off, flux and voicing, 1 for flatness and entropy.
//!
//! Rules of functionals ([`crate::features::Functional`] has the words, [`crate::dsp`] the formulas):
//!
//! - They see the frames that are present. Rates (`peak_rate`, `stretch_rate`, crossings) count per second of these.
//!   Times stay those of the utterance: fits go through the true times, positions and `temporal_centroid` count missing
//!   frames, and `offset` is the line's value at the first frame that is present.
//! - A contour is constant where its values differ by rounding only (`std` below 1e-7 of the mean); so is a single
//!   frame. It has its levels (mean, percentiles, `offset`, `peak_mean`, ...), `temporal_centroid` 0.5 and `lpc_gain`
//!   1; it is one stretch if above 0 and one gap if not, and everything else is 0 (ranges and slope up to that
//!   rounding, positions those of the first frame present).
//! - `std` divides by n; `skew` and `kurtosis` (excess) are the biased estimates; percentiles lie between neighbours
//!   linearly, as numpy's.
//! - A peak is a local maximum that lies above the mean by at least 10 % of the range, a valley a local minimum as far
//!   below; a plateau counts once, at its first frame, and the ends are neither. Rises lead from a local minimum to the
//!   next local maximum, falls back, those at the ends included. Without a peak or valley its mean is that of the
//!   contour; with fewer than two peaks distances are 0; without rises or falls their slopes are 0.
//! - Stretches are runs of frames above the middle of the range, which for `voiced` are the voiced ones; gaps are the
//!   runs between and at the ends. Without any their lengths are 0.
//! - No peak distance, rise, fall, crossing, stretch or gap reaches across a missing frame.
//! - `lpcK`, `lpc_gain`, `dctK` and the modulation spectrum see the contour about its mean, missing frames at the mean.
//!   `dct0` is the mean, `dctK` twice the mean over frames of `x[t] cos(pi K (2t + 1) / 2N)`; `lpc_gain` is the share
//!   of the power that order 5 leaves; `modNN` is a share of the power from 0.5 to 22.6 Hz, 0 where there is none.

mod analysis;
mod catalogue;
mod describe;
mod descriptor;
mod extractor;
mod featurizer;
mod functional;
mod options;
mod recipe;
mod set;
mod summary;

pub use catalogue::{descriptors, functionals, look_up, ready_sets};
pub use descriptor::Descriptor;
pub use extractor::Extractor;
pub use featurizer::{FeatureWorker, Featurizer};
pub use functional::Functional;
pub use options::{
    Chosen, Delta, FeatureSetParams, FeaturesSection, Group, Selection, TableColumn, TableParams, UserSet,
};
pub use recipe::{FeatureParams, Provenance, Recipe};
pub use set::FeatureSet;
pub use summary::Summary;
