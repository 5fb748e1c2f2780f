//! How far a container is believed, and what a stream must hold to be taken for whole.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia::core::errors::Error;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_CAF, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3,
};
use symphonia::core::formats::{FormatId, Track};
use symphonia::core::packet::Packet;

use super::AudioError;
use super::error::corrupt;
use super::mono::MonoMix;

/// Streams without an end of their own: MPEG audio.
const OPEN_ENDED: [FormatId; 4] = [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS];
/// Lossy codecs may lack this much of the stated length: encoder delay and padding are told differently everywhere.
const LOSSY_SLACK_S: f64 = 0.15;
/// Share of packets of a lossy codec that may fail to decode, as players skip them.
const SKIPPED_SHARE: f64 = 0.01;
/// So many packets may fail in any case: the first frames of a cut MP3 refer to frames that are gone.
const SKIPPED_ALWAYS: usize = 3;

/// What the container says about the stream that is decoded, and how far it is believed.
pub struct Stream {
    /// The track among those of the container.
    pub track_id: u32,
    /// Seconds of a tick of the times of packets.
    pub tick_s: f64,
    /// Every packet must decode and every sample be there.
    pub lossless: bool,
    /// The file may end anywhere: only a length that it states can be missed.
    open_ended: bool,
    /// Length that the container states in seconds, where its statement is worth anything.
    stated_s: Option<f64>,
    /// Frames that the container may count and the last packet not hold.
    spare_frames: u64,
}

impl Stream {
    /// Of the default track.
    pub fn new(format: FormatId, track: &Track, codec: &AudioCodecParameters, codec_name: &str) -> Self {
        // Without an encoder's tag the length of an MP3 is a guess from its first frames, and so it is of ADTS.
        let believed = format != FORMAT_ID_ADTS && (codec.codec != CODEC_ID_MP3 || track.delay.is_some());
        // The duration of a CAF counts padding that the last packet need not hold.
        let ticks = match track.num_frames {
            Some(frames) if format == FORMAT_ID_CAF => Some(frames.saturating_add(u64::from(track.delay.unwrap_or(0)))),
            _ => track.duration.map(|duration| duration.get()),
        };
        let tick = track.time_base.map(|base| (f64::from(base.numer.get()), f64::from(base.denom.get())));
        let stated_s = tick.zip(ticks).filter(|_| believed).map(|((numer, denom), ticks)| ticks as f64 * numer / denom);
        // Where no padding is stated in a CAF, its writer may have counted whole packets.
        let is_counted_whole = format == FORMAT_ID_CAF && track.padding.is_none();
        let packet_frames = codec.max_frames_per_packet.filter(|_| is_counted_whole).unwrap_or(1);
        Self {
            track_id: track.id,
            tick_s: tick.map_or(0.0, |(numer, denom)| numer / denom),
            spare_frames: packet_frames.saturating_sub(1),
            lossless: codec_name.starts_with("pcm_") || ["flac", "alac"].contains(&codec_name),
            open_ended: OPEN_ENDED.contains(&format),
            stated_s,
        }
    }

    /// Of samples that lie one after the other, so many of which the header states.
    pub fn plain(stated_frames: Option<u64>, rate_hz: u32) -> Self {
        let stated_s = stated_frames.map(|frames| frames as f64 / f64::from(rate_hz));
        Self { track_id: 0, tick_s: 0.0, lossless: true, open_ended: false, stated_s, spare_frames: 0 }
    }

    /// Takes another part of the recording in, which a header of its own describes.
    pub fn extend(&mut self, part: Self) {
        self.stated_s = self.stated_s.zip(part.stated_s).map(|(a, b)| a + b);
    }

    /// Takes an end within a packet for the end of the recording.
    pub fn leave_open(&mut self) {
        self.open_ended = true;
    }

    /// Believes nothing of the length that the container states.
    pub fn doubt(&mut self) {
        self.stated_s = None;
    }

    /// Refuses a stream that ended before what its container states; `ended_early`: within a packet.
    ///
    /// # Errors
    /// `truncated`, `no_samples`.
    pub fn check_complete(&self, mono: &MonoMix, ended_early: bool) -> Result<(), AudioError> {
        let rate_hz = f64::from(mono.rate_hz.max(1));
        let decoded_s = mono.decoded as f64 / rate_hz;
        let slack_s = if self.lossless { (self.spare_frames as f64 + 0.5) / rate_hz } else { LOSSY_SLACK_S };
        let is_short = self
            .stated_s
            .is_some_and(|stated_s| decoded_s + slack_s < stated_s || (decoded_s == 0.0 && stated_s > 0.0));
        if is_short || (ended_early && !self.open_ended) {
            return Err(AudioError::Truncated { decoded_s, stated_s: self.stated_s });
        }
        if mono.len == 0 { Err(AudioError::NoSamples) } else { Ok(()) }
    }
}

/// Packets cannot hold much more than the file does: ends the loops that a forged index sends a reader into.
pub struct Budget {
    bytes: u64,
}

impl Budget {
    /// For a file of this size.
    pub fn new(file_bytes: u64) -> Self {
        Self { bytes: file_bytes.saturating_mul(4).saturating_add(1 << 16) }
    }

    /// # Errors
    /// `corrupt` where nothing is left.
    pub fn spend(&mut self, packet: &Packet) -> Result<(), AudioError> {
        // An empty packet costs as much as a small one.
        let left = self.bytes.checked_sub(packet.data.len().max(16) as u64);
        self.bytes = left.ok_or_else(|| corrupt("its index leads to more packets than the file can hold"))?;
        Ok(())
    }
}

/// Packets of a lossy codec that failed to decode.
#[derive(Default)]
pub struct Skipped {
    /// All packets of the stream, decoded or not.
    pub packets: usize,
    failed: usize,
    /// Those after the last one that decoded.
    in_a_row: usize,
    first: Option<Error>,
}

impl Skipped {
    /// Counts a packet and keeps the first error.
    pub fn add(&mut self, error: Error) {
        self.failed += 1;
        self.in_a_row += 1;
        self.first.get_or_insert(error);
    }

    /// A packet decoded.
    pub fn heard(&mut self) {
        self.in_a_row = 0;
    }

    /// # Errors
    /// `corrupt` where more failed than players would put up with.
    pub fn check(&self) -> Result<(), AudioError> {
        let allowed = SKIPPED_ALWAYS.max((SKIPPED_SHARE * self.packets as f64) as usize);
        match &self.first {
            // An end that does not decode is another recording, or one that is lost.
            Some(error) if self.failed > allowed || self.in_a_row > SKIPPED_ALWAYS => {
                let detail = format!("{} of {} packets fail to decode, first: {error}", self.failed, self.packets);
                Err(corrupt(detail))
            }
            _ => Ok(()),
        }
    }
}
