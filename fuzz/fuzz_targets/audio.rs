#![no_main]

use libfuzzer_sys::fuzz_target;

// A panic of a decoder is caught and becomes a reject; libFuzzer's own hook would end the run there.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| ser_etl_fuzz::audio(data));
