use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::AudioError;
use super::complete::{Budget, Skipped, Stream};
use super::mono::MonoMix;
use super::source::{Media, Source};
use crate::config;

/// A file on its way through the decoder: one channel at the rate of the file, packet after packet.
///
/// Memory holds one packet, whatever the length of the file and whatever its header claims.
pub struct Decoding<'a> {
    format: Box<dyn FormatReader + 'a>,
    decoder: Box<dyn AudioDecoder>,
    stream: Stream,
    budget: Budget,
    skipped: Skipped,
    /// The samples of the last packet, and how many there were before.
    pub mono: MonoMix,
    /// Codec as the decoder names it: `pcm_s16le`, `flac`, `mp3`, `vorbis`, `aac`, ...
    pub codec: String,
}

impl<'a> Decoding<'a> {
    /// Finds container, track and decoder of a file.
    ///
    /// # Errors
    /// See [`AudioError`]; a panic of the decoder is caught.
    pub fn open(source: impl Source + 'a, extension: Option<&str>, params: &config::Audio) -> Result<Self, AudioError> {
        let media = Media::new(source).map_err(|error| corrupt(&error.into()))?;
        if media.bytes == 0 {
            return Err(AudioError::EmptyFile);
        }
        if media.bytes > params.max_bytes {
            return Err(AudioError::TooLarge { bytes: media.bytes, limit: params.max_bytes });
        }
        guarded(|| Self::begin(media, extension, params))
    }

    fn begin(
        media: Media<impl Source + 'a>,
        extension: Option<&str>,
        params: &config::Audio,
    ) -> Result<Self, AudioError> {
        let budget = Budget::new(media.bytes);
        let format = open(media, extension)?;
        let track = format.default_track(TrackType::Audio).ok_or(AudioError::NoAudioTrack)?;
        let Some(CodecParameters::Audio(codec)) = &track.codec_params else { return Err(AudioError::NoAudioTrack) };
        let decoder = decoder_for(codec)?;
        let name = decoder.codec_info().short_name.to_owned();
        let stream = Stream::new(format.format_info().format, track, codec, &name);
        Ok(Self {
            format,
            decoder,
            stream,
            budget,
            skipped: Skipped::default(),
            mono: MonoMix::new(params),
            codec: name,
        })
    }

    /// Decodes on to the next packet with samples; false at the end of a file that is found complete.
    ///
    /// # Errors
    /// See [`AudioError`]; a panic of the decoder is caught. After an error there is nothing more to be had.
    pub fn advance(&mut self) -> Result<bool, AudioError> {
        guarded(|| self.next_packet())
    }

    fn next_packet(&mut self) -> Result<bool, AudioError> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return self.end(false),
                Err(Error::ResetRequired) => return Err(AudioError::ChainedStreams),
                Err(error) if is_end_of_file(&error) => return self.end(true),
                Err(error) => return Err(corrupt(&error)),
            };
            self.budget.spend(&packet)?;
            if packet.track_id != self.stream.track_id {
                continue;
            }
            self.skipped.packets += 1;
            match self.decoder.decode(&packet) {
                Ok(buffer) => self.mono.mix(&buffer)?,
                Err(error @ (Error::DecodeError(_) | Error::IoError(_))) if !self.stream.lossless => {
                    self.skipped.add(error);
                    continue;
                }
                Err(error) => return Err(corrupt(&error)),
            }
            if !self.mono.packet.is_empty() {
                return Ok(true);
            }
        }
    }

    fn end(&self, within_packet: bool) -> Result<bool, AudioError> {
        self.skipped.check()?;
        self.stream.check_complete(&self.mono, within_packet)?;
        Ok(false)
    }
}

/// Nothing that was touched survives a panic: whoever holds the decoder drops it with the error.
fn guarded<T>(decode: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let detail = panic_message(panic.as_ref());
        Err(AudioError::DecoderPanic { detail })
    })
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn open<'a>(media: Media<impl Source + 'a>, extension: Option<&str>) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let source = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions::default());
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

fn is_end_of_file(error: &Error) -> bool {
    matches!(error, Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
}

fn corrupt(error: &Error) -> AudioError {
    AudioError::Corrupt { detail: error.to_string() }
}
