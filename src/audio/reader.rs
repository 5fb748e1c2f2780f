use std::io::Cursor;

use super::cut::{Audio, Cut, Segment};
use super::decode::Decoding;
use super::resample::Resamplers;
use super::{AudioError, Source};
use crate::audio::AudioParams;

/// Reads files one after the other; keeps the resamplers between them. One a worker.
pub struct AudioReader {
    params: AudioParams,
    resamplers: Resamplers,
}

impl AudioReader {
    /// A reader to `params.sample_rate_hz`; `params` are taken as checked.
    pub fn new(params: &AudioParams) -> Self {
        Self { params: params.clone(), resamplers: Resamplers::new(params.sample_rate_hz) }
    }

    /// Reads one segment of a file that is in memory: [`AudioReader::read_each`].
    ///
    /// # Errors
    /// See [`AudioError`].
    pub fn read(&mut self, bytes: &[u8], extension: Option<&str>, segment: Segment) -> Result<Audio, AudioError> {
        let mut audio = None;
        self.read_each(Cursor::new(bytes), extension, &[segment], |_, cut| audio = Some(cut))?;
        audio.expect("a file that is read to its end hands every segment out")
    }

    /// Decodes a file once and hands out its segments, each with its number as soon as it has been heard.
    ///
    /// A segment is cut at the nearest samples of the file and resampled; memory holds those that are being heard.
    /// `extension` is a hint at most; the content decides.
    ///
    /// # Errors
    /// What is wrong with the file, even after segments were handed out, which then are worth nothing. What is wrong
    /// with a segment is handed out: `segment_out_of_range`, or `non_finite` for a NaN, an infinity or an absurd value.
    pub fn read_each(
        &mut self,
        source: impl Source,
        extension: Option<&str>,
        segments: &[Segment],
        mut each: impl FnMut(usize, Result<Audio, AudioError>),
    ) -> Result<(), AudioError> {
        let mut decoding = Decoding::open(source, extension, &self.params)?;
        let mut cuts = segments.iter().map(|segment| Cut::new(*segment)).enumerate().collect::<Vec<_>>();
        while decoding.advance()? {
            cuts.retain_mut(|(number, cut)| {
                let heard = cut.hear(&decoding.mono, &mut self.resamplers);
                if heard {
                    each(*number, cut.finish(&decoding, &mut self.resamplers));
                }
                !heard
            });
        }
        for (number, mut cut) in cuts {
            each(number, cut.finish(&decoding, &mut self.resamplers));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{SampleFormat, WavSpec, WavWriter};

    fn float_wav(samples: impl Iterator<Item = f32>, sample_rate: u32) -> Vec<u8> {
        let spec = WavSpec { channels: 1, sample_rate, bits_per_sample: 32, sample_format: SampleFormat::Float };
        let mut bytes = Vec::new();
        let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
        samples.for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        bytes
    }

    fn ramp(len: usize, sample_rate: u32) -> Vec<u8> {
        float_wav((0..len).map(|n| n as f32 / len as f32), sample_rate)
    }

    fn segment(start_s: impl Into<Option<f64>>, end_s: impl Into<Option<f64>>) -> Segment {
        Segment { start_s: start_s.into(), end_s: end_s.into() }
    }

    #[test]
    fn a_cut_is_resampled_and_told_in_seconds_of_the_file() {
        let mut reader = AudioReader::new(&AudioParams::default());
        let audio = reader.read(&ramp(48_000, 48_000), None, segment(0.25, 0.75)).unwrap();
        assert_eq!((audio.samples.len(), audio.sample_rate_hz, audio.duration_s), (8_000, 48_000, 0.5));
        // The ramp of the recording: the middle of the cut is the middle of the recording.
        assert!((audio.samples[4_000] - 0.5).abs() < 1e-3, "{}", audio.samples[4_000]);
    }

    #[test]
    fn only_the_segment_must_be_finite() {
        let broken = float_wav((0..16_000).map(|n| if n == 8_000 { f32::NAN } else { 0.1 }), 16_000);
        let mut reader = AudioReader::new(&AudioParams::default());
        assert!(reader.read(&broken, None, segment(None, 0.4)).is_ok());
        assert_eq!(reader.read(&broken, None, segment(0.4, None)), Err(AudioError::NonFinite { at_s: 0.1 }));
    }

    #[test]
    fn segments_of_one_file_are_what_each_is_alone() {
        let file = ramp(96_000, 48_000);
        let segments = [
            segment(1.5, None),
            segment(0.1, 0.6),
            segment(0.3, 0.5),
            segment(2.5, 3.0),
            segment(None, None),
            segment(1.0, 0.5),
            segment(0.6, 1.1),
        ];
        let mut reader = AudioReader::new(&AudioParams::default());
        let mut order = Vec::new();
        let mut alone = AudioReader::new(&AudioParams::default());
        let compare = |number: usize, audio| {
            order.push(number);
            assert_eq!(audio, alone.read(&file, None, segments[number]), "{:?}", segments[number]);
        };
        assert_eq!(reader.read_each(Cursor::new(&file), None, &segments, compare), Ok(()));
        assert_eq!(order, [2, 1, 6, 0, 3, 4, 5], "as soon as each was heard");
    }

    #[test]
    fn the_hash_is_of_the_little_endian_samples() {
        let samples: Vec<f32> = (0..3_000).map(|n| n as f32 * 0.001).collect();
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let audio =
            Audio { samples, codec: "flac".into(), sample_rate_hz: 1, channels: 1, duration_s: 1.0, signals: vec![] };
        assert_eq!(audio.hash(), blake3::hash(&bytes).to_hex().to_string());
    }
}
