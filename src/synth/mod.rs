//! Synthetic emotional speech: a plan of labelled utterances, and the samples of each. Pure; no files.
//!
//! Source and filter (Fant 1960; Klatt 1980): glottal pulses with jitter and shimmer and breath noise excite formant
//! resonators that move through the vowels of a sentence. Speaker, emotion and chance set the prosody: pitch, its range
//! and contour, rate, pauses, loudness, spectral tilt, breath. It is a stand-in for real speech in demos, tests and
//! scale runs, and says nothing about how well emotions are recognised in real speech.

mod marker;
mod plan;
mod prosody;
mod random;
mod render;
mod source;
mod text;
mod tract;

pub use marker::{SYNTHETIC_FILE, marker};
pub use plan::{CorpusPlan, Gender, PATTERN, PlanError, Utterance};
pub use prosody::Prosody;
pub use render::render;
