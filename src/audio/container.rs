//! What a file is, by its first bytes, and how it is read.

use std::ops::Range;

use super::ebml::{self, Matroska};
use super::edits::{self, Movie};
use super::head::{id3v2_len, read_at};
use super::mpeg::{self, Part};
use super::names;
use super::plain::{self, Found, Layout};
use super::source::Patch;
use super::{AudioError, Source, flac};

/// How a file is read.
pub enum Container {
    /// Samples one after the other.
    Samples(Layout),
    /// By symphonia's reader of the format.
    Framed(Framed),
}

/// What symphonia's reader is given, and what it must be told besides.
pub struct Framed {
    /// The bytes that belong to the format.
    pub window: Range<u64>,
    /// Bytes of the header that are read as others.
    pub patches: Vec<Patch>,
    /// What was found in the header.
    pub told: Told,
}

/// What a header says that symphonia does not.
pub enum Told {
    /// Where the first frame of a native FLAC begins.
    Flac(u64),
    /// The edit lists of an MP4.
    Movie(Movie),
    /// The elements of Matroska or WebM.
    Matroska(Matroska),
    /// The parts of an MP3; none: they are not known.
    Mpeg(Vec<Part>),
    /// Nothing.
    Nothing,
}

impl Container {
    /// Looks at the first bytes of a file of `end` bytes.
    ///
    /// # Errors
    /// `not_audio`, `unsupported_format` and what is wrong with the header.
    pub fn find(source: &mut dyn Source, end: u64) -> Result<Self, AudioError> {
        let failed = |error: std::io::Error| AudioError::Corrupt { detail: error.to_string() };
        let (mut base, mut head) = (0, read_at(source, 0, names::HEAD_BYTES).map_err(failed)?);
        while let tag @ 1.. = id3v2_len(&head) {
            base += tag;
            head = read_at(source, base, names::HEAD_BYTES).map_err(failed)?;
        }
        match plain::find(source, base, end)? {
            Some(Found::Samples(layout)) => return Ok(Self::Samples(layout)),
            Some(Found::Mpeg(extent)) => {
                let window = extent.start..extent.start + extent.bytes;
                return Ok(Self::mpeg(window.clone(), mpeg::parts(source, &window).map_err(failed)?));
            }
            None => {}
        }
        if head.starts_with(b"fLaC") {
            let flac = flac::find(source, base, end).map_err(failed)?;
            let (patches, told) = (flac.patch.into_iter().collect(), Told::Flac(flac.first_frame));
            return Ok(Self::Framed(Framed { window: flac.window, patches, told }));
        }
        if head.get(4..8) == Some(b"ftyp") {
            let movie = edits::find(source, base, end).map_err(failed)?;
            if let Some(second) = movie.second {
                return Err(AudioError::AudioAfterEnd { bytes: end - second });
            }
            return Ok(Self::Framed(Framed { window: base..end, patches: Vec::new(), told: Told::Movie(movie) }));
        }
        if head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            let told = ebml::find(source, base, end).map_err(failed)?;
            if let Some(second) = told.second {
                return Err(AudioError::AudioAfterEnd { bytes: end - second });
            }
            return Ok(Self::Framed(Framed { window: base..end, patches: Vec::new(), told: Told::Matroska(told) }));
        }
        refuse(&head)?;
        if base > 0 || head.first() == Some(&0xff) {
            return Ok(Self::mpeg(0..end, mpeg::parts(source, &(0..end)).map_err(failed)?));
        }
        Ok(Self::Framed(Framed { window: 0..end, patches: Vec::new(), told: Told::Nothing }))
    }

    fn mpeg(window: Range<u64>, parts: Vec<Part>) -> Self {
        Self::Framed(Framed { window, patches: Vec::new(), told: Told::Mpeg(parts) })
    }
}

/// Refuses what is known by its first bytes and has no reader.
fn refuse(head: &[u8]) -> Result<(), AudioError> {
    if names::is_lfs_pointer(head) {
        return Err(AudioError::LfsPointer);
    }
    if let Some(name) = names::sound(head) {
        return Err(AudioError::UnsupportedFormat { detail: name.to_owned() });
    }
    match names::other(head) {
        Some(name) => Err(AudioError::NotAudio { found: Some(name) }),
        None => Ok(()),
    }
}
