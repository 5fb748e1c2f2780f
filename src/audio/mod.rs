//! Audio files to mono samples: bytes in, `f32` at the configured rate out. Knows no paths and no tables.
//!
//! An [`AudioReader`] takes a file packet after packet: decode it and mix it to mono at the rate of the file, cut the
//! segments at that rate, and resample. Of a long file, memory holds the segments that are being heard, at the new
//! rate. What cannot be trusted is refused whole: see [`AudioError`] for the causes and their codes. An [`Augmenter`]
//! then makes altered copies.
//!
//! Containers: WAV and its relatives RF64, BW64, RIFX and Wave64 (integer, float, A-law, mu-law, ADPCM, MP3), AIFF, AU,
//! NIST SPHERE and CAF, whose headers are read in `plain`; FLAC, MP3, Ogg (Vorbis, FLAC), MP4 (AAC-LC, ALAC), ADTS,
//! Matroska and WebM (Vorbis, FLAC, AAC, MP3, PCM) by symphonia; PCM, A-law, mu-law and ADPCM of QuickTime by its tables.
//! The content decides, never the extension.

mod augment;
mod clock;
mod complete;
mod container;
mod cut;
mod decode;
mod ebml;
mod error;
mod flac;
mod frame;
mod head;
mod mono;
mod mp4;
mod mpeg;
mod names;
mod ogg;
mod packets;
mod params;
mod plain;
mod pointer;
mod reader;
mod resample;
mod signal;
mod source;
mod tags;
mod tail;
mod timeline;
mod transform;
mod vorbis;
mod wav;

#[cfg(test)]
mod hostile_tests;

pub use augment::Augmenter;
pub use cut::{Audio, Segment};
pub use error::AudioError;
pub use params::AudioParams;
pub use pointer::Pointer;
pub use reader::AudioReader;
pub use source::Source;
pub use transform::{AugmentSection, Transform};
pub use wav::{WavError, encode_wav};
