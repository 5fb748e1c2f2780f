use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP3, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_WAVE,
};
use symphonia::core::formats::{FormatId, FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::AudioError;
use super::mono::MonoMix;
use crate::config;

/// Streams without an end of their own: MPEG audio, and WAV as it is written to a pipe.
const OPEN_ENDED: [FormatId; 5] = [FORMAT_ID_WAVE, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS];
/// Lossy codecs may lack this much of the stated length: encoder delay and padding are told differently everywhere.
const LOSSY_SLACK_S: f64 = 0.15;
/// Share of packets of a lossy codec that may fail to decode, as players skip them.
const SKIPPED_SHARE: f64 = 0.01;
/// So many packets may fail in any case: the first frames of a cut MP3 refer to frames that are gone.
const SKIPPED_ALWAYS: usize = 3;

/// A decoded file: one channel at the rate of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Mono samples, full scale at 1; float files may exceed it.
    pub samples: Vec<f32>,
    /// Rate of the samples in Hz.
    pub sample_rate_hz: u32,
    /// Channels of the file, before mixing.
    pub channels: u32,
    /// Codec as the decoder names it: `pcm_s16le`, `flac`, `mp3`, `vorbis`, `aac`, ...
    pub codec: String,
}

impl Recording {
    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate_hz)
    }
}

/// Decodes a whole file and mixes it to mono. Memory grows with what is decoded, never with what a header claims.
///
/// # Errors
/// See [`AudioError`]; a panic of the decoder is caught.
pub fn decode(bytes: &[u8], extension: Option<&str>, params: &config::Audio) -> Result<Recording, AudioError> {
    if bytes.is_empty() {
        return Err(AudioError::EmptyFile);
    }
    let size = bytes.len() as u64;
    if size > params.max_bytes {
        return Err(AudioError::TooLarge { bytes: size, limit: params.max_bytes });
    }
    // Nothing that was touched survives a panic: the decoder and its output are dropped with the closure.
    catch_unwind(AssertUnwindSafe(|| decode_bytes(bytes, extension, params))).unwrap_or_else(|panic| {
        let detail = panic_message(panic.as_ref());
        Err(AudioError::DecoderPanic { detail })
    })
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn decode_bytes(bytes: &[u8], extension: Option<&str>, params: &config::Audio) -> Result<Recording, AudioError> {
    let mut format = open(bytes, extension)?;
    let track = format.default_track(TrackType::Audio).ok_or(AudioError::NoAudioTrack)?;
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else { return Err(AudioError::NoAudioTrack) };
    let mut decoder = decoder_for(codec)?;
    let codec_name = decoder.codec_info().short_name.to_owned();
    let stream = Stream::new(format.format_info().format, track, codec, &codec_name, bytes.len());
    // Two samples a byte covers FLAC and PCM; a header that claims more must prove it.
    let mut mono = MonoMix::new(stream.stated_samples(codec).min(2 * bytes.len()));
    let ended_early = decode_packets(format.as_mut(), decoder.as_mut(), &stream, &mut mono, params)?;
    stream.check_complete(&mono, ended_early)?;
    Ok(Recording { codec: codec_name, sample_rate_hz: mono.rate_hz, channels: mono.channels, samples: mono.samples })
}

fn open<'a>(bytes: &'a [u8], extension: Option<&str>) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    symphonia::default::get_probe().probe(&hint, source, FormatOptions::default(), MetadataOptions::default()).map_err(
        |error| match error {
            Error::Unsupported(detail) if detail.contains("(probe)") => AudioError::NotAudio,
            // A part that is missing is no feature that is missing: the file was cut.
            Error::Unsupported(detail) if detail.contains("missing") => {
                AudioError::Corrupt { detail: detail.to_owned() }
            }
            Error::Unsupported(detail) => AudioError::UnsupportedFormat { detail: detail.to_owned() },
            error if is_end_of_file(&error) => AudioError::Truncated { decoded_s: 0.0, stated_s: None },
            error => corrupt(&error),
        },
    )
}

