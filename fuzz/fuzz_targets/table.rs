//! Any bytes are a table or an error, read whole or by ranges.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ser_etl::schema::{FeatureKeys, Prediction, SplitRow};
use ser_etl::table::{TableError, read, read_footer, read_keys};

// A panic of the Parquet reader is caught and becomes an error; libFuzzer's own hook would end the run there.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| {
    let file = Bytes::copy_from_slice(data);
    let _ = read::<FeatureKeys>(file.clone());
    let _ = read::<Prediction>(file.clone());
    let _ = read::<SplitRow>(file.clone());
    let size = file.len() as u64;
    let range = |range: std::ops::Range<u64>| {
        let (start, end) = (range.start as usize, range.end as usize);
        let inside = start <= end && end <= file.len();
        let outside = || TableError::Unreadable { table: "features".to_owned(), reason: "outside".to_owned() };
        if inside { Ok(file.slice(start..end)) } else { Err(outside()) }
    };
    let _ = read_footer::<TableError>("features", size, range);
    let _ = read_keys::<FeatureKeys, TableError>(size, range);
});
