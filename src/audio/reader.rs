use super::AudioError;
use super::decode::{Recording, decode};
use super::resample::Resamplers;
use crate::config;

/// Samples beyond this are no sound but numbers misread, and overflow in a transform.
const LOUDEST: f32 = 1e9;
/// An end of a segment may lie this far behind the end of the file: labels are rounded.
const END_SLACK_S: f64 = 0.010;

/// A stretch of a recording in seconds; `None` is the beginning or the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Segment {
    /// Start, from 0.
    pub start_s: Option<f64>,
    /// End, after the start; up to 10 ms beyond the file is taken for its end.
    pub end_s: Option<f64>,
}

/// Mono samples at the configured rate, with facts about the file they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Samples at the configured rate, full scale at 1; at least one, all finite and within 1e9.
    pub samples: Vec<f32>,
    /// Codec of the file as the decoder names it.
    pub codec: String,
    /// Rate of the file in Hz, before resampling.
    pub sample_rate_hz: u32,
    /// Channels of the file, before mixing.
    pub channels: u32,
    /// Length in seconds of what was kept of the file, by its own rate.
    pub duration_s: f64,
}

impl Audio {
    /// BLAKE3 over the samples' little-endian bytes, hexadecimal. Equal hashes: identical audio to every feature.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = [0_u8; 4 * 1_024];
        for samples in self.samples.chunks(1_024) {
            for (slot, sample) in bytes.chunks_exact_mut(4).zip(samples) {
                slot.copy_from_slice(&sample.to_le_bytes());
            }
            hasher.update(&bytes[..4 * samples.len()]);
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Reads files one after the other; keeps the resamplers between them. One a worker.
pub struct AudioReader {
    params: config::Audio,
    resamplers: Resamplers,
}

impl AudioReader {
    /// A reader to `params.sample_rate_hz`; `params` are taken as checked.
    pub fn new(params: &config::Audio) -> Self {
        Self { params: params.clone(), resamplers: Resamplers::new(params.sample_rate_hz) }
    }

    /// Decodes a file and cuts one segment of it: [`AudioReader::decode`] and [`AudioReader::cut`].
    ///
    /// `extension` is a hint at most; the content decides.
    ///
    /// # Errors
    /// Those of decoding and cutting; see [`AudioError`].
    pub fn read(&mut self, bytes: &[u8], extension: Option<&str>, segment: Segment) -> Result<Audio, AudioError> {
        let recording = self.decode(bytes, extension)?;
        if segment == Segment::default() {
            check_finite(&recording.samples, recording.sample_rate_hz)?;
            return self.convert(recording);
        }
        self.cut(&recording, segment)
    }

    /// Decodes a whole file to mono at its own rate: for files of many segments, which [`AudioReader::cut`] then cuts.
    ///
    /// # Errors
    /// See [`AudioError`].
    pub fn decode(&self, bytes: &[u8], extension: Option<&str>) -> Result<Recording, AudioError> {
        decode(bytes, extension, &self.params)
    }

    /// Cuts a segment at the nearest samples of the file and resamples it.
    ///
    /// # Errors
    /// `segment_out_of_range`, and `non_finite` for a NaN, an infinity or an absurd value within the segment.
    pub fn cut(&mut self, recording: &Recording, segment: Segment) -> Result<Audio, AudioError> {
        let range = sample_range(recording, segment)?;
        let samples = &recording.samples[range];
        check_finite(samples, recording.sample_rate_hz)?;
        self.convert(Recording { samples: samples.to_vec(), codec: recording.codec.clone(), ..*recording })
    }

    fn convert(&mut self, recording: Recording) -> Result<Audio, AudioError> {
        let duration_s = recording.duration_s();
        let Recording { samples, sample_rate_hz, channels, codec } = recording;
        let samples = if sample_rate_hz == self.params.sample_rate_hz {
            samples
        } else {
            self.resamplers.resample(&samples, sample_rate_hz)
        };
        Ok(Audio { samples, codec, sample_rate_hz, channels, duration_s })
    }
}

/// Samples of the segment: both ends rounded to the nearest sample, at least one sample long.
fn sample_range(recording: &Recording, segment: Segment) -> Result<std::ops::Range<usize>, AudioError> {
    let duration_s = recording.duration_s();
    let rate_hz = f64::from(recording.sample_rate_hz);
    let start_s = segment.start_s.unwrap_or(0.0);
    let end_s = segment.end_s.unwrap_or(duration_s);
    let error = AudioError::SegmentOutOfRange { start_s, end_s, duration_s };
    // Written so that a NaN fails.
    if !(start_s >= 0.0 && end_s > start_s && end_s <= duration_s + END_SLACK_S) {
        return Err(error);
    }
    let start = (start_s * rate_hz).round() as usize;
    let end = ((end_s * rate_hz).round() as usize).min(recording.samples.len());
    if start < end { Ok(start..end) } else { Err(error) }
}

fn check_finite(samples: &[f32], rate_hz: u32) -> Result<(), AudioError> {
    // Written so that a NaN fails; over chunks without an early exit it runs in vector lanes.
    let is_bounded = |sample: &f32| sample.abs() <= LOUDEST;
    if samples.chunks(1_024).all(|chunk| chunk.iter().fold(true, |all, sample| all & is_bounded(sample))) {
        return Ok(());
    }
    let place = samples.iter().take_while(|sample| is_bounded(sample)).count();
    Err(AudioError::NonFinite { at_s: place as f64 / f64::from(rate_hz) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(len: usize, sample_rate_hz: u32) -> Recording {
        let samples = (0..len).map(|n| n as f32 / len as f32).collect();
        Recording { samples, sample_rate_hz, channels: 1, codec: "flac".to_owned() }
    }

    fn segment(start_s: impl Into<Option<f64>>, end_s: impl Into<Option<f64>>) -> Segment {
        Segment { start_s: start_s.into(), end_s: end_s.into() }
    }

    #[test]
    fn segments_round_to_the_nearest_sample() {
        let one_second = recording(1_000, 1_000);
        let cases = [
            (segment(None, None), 0..1_000),
            (segment(0.25, None), 250..1_000),
            (segment(None, 0.25), 0..250),
            (segment(0.1004, 0.1996), 100..200),
            (segment(0.5, 1.01), 500..1_000),
            (segment(0.999, 1.0), 999..1_000),
        ];
        for (wanted, range) in cases {
            assert_eq!(sample_range(&one_second, wanted), Ok(range), "{wanted:?}");
        }
    }

    #[test]
    fn segments_outside_are_refused() {
        let one_second = recording(1_000, 1_000);
        let cases = [
            segment(-0.1, None),
            segment(1.0, None),
            segment(2.0, 3.0),
            segment(0.5, 0.5),
            segment(0.5, 0.4),
            segment(0.5, 1.0111),
            segment(0.5001, 0.5002),
            segment(f64::NAN, None),
            segment(None, f64::INFINITY),
        ];
        for wanted in cases {
            let code = sample_range(&one_second, wanted).map_err(|error| error.code());
            assert_eq!(code, Err("segment_out_of_range"), "{wanted:?}");
        }
    }

    #[test]
    fn a_cut_is_resampled_and_told_in_seconds_of_the_file() {
        let mut reader = AudioReader::new(&config::Audio::default());
        let audio = reader.cut(&recording(48_000, 48_000), segment(0.25, 0.75)).unwrap();
        assert_eq!((audio.samples.len(), audio.sample_rate_hz, audio.duration_s), (8_000, 48_000, 0.5));
        // The ramp of the recording: the middle of the cut is the middle of the recording.
        assert!((audio.samples[4_000] - 0.5).abs() < 1e-3, "{}", audio.samples[4_000]);
    }

    #[test]
    fn only_the_segment_must_be_finite() {
        let mut broken = recording(1_600, 16_000);
        broken.samples[800] = f32::NAN;
        let mut reader = AudioReader::new(&config::Audio::default());
        assert!(reader.cut(&broken, segment(None, 0.04)).is_ok());
        assert_eq!(reader.cut(&broken, segment(0.04, None)), Err(AudioError::NonFinite { at_s: 0.01 }));
    }

    #[test]
    fn the_hash_is_of_the_little_endian_samples() {
        let samples: Vec<f32> = (0..3_000).map(|n| n as f32 * 0.001).collect();
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let audio = Audio { samples, codec: "flac".into(), sample_rate_hz: 1, channels: 1, duration_s: 1.0 };
        assert_eq!(audio.hash(), blake3::hash(&bytes).to_hex().to_string());
    }
}