fn decoder_for(codec: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, AudioError> {
    if codec.codec == CODEC_ID_OPUS {
        return Err(AudioError::OpusUnsupported);
    }
    symphonia::default::get_codecs().make_audio_decoder(codec, &AudioDecoderOptions::default()).map_err(|error| {
        match error {
            Error::Unsupported(detail) => {
                AudioError::UnsupportedCodec { detail: format!("{detail} (codec {})", codec.codec) }
            }
            error => corrupt(&error),
        }
    })
}

/// What the container says about the stream that is decoded, and how far it is believed.
struct Stream {
    track_id: u32,
    /// Every packet must decode and every sample be there.
    lossless: bool,
    /// The file may end anywhere: only a length that it states can be missed.
    open_ended: bool,
    /// Length that the container states in seconds, where its statement is worth anything.
    stated_s: Option<f64>,
    file_bytes: usize,
}

impl Stream {
    fn new(format: FormatId, track: &Track, codec: &AudioCodecParameters, codec_name: &str, file_bytes: usize) -> Self {
        // Without an encoder's tag the length of an MP3 is a guess from its first frames.
        let believed = codec.codec != CODEC_ID_MP3 || track.delay.is_some();
        let stated_s =
            track.time_base.zip(track.duration).filter(|_| believed).map(|(base, duration)| {
                duration.get() as f64 * f64::from(base.numer.get()) / f64::from(base.denom.get())
            });
        Self {
            track_id: track.id,
            lossless: codec_name.starts_with("pcm_") || ["flac", "alac"].contains(&codec_name),
            open_ended: OPEN_ENDED.contains(&format),
            stated_s,
            file_bytes,
        }
    }

    fn stated_samples(&self, codec: &AudioCodecParameters) -> usize {
        let rate_hz = f64::from(codec.sample_rate.unwrap_or(0));
        self.stated_s.map_or(0, |seconds| (seconds * rate_hz).ceil() as usize)
    }

    fn check_complete(&self, mono: &MonoMix, ended_early: bool) -> Result<(), AudioError> {
        let rate_hz = f64::from(mono.rate_hz.max(1));
        let decoded_s = mono.samples.len() as f64 / rate_hz;
        let slack_s = if self.lossless { 0.5 / rate_hz } else { LOSSY_SLACK_S };
        let is_short = self
            .stated_s
            .is_some_and(|stated_s| decoded_s + slack_s < stated_s || (decoded_s == 0.0 && stated_s > 0.0));
        if is_short || (ended_early && !self.open_ended) {
            return Err(AudioError::Truncated { decoded_s, stated_s: self.stated_s });
        }
        if mono.samples.is_empty() { Err(AudioError::NoSamples) } else { Ok(()) }
    }
}

/// Decodes until the end of the stream. Returns whether the file ended within a packet.
fn decode_packets(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    stream: &Stream,
    mono: &mut MonoMix,
    params: &config::Audio,
) -> Result<bool, AudioError> {
    let mut budget = Budget::new(stream.file_bytes);
    let mut skipped = Skipped::default();
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return skipped.check().map(|()| false),
            Err(Error::ResetRequired) => return Err(AudioError::ChainedStreams),
            Err(error) if is_end_of_file(&error) => return skipped.check().map(|()| true),
            Err(error) => return Err(corrupt(&error)),
        };
        budget.spend(&packet)?;
        if packet.track_id != stream.track_id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) => mono.append(&buffer, params)?,
            Err(error @ (Error::DecodeError(_) | Error::IoError(_))) if !stream.lossless => skipped.add(error),
            Err(error) => return Err(corrupt(&error)),
        }
        skipped.packets += 1;
    }
}

/// Packets cannot hold much more than the file does: ends the loops that a forged index sends a reader into.
struct Budget {
    bytes: usize,
}

impl Budget {
    fn new(file_bytes: usize) -> Self {
        Self { bytes: file_bytes.saturating_mul(4).saturating_add(1 << 16) }
    }

    fn spend(&mut self, packet: &Packet) -> Result<(), AudioError> {
        // An empty packet costs as much as a small one.
        let left = self.bytes.checked_sub(packet.data.len().max(16));
        self.bytes = left.ok_or_else(|| AudioError::Corrupt {
            detail: "its index leads to more packets than the file can hold".to_owned(),
        })?;
        Ok(())
    }
}

/// Packets of a lossy codec that failed to decode.
#[derive(Default)]
struct Skipped {
    packets: usize,
    failed: usize,
    first: Option<Error>,
}

impl Skipped {
    fn add(&mut self, error: Error) {
        self.failed += 1;
        self.first.get_or_insert(error);
    }

    fn check(&self) -> Result<(), AudioError> {
        let allowed = SKIPPED_ALWAYS.max((SKIPPED_SHARE * self.packets as f64) as usize);
        match &self.first {
            Some(error) if self.failed > allowed => {
                let detail = format!("{} of {} packets fail to decode, first: {error}", self.failed, self.packets);
                Err(AudioError::Corrupt { detail })
            }
            _ => Ok(()),
        }
    }
}

fn is_end_of_file(error: &Error) -> bool {
    matches!(error, Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
}

fn corrupt(error: &Error) -> AudioError {
    AudioError::Corrupt { detail: error.to_string() }
}
