use symphonia::core::audio::GenericAudioBufferRef;

use super::AudioError;
use super::error::corrupt;
use crate::audio::AudioParams;

/// Sample rates of files that are accepted, in Hz.
const FILE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Mixes decoded buffers to one channel: the mean of all channels, in channel order.
pub struct MonoMix {
    /// Mono samples of the last buffer, full scale at 1; float files may exceed it.
    pub packet: Vec<f32>,
    /// Samples that were kept so far, the packet's included.
    pub len: usize,
    /// Samples of the file's own time before the first one.
    pub lead: u64,
    /// Samples of all buffers so far, the last included.
    pub decoded: usize,
    /// Rate of the file in Hz; 0 before the first buffer.
    pub rate_hz: u32,
    /// Channels of the file; 0 before the first buffer.
    pub channels: u32,
    /// Mean square of the channels of the last buffer; none of one channel.
    pub channel_power: Option<f64>,
    /// The samples of `packet` are silence that no channel holds.
    pub is_inserted: bool,
    planes: Vec<Vec<f32>>,
    max_duration_s: f64,
    max_channels: u32,
}

impl MonoMix {
    /// A mix that is refused where it exceeds the limits of `params`.
    pub fn new(params: &AudioParams) -> Self {
        Self {
            packet: Vec::new(),
            len: 0,
            lead: 0,
            decoded: 0,
            rate_hz: 0,
            channels: 0,
            channel_power: None,
            is_inserted: false,
            planes: Vec::new(),
            max_duration_s: params.max_duration_s,
            max_channels: params.max_channels,
        }
    }

    /// Mixes a decoded buffer into `packet`.
    ///
    /// # Errors
    /// `rate_out_of_range`, `too_many_channels`, `too_long`; `corrupt` if rate or channels change on the way.
    pub fn mix(&mut self, buffer: &GenericAudioBufferRef<'_>) -> Result<(), AudioError> {
        self.packet.clear();
        if buffer.frames() == 0 {
            return Ok(());
        }
        self.check_format(buffer.spec().rate(), buffer.num_planes())?;
        self.decoded += buffer.frames();
        self.check_len(self.decoded)?;
        self.packet.resize(buffer.frames(), 0.0);
        if self.channels == 1 {
            buffer.copy_to_slice_planar::<f32, _>(&mut [&mut self.packet[..]]);
        } else {
            buffer.copy_to_vecs_planar::<f32>(&mut self.planes);
            mean_of_channels(&self.planes, &mut self.packet);
            let powers = self.planes.iter().map(|plane| power_of(&plane[..buffer.frames().min(plane.len())]));
            self.channel_power = Some(powers.sum::<f64>() / self.planes.len() as f64);
        }
        Ok(())
    }

    /// Counts the samples of `packet` as kept.
    ///
    /// # Errors
    /// `too_long`.
    pub fn keep(&mut self) -> Result<(), AudioError> {
        self.len += self.packet.len();
        self.check_len(self.len)
    }

    /// Refuses what no recording of speech has, before anything is decoded.
    ///
    /// # Errors
    /// `rate_out_of_range`, `too_many_channels`.
    pub fn check(&self, rate_hz: u32, channels: u32) -> Result<(), AudioError> {
        if !FILE_RATES_HZ.contains(&rate_hz) {
            return Err(AudioError::RateOutOfRange { rate_hz, legal: FILE_RATES_HZ });
        }
        if channels == 0 || channels > self.max_channels {
            return Err(AudioError::TooManyChannels { channels, limit: self.max_channels });
        }
        Ok(())
    }

    fn check_len(&self, len: usize) -> Result<(), AudioError> {
        if len > (self.max_duration_s * f64::from(self.rate_hz)) as usize {
            return Err(AudioError::TooLong { limit_s: self.max_duration_s });
        }
        Ok(())
    }

    fn check_format(&mut self, rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        let channels = u32::try_from(channels).unwrap_or(u32::MAX);
        if (self.rate_hz, self.channels) == (rate_hz, channels) {
            return Ok(());
        }
        if self.rate_hz != 0 {
            let detail = format!(
                "{} channels at {} Hz become {channels} channels at {rate_hz} Hz on the way",
                self.channels, self.rate_hz
            );
            return Err(corrupt(detail));
        }
        self.check(rate_hz, channels)?;
        (self.rate_hz, self.channels) = (rate_hz, channels);
        Ok(())
    }
}

/// `planes`: one vector a channel, each at least as long as `out`.
fn mean_of_channels(planes: &[Vec<f32>], out: &mut [f32]) {
    let share = 1.0 / planes.len() as f32;
    for plane in planes {
        for (sum, sample) in out.iter_mut().zip(plane) {
            *sum += sample;
        }
    }
    for sum in out {
        *sum *= share;
    }
}

/// Mean square; 0 of no samples.
pub fn power_of(samples: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; 8];
    let chunks = samples.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, sample) in chunk.iter().enumerate() {
            lanes[lane] += sample * sample;
        }
    }
    let sum: f64 = lanes.iter().map(|lane| f64::from(*lane)).sum();
    let rest: f64 = rest.iter().map(|sample| f64::from(sample * sample)).sum();
    (sum + rest) / samples.len().max(1) as f64
}
