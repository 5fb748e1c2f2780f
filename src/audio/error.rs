use std::ops::RangeInclusive;

use super::Pointer;

/// What to do about a file that has no decoder here.
const REMEDY: &str = "convert it, for example: ffmpeg -i IN OUT.flac";

/// Why a file, or a segment of it, is refused. [`AudioError::code`] is the word that the rejects table keeps.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AudioError {
    /// `empty_file`: no bytes at all.
    #[error("the file is empty")]
    EmptyFile,
    /// `too_large`: more bytes than `audio.max_bytes`.
    #[error("the file has {bytes} bytes, more than audio.max_bytes = {limit}")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// The configured limit.
        limit: u64,
    },
    /// `not_audio`: no known container begins in the file.
    #[error("{}", not_audio(*found))]
    NotAudio {
        /// What the file is instead, where that is known.
        found: Option<&'static str>,
    },
    /// `not_audio`: a pointer stands where the recording should be.
    #[error("the file is a {} pointer, not the recording; {}", _0.name(), _0.remedy())]
    Pointer(Pointer),
    /// `unsupported_format`: the format is known and not read, or something that this file does with it.
    #[error("the format is not read: {detail}; {REMEDY}")]
    UnsupportedFormat {
        /// Name of the format, or the reader's words.
        detail: String,
    },
    /// `no_audio_track`: the container holds no sound, or none of a known codec.
    #[error("the container has no audio track of a known codec")]
    NoAudioTrack,
    /// `opus_unsupported`: Opus, in Ogg, WebM, MP4 or CAF.
    #[error("the audio is Opus, which is not decoded; {REMEDY}")]
    OpusUnsupported,
    /// `unsupported_codec`: the codec is none of those decoded.
    #[error("no decoder for the audio codec: {detail}; {REMEDY}")]
    UnsupportedCodec {
        /// Name of the codec, with its number where it has one.
        detail: String,
    },
    /// `vorbis_channels_unsupported`: Vorbis of three or more channels, or of two that are coded apart, which the decoder
    /// gets wrong.
    #[error("the audio is Vorbis of {channels} channels, which cannot be decoded right; {REMEDY}")]
    VorbisChannelsUnsupported {
        /// Channels of the file.
        channels: u32,
    },
    /// `edit_list_unsupported`: an MP4 that plays its recording in another way than once from its start to its end.
    #[error("the file's edit list cannot be followed: {detail}; {REMEDY}")]
    EditListUnsupported {
        /// What the list asks for.
        detail: String,
    },
    /// `audio_after_end`: the file goes on behind the end that its header states, or behind its last frame or page.
    #[error(
        "{bytes} bytes follow behind the end of the recording: a second one, or samples that the header does not count; \
         split the file, or mend its header"
    )]
    AudioAfterEnd {
        /// Bytes behind the end.
        bytes: u64,
    },
    /// `chained_streams`: one stream of Ogg or MP3 after another, each with its own parameters.
    #[error("the file chains several streams; split it into one file a stream")]
    ChainedStreams,
    /// `corrupt`: the container or the coded audio contradicts itself, or parts of it are damaged or missing.
    #[error("the file is corrupt: {detail}")]
    Corrupt {
        /// What was found, and how often where it was counted.
        detail: String,
    },
    /// `truncated`: the file ends before what its header states, or frames within it are missing.
    #[error("the file is incomplete: {decoded_s:.3} s could be decoded of {}", stated(*stated_s))]
    Truncated {
        /// Seconds that could be decoded.
        decoded_s: f64,
        /// Seconds that the header states, where it does.
        stated_s: Option<f64>,
    },
    /// `no_samples`: a sound file of length zero.
    #[error("the file holds no samples")]
    NoSamples,
    /// `non_finite`: a NaN, an infinity or a value beyond 1e9 times full scale among the samples.
    #[error("the sample at {at_s:.6} s is not a finite number within 1e9")]
    NonFinite {
        /// Seconds from the start of what was kept.
        at_s: f64,
    },
    /// `too_long`: more than `audio.max_duration_s`.
    #[error("the recording is longer than audio.max_duration_s = {limit_s}")]
    TooLong {
        /// The configured limit in seconds.
        limit_s: f64,
    },
    /// `too_many_channels`: more than `audio.max_channels`.
    #[error("the file has {channels} channels, more than audio.max_channels = {limit}")]
    TooManyChannels {
        /// Channels of the file.
        channels: u32,
        /// The configured limit.
        limit: u32,
    },
    /// `rate_out_of_range`: a sample rate that no speech recording has.
    #[error("the sample rate is {rate_hz} Hz, legal are {} to {} Hz", legal.start(), legal.end())]
    RateOutOfRange {
        /// Rate of the file in Hz.
        rate_hz: u32,
        /// Rates that are accepted, in Hz.
        legal: RangeInclusive<u32>,
    },
    /// `segment_out_of_range`: start and end are no stretch of the recording.
    #[error("the segment from {start_s} s to {end_s} s is no stretch of a recording of {duration_s:.3} s")]
    SegmentOutOfRange {
        /// Wanted start in seconds.
        start_s: f64,
        /// Wanted end in seconds.
        end_s: f64,
        /// Length of the recording in seconds.
        duration_s: f64,
    },
    /// `decoder_panic`: the decoder gave up on the file; the file is the cause, the decoder's bug the reason.
    #[error("the decoder panicked on the file: {detail}")]
    DecoderPanic {
        /// The panic's message.
        detail: String,
    },
}

impl AudioError {
    /// One word for the cause: the name in backquotes at each variant. Stable, for the rejects table.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyFile => "empty_file",
            Self::TooLarge { .. } => "too_large",
            Self::NotAudio { .. } | Self::Pointer(_) => "not_audio",
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::NoAudioTrack => "no_audio_track",
            Self::OpusUnsupported => "opus_unsupported",
            Self::UnsupportedCodec { .. } => "unsupported_codec",
            Self::VorbisChannelsUnsupported { .. } => "vorbis_channels_unsupported",
            Self::EditListUnsupported { .. } => "edit_list_unsupported",
            Self::AudioAfterEnd { .. } => "audio_after_end",
            Self::ChainedStreams => "chained_streams",
            Self::Corrupt { .. } => "corrupt",
            Self::Truncated { .. } => "truncated",
            Self::NoSamples => "no_samples",
            Self::NonFinite { .. } => "non_finite",
            Self::TooLong { .. } => "too_long",
            Self::TooManyChannels { .. } => "too_many_channels",
            Self::RateOutOfRange { .. } => "rate_out_of_range",
            Self::SegmentOutOfRange { .. } => "segment_out_of_range",
            Self::DecoderPanic { .. } => "decoder_panic",
        }
    }
}

/// A file that cannot be read: what is wrong with it, or what its source, the reader or the decoder says.
pub(super) fn corrupt(detail: impl ToString) -> AudioError {
    AudioError::Corrupt { detail: detail.to_string() }
}

fn not_audio(found: Option<&str>) -> String {
    let read = "wav, aiff, au, sphere, flac, mp3, ogg, m4a, aac, caf, mkv and webm are read";
    match found {
        Some(found) => format!("the file is {found}; {read}"),
        None => format!("no known header stands at the beginning; {read}"),
    }
}

fn stated(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "more".to_owned(), |seconds| format!("{seconds:.3} s stated"))
}
