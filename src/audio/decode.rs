use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_OPUS, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::well_known::FORMAT_ID_CAF;

use super::clock::Clock;
use super::complete::{Budget, Skipped, Stream};
use super::container::{Container, Framed, Told};
use super::error::corrupt;
use super::mono::MonoMix;
use super::packets::{Packets, Step};
use super::plain::{Layout, Plain};
use super::source::{Media, Pieces};
use super::timeline::{Stretch, Timeline};
use super::{AudioError, Source, names, vorbis};
use crate::audio::AudioParams;

/// A file on its way through the decoder: one channel at the rate of the file, packet after packet.
///
/// Memory holds one packet, whatever the length of the file and whatever its header claims.
pub struct Decoding<'a> {
    packets: Packets<'a>,
    decoder: Box<dyn AudioDecoder>,
    stream: Stream,
    budget: Budget,
    skipped: Skipped,
    timeline: Timeline,
    /// The times of the packets; none: the format gives none, or they say nothing.
    clock: Option<Clock>,
    /// The file holds other tracks of sound, of which nothing is heard.
    pub has_several_tracks: bool,
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
    pub fn open(source: impl Source + 'a, extension: Option<&str>, params: &AudioParams) -> Result<Self, AudioError> {
        let mut source: Box<dyn Source + 'a> = Box::new(source);
        let bytes = source.seek(std::io::SeekFrom::End(0)).map_err(corrupt)?;
        if bytes == 0 {
            return Err(AudioError::EmptyFile);
        }
        if bytes > params.max_bytes {
            return Err(AudioError::TooLarge { bytes, limit: params.max_bytes });
        }
        guarded(|| match Container::find(source.as_mut(), bytes)? {
            Container::Samples(layout) => Self::samples(source, layout, bytes, params),
            Container::Pieces(layout, pieces, movie) => {
                let (rate_hz, bytes) = (layout.format.rate_hz, layout.extent.bytes);
                let tracks = movie.tracks_of_sound();
                let (stretches, lead) = movie.played(tracks.first().copied().unwrap_or(0), rate_hz)?;
                let mut decoding = Self::samples(Box::new(Pieces::new(source, pieces)), layout, bytes, params)?;
                decoding.timeline = stretches.map_or(decoding.timeline, Timeline::new);
                decoding.mono.lead = lead;
                decoding.has_several_tracks = tracks.len() > 1;
                Ok(decoding)
            }
            Container::Framed(framed) => Self::framed(source, framed, extension, params),
        })
    }

    /// Of samples that lie one after the other in a file of `bytes` bytes.
    fn samples(
        source: Box<dyn Source + 'a>,
        layout: Layout,
        bytes: u64,
        params: &AudioParams,
    ) -> Result<Self, AudioError> {
        let (format, mono) = (layout.format, MonoMix::new(params));
        mono.check(format.rate_hz, u32::from(format.channels))?;
        let plain = Plain::new(source, layout, bytes).map_err(corrupt)?;
        let decoder = decoder_for(&format.parameters())?;
        let codec = decoder.codec_info().short_name.to_owned();
        let stream = Stream::plain(plain.stated_frames(), format.rate_hz);
        let counted = plain.counted_frames().map(|frames| vec![Stretch::Samples(0..frames)]);
        let timeline = counted.map_or_else(Timeline::default, Timeline::new);
        let (budget, skipped, packets) = (Budget::new(bytes), Skipped::default(), Packets::plain(plain));
        let (clock, has_several_tracks) = (None, false);
        Ok(Self { packets, decoder, stream, budget, skipped, timeline, clock, has_several_tracks, mono, codec })
    }

    /// Of a format that symphonia reads.
    fn framed(
        source: Box<dyn Source + 'a>,
        framed: Framed,
        extension: Option<&str>,
        params: &AudioParams,
    ) -> Result<Self, AudioError> {
        let Framed { window, patches, told, codec } = framed;
        let budget = Budget::new(window.end - window.start);
        let media = Media::new(source, window.clone(), patches).map_err(corrupt)?;
        let mut packets = Packets::framed(media, extension)?;
        let tracks = told.tracks_of_sound();
        packets.choose(&tracks);
        if packets.track().is_some_and(|(format, ..)| !told.is_of(format)) {
            return Err(AudioError::NotAudio { found: None });
        }
        if let (None, Some(detail)) = (packets.track(), codec) {
            return Err(AudioError::UnsupportedCodec { detail });
        }
        let has_several_tracks = tracks.len().max(packets.tracks_of_sound()) > 1;
        match &told {
            Told::Flac(first) => packets.watch_flac(window.end.saturating_sub(*first)),
            Told::Mpeg(parts) => packets.watch_mpeg(parts.clone(), window.start),
            _ => packets.watch_mpeg(Vec::new(), window.start),
        }
        let (decoder, mut stream, codec) = begin(&packets)?;
        if let Told::Matroska(told) = &told
            && told.is_whole_live
        {
            stream.leave_open();
        }
        let (stretches, lead) = played(&told, &packets)?;
        let timeline = stretches.map_or_else(Timeline::default, Timeline::new);
        let clock = match &told {
            Told::Matroska(told) => Some(Clock::new(told.delay_ns(stream.track_id) as f64 / 1e9)),
            _ => None,
        };
        let (skipped, mut mono) = (Skipped::default(), MonoMix::new(params));
        mono.lead = lead;
        Ok(Self { packets, decoder, stream, budget, skipped, timeline, clock, has_several_tracks, mono, codec })
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
            // Only a decoded packet tells the rate of the silence before it.
            if self.mono.decoded > 0 && self.timeline.play(&mut self.mono.packet) {
                self.mono.is_inserted = self.timeline.is_inserted;
                self.mono.keep()?;
                return Ok(true);
            }
            let packet = match self.packets.next()? {
                Step::Packet(packet) => packet,
                Step::Part => {
                    let (decoder, stream, _) = begin(&self.packets)?;
                    self.decoder = decoder;
                    self.stream.extend(stream);
                    continue;
                }
                Step::End { within_packet } => return self.end(within_packet),
            };
            self.budget.spend(&packet)?;
            if packet.track_id != self.stream.track_id {
                continue;
            }
            self.skipped.packets += 1;
            match self.decoder.decode(&packet) {
                Ok(buffer) => {
                    self.skipped.heard();
                    self.mono.mix(&buffer)?;
                    if let Some(clock) = &mut self.clock {
                        clock.hear(packet.pts.get() as f64 * self.stream.tick_s, &mut self.mono)?;
                    }
                }
                Err(error @ (Error::DecodeError(_) | Error::IoError(_))) if !self.stream.lossless => {
                    self.skipped.add(error);
                    continue;
                }
                Err(error) => return Err(corrupt(error)),
            }
            self.timeline.hear(&mut self.mono.packet);
        }
    }

    fn end(&mut self, within_packet: bool) -> Result<bool, AudioError> {
        self.skipped.check()?;
        self.stream.check_complete(&self.mono, within_packet)?;
        match self.packets.left_behind()? {
            0 => Ok(false),
            bytes => Err(AudioError::AudioAfterEnd { bytes }),
        }
    }
}

