use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};

/// Samples could not be written as a WAV file.
#[derive(Debug, thiserror::Error)]
#[error("{samples} samples cannot be written as WAV: {source}; a WAV file ends at 4 GiB")]
pub struct WavError {
    samples: usize,
    source: hound::Error,
}

/// Encodes mono samples as a 16-bit PCM WAV file. Full scale is 1; what lies beyond is clipped, steps are rounded.
///
/// # Errors
/// More samples than a WAV file can hold.
pub fn encode_wav(samples: &[f32], sample_rate_hz: u32) -> Result<Vec<u8>, WavError> {
    let mut bytes = Vec::with_capacity(44 + 2 * samples.len());
    write(samples, sample_rate_hz, &mut bytes).map_err(|source| WavError { samples: samples.len(), source })?;
    Ok(bytes)
}

fn write(samples: &[f32], sample_rate: u32, bytes: &mut Vec<u8>) -> Result<(), hound::Error> {
    let spec = WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::new(Cursor::new(bytes), spec)?;
    for sample in samples {
        // 2^15 steps to full scale, as decoders divide; the cast saturates at 32767.
        writer.write_sample((sample * 32_768.0).round() as i16)?;
    }
    writer.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_round_to_the_nearest_step_and_clip() {
        let bytes = encode_wav(&[0.0, 0.5, -1.0, 1.0, 7.0, -7.0, 1.4 / 32_768.0, 1.6 / 32_768.0], 16_000).unwrap();
        let mut reader = hound::WavReader::new(Cursor::new(bytes)).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.spec().channels, reader.spec().bits_per_sample), (16_000, 1, 16));
        let steps: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
        assert_eq!(steps, [0, 16_384, -32_768, 32_767, 32_767, -32_768, 1, 2]);
    }
}
