//! The packets of a file, whoever reads them out of it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Seek, SeekFrom};
use std::mem;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia::core::codecs::audio::{AudioCodecParameters, CODEC_ID_NULL_AUDIO};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatId, FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::error::corrupt;
use super::mpeg::FrameRun;
use super::plain::Plain;
use super::source::Media;
use super::{AudioError, frame};

/// What comes next.
pub enum Step {
    /// Coded samples of some track.
    Packet(Packet),
    /// Another part of the recording, which needs a decoder of its own.
    Part,
    /// Nothing; `within_packet`: the file ended in the middle of one.
    End { within_packet: bool },
}

/// The packets of a file, one after the other.
pub struct Packets<'a> {
    reader: Reader<'a>,
    watched: Watched,
    /// The number of the track that is decoded; none: the reader's default.
    chosen: Option<u32>,
}

enum Reader<'a> {
    Plain(Box<Plain<'a>>),
    Framed(Box<dyn FormatReader + 'a>),
    /// One makes way for the next.
    Gone,
}

/// What the packets of a file are watched for.
enum Watched {
    Flac(FlacFrames),
    Mpeg(MpegParts),
    Nothing,
}

impl<'a> Packets<'a> {
    /// Of samples that lie one after the other.
    pub fn plain(plain: Plain<'a>) -> Self {
        Self { reader: Reader::Plain(Box::new(plain)), watched: Watched::Nothing, chosen: None }
    }

    /// By the reader that fits. The extension is a hint.
    ///
    /// # Errors
    /// See [`AudioError`].
    pub fn framed(media: Media<'a>, extension: Option<&str>) -> Result<Self, AudioError> {
        let source = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions::default());
        Ok(Self { reader: Reader::Framed(probe(source, extension)?), watched: Watched::Nothing, chosen: None })
    }

    /// Chooses the first of these tracks whose codec has a name.
    pub fn choose(&mut self, tracks: &[u32]) {
        let Reader::Framed(format) = &self.reader else { return };
        let is_known = |id: &&u32| format.tracks().iter().any(|track| track.id == **id && codec_of(track).is_some());
        self.chosen = tracks.iter().find(is_known).copied();
    }

    /// How many tracks hold sound by the reader.
    pub fn tracks_of_sound(&self) -> usize {
        let Reader::Framed(format) = &self.reader else { return 1 };
        format.tracks().iter().filter(|track| codec_of(track).is_some()).count()
    }

    /// Watches for frames of a FLAC that are missing or not decoded: its frames take `bytes`.
    pub fn watch_flac(&mut self, bytes: u64) {
        self.watched = Watched::Flac(FlacFrames { next: None, left: bytes });
    }

    /// Reads the parts of an MP3 one after the other, in a window that begins at `start`; does nothing where it is none.
    pub fn watch_mpeg(&mut self, parts: Vec<FrameRun>, start: u64) {
        if let Some((_, track, codec)) = self.track()
            && codec.codec == CODEC_ID_MP3
        {
            let stated_end = stated_end(track);
            self.watched =
                Watched::Mpeg(MpegParts { parts: parts.into(), start, read: 0, stated_end, shape: None, unlike: 0 });
        }
    }

    /// The track that is decoded, and what its decoder must know.
    pub fn track(&self) -> Option<(FormatId, &Track, &AudioCodecParameters)> {
        let Reader::Framed(format) = &self.reader else { return None };
        let chosen = format.tracks().iter().find(|track| Some(track.id) == self.chosen);
        let track = chosen.or_else(|| format.default_track(TrackType::Audio))?;
        codec_of(track).map(|codec| (format.format_info().format, track, codec))
    }

    /// Whether the length that the container states is believed.
    pub fn ends_as_stated(&self) -> bool {
        if let Watched::Mpeg(parts) = &self.watched { parts.ends_as_stated() } else { true }
    }

    /// What comes next.
    ///
    /// # Errors
    /// See [`AudioError`].
    pub fn next(&mut self) -> Result<Step, AudioError> {
        if let Watched::Mpeg(parts) = &mut self.watched
            && let Some(start) = parts.next_part()
        {
            self.restart(start)?;
            return Ok(Step::Part);
        }
        let packet = match &mut self.reader {
            Reader::Plain(plain) => plain.next_packet().map_err(Error::from),
            Reader::Framed(format) => format.next_packet(),
            Reader::Gone => Ok(None),
        };
        let mut packet = match packet {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(Step::End { within_packet: self.is_cut() }),
            Err(Error::ResetRequired) => return Err(AudioError::ChainedStreams),
            Err(error) if is_end_of_file(&error) => return Ok(Step::End { within_packet: true }),
            Err(error) => return Err(corrupt(error)),
        };
        match &mut self.watched {
            Watched::Flac(frames) => frames.hear(&packet)?,
            Watched::Mpeg(parts) => parts.hear(&mut packet)?,
            Watched::Nothing => {}
        }
        Ok(Step::Packet(packet))
    }

    /// Whether samples that lie one after the other are fewer than their header states.
    fn is_cut(&self) -> bool {
        matches!(&self.reader, Reader::Plain(plain) if plain.is_cut())
    }

    /// Begins to read the MP3 that begins at `start`, counted from the window.
    fn restart(&mut self, start: u64) -> Result<(), AudioError> {
        let Reader::Framed(format) = mem::replace(&mut self.reader, Reader::Gone) else { return Ok(()) };
        let mut source = format.into_inner();
        source.seek(SeekFrom::Start(start)).map_err(corrupt)?;
        self.reader = Reader::Framed(probe(source, Some("mp3"))?);
        let stated_end = self.track().and_then(|(_, track, _)| stated_end(track));
        if let Watched::Mpeg(parts) = &mut self.watched {
            parts.stated_end = stated_end;
        }
        Ok(())
    }

    /// Bytes that hold sound by all that is known, and that nothing was decoded of.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn left_behind(&mut self) -> Result<u64, AudioError> {
        match &mut self.reader {
            Reader::Plain(plain) => plain.left_behind().map_err(corrupt),
            _ => Ok(if let Watched::Flac(frames) = &self.watched { frames.left } else { 0 }),
        }
    }
}