/// What is played of the decoded samples, none: everything; and how many samples of the file's time lie before them, as
/// far as the header tells.
fn played(told: &Told, packets: &Packets) -> Result<(Option<Vec<Stretch>>, u64), AudioError> {
    let Some((format, track, audio)) = packets.track() else { return Ok((None, 0)) };
    let rate_hz = audio.sample_rate.unwrap_or(0);
    let stretches = match told {
        Told::Movie(movie) => return movie.played(track.id, rate_hz),
        // Of Vorbis, the decoder drops the first block by itself.
        Told::Matroska(told) if audio.codec != CODEC_ID_VORBIS => {
            let delay = told.delay(track.id, rate_hz);
            (delay > 0).then(|| vec![Stretch::Samples(delay..u64::MAX)])
        }
        // The packet table counts the frames that are meant.
        _ if format == FORMAT_ID_CAF && (track.delay.is_some() || track.padding.is_some()) => {
            let delay = u64::from(track.delay.unwrap_or(0));
            track.num_frames.map(|frames| vec![Stretch::Samples(delay..delay.saturating_add(frames))])
        }
        _ => None,
    };
    Ok((stretches, 0))
}

/// The decoder of the track that is read, what its container states, and the codec's name.
fn begin(packets: &Packets) -> Result<(Box<dyn AudioDecoder>, Stream, String), AudioError> {
    let (format, track, audio) = packets.track().ok_or(AudioError::NoAudioTrack)?;
    let decoder = decoder_for(audio)?;
    let codec = decoder.codec_info().short_name.to_owned();
    let mut stream = Stream::new(format, track, audio, &codec);
    if !packets.ends_as_stated() {
        stream.doubt();
    }
    Ok((decoder, stream, codec))
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

fn decoder_for(codec: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, AudioError> {
    if codec.codec == CODEC_ID_OPUS {
        return Err(AudioError::OpusUnsupported);
    }
    let headers = codec.extra_data.as_deref().filter(|_| codec.codec == CODEC_ID_VORBIS);
    if let Some(channels) = headers.and_then(vorbis::misread) {
        return Err(AudioError::VorbisChannelsUnsupported { channels });
    }
    symphonia::default::get_codecs().make_audio_decoder(codec, &AudioDecoderOptions::default()).map_err(|error| {
        match error {
            Error::Unsupported(detail) => AudioError::UnsupportedCodec { detail: codec_name(codec, detail) },
            error => corrupt(error),
        }
    })
}

/// What has no decoder, in words.
fn codec_name(codec: &AudioCodecParameters, detail: &str) -> String {
    let channels = codec.channels.as_ref().map_or(0, Channels::count);
    match names::codec(codec.codec) {
        Some("AAC") if channels > 2 => format!("AAC of {channels} channels"),
        Some("AAC") => "AAC of another profile than LC".to_owned(),
        Some(name) => name.to_owned(),
        None => format!("{detail} (codec {})", codec.codec),
    }
}
