//! What a file is, by its first bytes, and how it is read.

use std::ops::Range;

use symphonia::core::formats::FormatId;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_CAF, FORMAT_ID_FLAC, FORMAT_ID_ISOMP4, FORMAT_ID_MKV, FORMAT_ID_MP1, FORMAT_ID_MP2,
    FORMAT_ID_MP3, FORMAT_ID_OGG,
};

use super::ebml::{self, Matroska};
use super::error::corrupt;
use super::frame::Coding;
use super::head::{id3v2_len, read_at};
use super::mp4::{self, Movie, Sound};
use super::mpeg::{self, FrameRun};
use super::plain::{self, Found, Layout};
use super::source::Patch;
use super::{AudioError, Pointer, Source, flac, names, ogg};

/// Boxes that an MP4 begins with.
const MOVIE: [&[u8; 4]; 7] = [b"ftyp", b"free", b"skip", b"wide", b"mdat", b"moov", b"moof"];

/// How a file is read.
pub enum Container {
    /// Samples one after the other.
    Samples(Layout),
    /// The same, in stretches of a movie.
    Pieces(Layout, Vec<Range<u64>>, Movie),
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
    /// The codec of its sound, where symphonia may not know it.
    pub codec: Option<String>,
}

/// What a header says that symphonia does not.
pub enum Told {
    /// Where the first frame of a native FLAC begins.
    Flac(u64),
    /// The boxes of an MP4.
    Movie(Movie),
    /// The elements of Matroska or WebM.
    Matroska(Matroska),
    /// The parts of an MP3 or of ADTS; none: they are not known.
    Mpeg(Vec<FrameRun>),
    /// Nothing: Ogg or CAF.
    Nothing,
}

impl Container {
    /// Looks at the first bytes of a file of `end` bytes.
    ///
    /// # Errors
    /// `not_audio`, `unsupported_format` and what is wrong with the header.
    pub fn find(source: &mut dyn Source, end: u64) -> Result<Self, AudioError> {
        let (mut base, mut head) = (0, read_at(source, 0, names::HEAD_BYTES).map_err(corrupt)?);
        while let tag @ 1.. = id3v2_len(&head) {
            base += tag;
            head = read_at(source, base, names::HEAD_BYTES).map_err(corrupt)?;
        }
        match plain::find(source, base, end)? {
            Some(Found::Samples(layout)) => return Ok(Self::Samples(layout)),
            Some(Found::Mpeg(extent)) => {
                return Self::mpeg(source, extent.start..extent.start + extent.bytes);
            }
            Some(Found::Caf { end, mended }) => {
                let patches = mended.into_iter().collect();
                let window = base..end;
                return Ok(Self::Framed(Framed { window, patches, told: Told::Nothing, codec: None }));
            }
            None => {}
        }
        if head.starts_with(b"fLaC") {
            let flac = flac::find(source, base, end).map_err(corrupt)?;
            let (patches, told) = (flac.patch.into_iter().collect(), Told::Flac(flac.first_frame));
            return Ok(Self::Framed(Framed { window: flac.window, patches, told, codec: None }));
        }
        if head.get(4..8).is_some_and(|word| MOVIE.iter().any(|other| word == *other)) {
            let movie = mp4::find(source, base, end).map_err(corrupt)?;
            movie.check(end)?;
            let (window, codec) = match movie.sound(source, base)? {
                Sound::Samples(layout, pieces) => return Ok(Self::Pieces(layout, pieces, movie)),
                Sound::Packets => (base..movie.end, None),
                Sound::Unknown(name) => (base..movie.end, Some(name)),
            };
            return Ok(Self::Framed(Framed { window, patches: Vec::new(), told: Told::Movie(movie), codec }));
        }
        if head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            let told = ebml::find(source, base, end).map_err(corrupt)?;
            if let Some(second) = told.second {
                return Err(AudioError::AudioAfterEnd { bytes: end - second });
            }
            let (window, codec) = (base..told.end, told.codec());
            return Ok(Self::Framed(Framed { window, patches: Vec::new(), told: Told::Matroska(told), codec }));
        }
        refuse(&head)?;
        if head.starts_with(b"OggS") {
            let window = ogg::find(source, base, end)?;
            return Ok(Self::Framed(Framed { window, patches: Vec::new(), told: Told::Nothing, codec: None }));
        }
        let is_sync = head.first() == Some(&0xff) && head.get(1).is_some_and(|byte| byte >> 5 == 7);
        if head.is_empty() || is_sync {
            return Self::mpeg(source, 0..end);
        }
        // Of an MP3 that was cut out of a longer one, the first frame is not whole. The headers of ADTS are too much like
        // quiet PCM.
        let is_mpeg = |coding| coding != Coding::Adts;
        match mpeg::first_frame(source, &(base..end), is_mpeg).map_err(corrupt)? {
            Some(start) => Self::mpeg(source, start..end),
            None => Err(AudioError::NotAudio { found: None }),
        }
    }

    fn mpeg(source: &mut dyn Source, window: Range<u64>) -> Result<Self, AudioError> {
        let mpeg = mpeg::find(source, &window).map_err(corrupt)?;
        if let Some(Coding::Layer(layer @ 1..=2)) = mpeg.coding {
            return Err(AudioError::UnsupportedCodec { detail: format!("MPEG audio of layer {layer}") });
        }
        if let Some(second) = mpeg.second {
            return Err(AudioError::AudioAfterEnd { bytes: window.end - second });
        }
        Ok(Self::Framed(Framed { window, patches: Vec::new(), told: Told::Mpeg(mpeg.parts), codec: None }))
    }
}

impl Told {
    /// The numbers of the tracks of sound, those first that players choose; none: the format has one, or says nothing.
    pub fn tracks_of_sound(&self) -> Vec<u32> {
        match self {
            Self::Movie(movie) => movie.tracks_of_sound(),
            Self::Matroska(told) => told.tracks_of_sound(),
            _ => Vec::new(),
        }
    }

    /// Whether this is the header of the format that symphonia found, which looks for one beyond the first bytes.
    pub fn is_of(&self, format: FormatId) -> bool {
        match self {
            Self::Flac(_) => format == FORMAT_ID_FLAC,
            Self::Movie(_) => format == FORMAT_ID_ISOMP4,
            Self::Matroska(_) => format == FORMAT_ID_MKV,
            Self::Mpeg(_) => [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS].contains(&format),
            Self::Nothing => [FORMAT_ID_OGG, FORMAT_ID_CAF].contains(&format),
        }
    }
}

/// Refuses what is known by its first bytes and has no reader.
fn refuse(head: &[u8]) -> Result<(), AudioError> {
    if let Some(pointer) = Pointer::of(head) {
        return Err(AudioError::Pointer(pointer));
    }
    if let Some(name) = names::sound(head) {
        return Err(AudioError::UnsupportedFormat { detail: name.to_owned() });
    }
    match names::other(head) {
        Some(name) => Err(AudioError::NotAudio { found: Some(name) }),
        None => Ok(()),
    }
}
