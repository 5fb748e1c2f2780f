//! Any bytes are samples or a reject, in bounded memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ser_etl::audio::{AudioReader, Segment};
use ser_etl::config::Audio;

// A panic of a decoder is caught and becomes a reject; libFuzzer's own hook would end the run there.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| {
    let params = Audio { max_duration_s: 60.0, ..Audio::default() };
    if let Ok(audio) = AudioReader::new(&params).read(data, None, Segment::default()) {
        assert!(!audio.samples.is_empty() && audio.samples.iter().all(|sample| sample.is_finite()));
    }
});
