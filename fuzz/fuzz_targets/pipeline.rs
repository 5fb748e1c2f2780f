//! Any text is a pipeline or an error about a key; so is any `--set`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ser_etl::config::Pipeline;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(pipeline) = Pipeline::parse(text, &[]) {
        let _ = pipeline.check();
    }
    let (set, rest) = text.split_once('\n').unwrap_or((text, ""));
    let _ = Pipeline::parse(rest, &[set.to_owned()]);
});
