//! Signals that decode, and yet are hardly what was recorded.

use super::mono::{MonoMix, power_of};
use crate::schema::Signal;

/// Samples within a step of 16 bits on either side are silence: converters add noise of a step, as dither. A step of
/// 8 bits is no measure; quiet speech lies within it.
const SILENT_RANGE: f32 = 2.0 / 32_768.0;
/// The mean of channels that has less than this share of their power has lost what they have in common.
const CANCELLED_SHARE: f64 = 0.01;
/// Peaks beyond this are no loud sound, but numbers on another scale.
const LOUDEST_PEAK: f32 = 2.0;
/// What the largest number of 16 bits is, and a little less: the level at which converters clip.
const FULL_SCALE: f32 = 0.999;
/// A loud recording touches full scale here and there; a clipped one does so in more than this share of its samples.
const CLIPPED_SHARE: f64 = 0.001;
/// A file of less than this share of the wanted rate lacks the upper part of the spectrum.
const NARROW_SHARE: f64 = 0.8;

/// What was heard of a segment, at the rate of the file.
#[derive(Debug)]
pub struct Meter {
    least: f32,
    most: f32,
    /// Samples, and those at full scale.
    heard: u64,
    full: u64,
    /// Sum of squares of the mixed samples, and of the mean square of the channels that they were mixed from.
    mixed: f64,
    channels: f64,
}

impl Meter {
    /// Nothing heard yet.
    pub fn new() -> Self {
        Self { least: f32::INFINITY, most: f32::NEG_INFINITY, heard: 0, full: 0, mixed: 0.0, channels: 0.0 }
    }

    /// Hears some samples of the packet at hand.
    pub fn hear(&mut self, samples: &[f32], mono: &MonoMix) {
        // Sums of a packet in vector lanes; only sums of packets need the longer numbers.
        let (mut least, mut most) = ([self.least; 8], [self.most; 8]);
        let mut chunks = samples.chunks_exact(8);
        for chunk in &mut chunks {
            for (lane, sample) in chunk.iter().enumerate() {
                least[lane] = least[lane].min(*sample);
                most[lane] = most[lane].max(*sample);
            }
        }
        let rest = chunks.remainder();
        self.least = least.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
        self.most = most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
        self.heard += samples.len() as u64;
        if self.most.max(-self.least) >= FULL_SCALE {
            self.full += samples.iter().filter(|sample| sample.abs() >= FULL_SCALE).count() as u64;
        }
        if let Some(power) = mono.channel_power.filter(|_| !mono.is_inserted) {
            self.channels += power * samples.len() as f64;
            self.mixed += power_of(samples) * samples.len() as f64;
        }
    }

    /// What is suspicious, of a file of `rate_hz` where `wanted_hz` is wanted, which may have several tracks of sound.
    pub fn signals(&self, rate_hz: u32, wanted_hz: u32, has_several_tracks: bool) -> Vec<Signal> {
        let peak = self.most.max(-self.least);
        let is = |signal: &Signal| match signal {
            Signal::Silent => self.most - self.least <= SILENT_RANGE,
            Signal::Cancels => self.channels > 0.0 && self.mixed < CANCELLED_SHARE * self.channels,
            Signal::BeyondFullScale => peak > LOUDEST_PEAK,
            Signal::Clipped => peak <= LOUDEST_PEAK && self.full as f64 > CLIPPED_SHARE * self.heard as f64,
            Signal::NarrowBand => f64::from(rate_hz) < NARROW_SHARE * f64::from(wanted_hz),
            Signal::SeveralTracks => has_several_tracks,
        };
        Signal::ALL.into_iter().filter(is).collect()
    }
}
