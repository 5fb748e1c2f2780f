use symphonia::core::audio::GenericAudioBufferRef;

use super::AudioError;
use crate::config;

/// Sample rates of files that are accepted, in Hz.
const FILE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Collects decoded buffers as one channel: the mean of all channels, in channel order.
pub struct MonoMix {
    /// Mono samples at the rate of the file.
    pub samples: Vec<f32>,
    /// Rate of the file in Hz; 0 before the first buffer.
    pub rate_hz: u32,
    /// Channels of the file; 0 before the first buffer.
    pub channels: u32,
    planes: Vec<Vec<f32>>,
    max_samples: usize,
}

impl MonoMix {
    /// Room for `capacity` samples at first; it grows with what is decoded.
    pub fn new(capacity: usize) -> Self {
        Self {
            samples: Vec::with_capacity(capacity),
            rate_hz: 0,
            channels: 0,
            planes: Vec::new(),
            max_samples: usize::MAX,
        }
    }

    /// Mixes a decoded buffer and appends it.
    ///
    /// # Errors
    /// `rate_out_of_range`, `too_many_channels`, `too_long`; `corrupt` if rate or channels change on the way.
    pub fn append(&mut self, buffer: &GenericAudioBufferRef<'_>, params: &config::Audio) -> Result<(), AudioError> {
        if buffer.frames() == 0 {
            return Ok(());
        }
        self.check_format(buffer.spec().rate(), buffer.num_planes(), params)?;
        let start = self.samples.len();
        if start + buffer.frames() > self.max_samples {
            return Err(AudioError::TooLong { limit_s: params.max_duration_s });
        }
        self.samples.resize(start + buffer.frames(), 0.0);
        let out = &mut self.samples[start..];
        if self.channels == 1 {
            buffer.copy_to_slice_planar::<f32, _>(&mut [out]);
        } else {
            buffer.copy_to_vecs_planar::<f32>(&mut self.planes);
            mean_of_channels(&self.planes, out);
        }
        Ok(())
    }

    fn check_format(&mut self, rate_hz: u32, channels: usize, params: &config::Audio) -> Result<(), AudioError> {
        let channels = u32::try_from(channels).unwrap_or(u32::MAX);
        if (self.rate_hz, self.channels) == (rate_hz, channels) {
            return Ok(());
        }
        if self.rate_hz != 0 {
            let detail = format!(
                "{} channels at {} Hz become {channels} channels at {rate_hz} Hz on the way",
                self.channels, self.rate_hz
            );
            return Err(AudioError::Corrupt { detail });
        }
        if !FILE_RATES_HZ.contains(&rate_hz) {
            return Err(AudioError::RateOutOfRange { rate_hz, legal: FILE_RATES_HZ });
        }
        if channels == 0 || channels > params.max_channels {
            return Err(AudioError::TooManyChannels { channels, limit: params.max_channels });
        }
        (self.rate_hz, self.channels) = (rate_hz, channels);
        self.max_samples = (params.max_duration_s * f64::from(rate_hz)) as usize;
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