/// The frames of a FLAC follow each other; symphonia drops those that are damaged without a word.
struct FlacFrames {
    /// Sample that the next frame begins with.
    next: Option<u64>,
    /// Bytes of which nothing was decoded.
    left: u64,
}

impl FlacFrames {
    fn hear(&mut self, packet: &Packet) -> Result<(), AudioError> {
        let start = packet.pts.get().unsigned_abs();
        match self.next {
            Some(next) if start < next => return Err(AudioError::AudioAfterEnd { bytes: self.left }),
            Some(next) if start > next => {
                let detail = format!("the frames between sample {next} and sample {start} are damaged");
                return Err(corrupt(detail));
            }
            _ => {}
        }
        self.next = Some(start.saturating_add(packet.dur.get()));
        self.left = self.left.saturating_sub(packet.data.len() as u64);
        Ok(())
    }
}

/// The parts of an MP3 that are not read yet.
struct MpegParts {
    /// The first is the one at hand; none: they are not known.
    parts: VecDeque<FrameRun>,
    start: u64,
    /// Packets of the part at hand.
    read: u64,
    /// Where a tag says that the sound ends, padding included, in samples.
    stated_end: Option<i64>,
    /// Rate and channels of the first packet.
    shape: Option<(u32, bool)>,
    /// Packets in a row that have others.
    unlike: u32,
}

impl MpegParts {
    fn ends_as_stated(&self) -> bool {
        self.parts.front().map_or(self.stated_end.is_some(), |part| part.ends_as_stated)
    }

    /// Where the next part begins, counted from the window, when the one at hand is through.
    fn next_part(&mut self) -> Option<u64> {
        if self.parts.front()?.frames != Some(self.read) {
            return None;
        }
        self.parts.pop_front();
        self.read = 0;
        Some(self.parts.front()?.start - self.start)
    }

    fn hear(&mut self, packet: &mut Packet) -> Result<(), AudioError> {
        self.read += 1;
        self.compare(&packet.data)?;
        if !self.ends_as_stated() {
            packet.dur = packet.block_dur().saturating_sub(packet.trim_start);
            packet.trim_end = Duration::ZERO;
        } else if self.stated_end.is_some_and(|end| self.parts.is_empty() && packet.pts.get() >= end) {
            return Err(AudioError::AudioAfterEnd { bytes: packet.data.len() as u64 });
        }
        Ok(())
    }
}

impl MpegParts {
    /// Refuses another recording, which the decoder of this one would drop. One header may be damaged.
    fn compare(&mut self, packet: &[u8]) -> Result<(), AudioError> {
        let shape = frame::shape(packet);
        self.shape = self.shape.or(shape);
        self.unlike = if shape.is_some() && shape != self.shape { self.unlike + 1 } else { 0 };
        if self.unlike > 1 { Err(AudioError::ChainedStreams) } else { Ok(()) }
    }
}

/// What the decoder of a track of sound must know.
fn codec_of(track: &Track) -> Option<&AudioCodecParameters> {
    match &track.codec_params {
        Some(CodecParameters::Audio(codec)) if codec.codec != CODEC_ID_NULL_AUDIO => Some(codec),
        _ => None,
    }
}

/// Where the sound and its padding end by a tag; none: there is no tag.
fn stated_end(track: &Track) -> Option<i64> {
    let end = track.num_frames?.saturating_add(u64::from(track.delay.and(track.padding)?));
    i64::try_from(end).ok()
}

fn probe<'a>(source: MediaSourceStream<'a>, extension: Option<&str>) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    symphonia::default::get_probe().probe(&hint, source, FormatOptions::default(), MetadataOptions::default()).map_err(
        |error| match error {
            Error::Unsupported(detail) if detail.contains("(probe)") => AudioError::NotAudio { found: None },
            // A part that is missing is no feature that is missing: the file was cut.
            Error::Unsupported(detail) if detail.contains("missing") => corrupt(detail),
            Error::Unsupported(detail) => AudioError::UnsupportedFormat { detail: detail.to_owned() },
            error if is_end_of_file(&error) => AudioError::Truncated { decoded_s: 0.0, stated_s: None },
            error => corrupt(error),
        },
    )
}

fn is_end_of_file(error: &Error) -> bool {
    matches!(error, Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
}
