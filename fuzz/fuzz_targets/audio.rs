//! Any bytes are samples or a reject, in bounded memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ser_etl::audio::{AudioError, AudioReader, Segment};
use ser_etl::config::Audio;

fuzz_target!(|data: &[u8]| {
    let params = Audio { max_duration_s: 60.0, ..Audio::default() };
    match AudioReader::new(&params).read(data, None, Segment::default()) {
        Ok(audio) => assert!(!audio.samples.is_empty() && audio.samples.iter().all(|sample| sample.is_finite())),
        Err(AudioError::DecoderPanic { detail }) => panic!("{detail}"),
        Err(_) => {}
    }
});
