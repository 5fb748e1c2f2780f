#![no_main]

use libfuzzer_sys::fuzz_target;

// A panic of the Parquet reader is caught and becomes an error; libFuzzer's own hook would end the run there.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| ser_etl_fuzz::table(data));
