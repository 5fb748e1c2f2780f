//! The `[audio]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

/// How audio files become mono samples, and which files are refused for their size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AudioParams {
    /// Sample rate in Hz; every file is resampled to it. Default 16000, legal 8000 to 96000. A file of a lower rate
    /// gains no content above half its own rate.
    pub sample_rate_hz: u32,
    /// Largest file in bytes; larger ones are rejects (`too_large`). Default 1073741824 (1 GiB), legal 1024 to
    /// 17179869184. A worker holds at most 32 MiB of a file.
    pub max_bytes: u64,
    /// Longest recording in seconds; longer ones are rejects (`too_long`). Default 7200, legal 0.1 to 86400. A worker
    /// holds one utterance in memory: four bytes per sample at the configured rate.
    pub max_duration_s: f64,
    /// Most channels; files with more are rejects (`too_many_channels`). Default 8, legal 1 to 64.
    pub max_channels: u32,
}

impl Default for AudioParams {
    fn default() -> Self {
        Self { sample_rate_hz: 16_000, max_bytes: 1 << 30, max_duration_s: 7_200.0, max_channels: 8 }
    }
}

impl AudioParams {
    /// Refuses values outside their legal ranges.
    ///
    /// # Errors
    /// The first key that is out of range, with its value and the legal ones.
    pub fn check(&self) -> Result<(), ConfigError> {
        between("audio.sample_rate_hz", self.sample_rate_hz, 8_000, 96_000)?;
        between("audio.max_bytes", self.max_bytes, 1 << 10, 16 << 30)?;
        between("audio.max_duration_s", self.max_duration_s, 0.1, 86_400.0)?;
        between("audio.max_channels", self.max_channels, 1, 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_legal() {
        assert_eq!(AudioParams::default().check(), Ok(()));
        assert_eq!(AudioParams::default().sample_rate_hz, 16_000);
    }

    #[test]
    fn values_out_of_range_name_their_key() {
        let cases = [
            (AudioParams { sample_rate_hz: 7_999, ..AudioParams::default() }, "audio.sample_rate_hz"),
            (AudioParams { sample_rate_hz: 96_001, ..AudioParams::default() }, "audio.sample_rate_hz"),
            (AudioParams { max_bytes: 0, ..AudioParams::default() }, "audio.max_bytes"),
            (AudioParams { max_duration_s: 0.0, ..AudioParams::default() }, "audio.max_duration_s"),
            (AudioParams { max_duration_s: f64::NAN, ..AudioParams::default() }, "audio.max_duration_s"),
            (AudioParams { max_channels: 0, ..AudioParams::default() }, "audio.max_channels"),
        ];
        for (raw, key) in cases {
            assert_eq!(raw.check().map_err(|error| error.key), Err(key.to_owned()), "{raw:?}");
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<AudioParams>("sample_rate = 8000").is_err());
        assert_eq!(toml::from_str::<AudioParams>("max_channels = 2").map(|audio| audio.max_channels), Ok(2));
    }
}
