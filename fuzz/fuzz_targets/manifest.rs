//! Any CSV, TSV or Parquet is a corpus or an error.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ser_etl::config::Pipeline;
use ser_etl::corpus::{ManifestTable, SourceFile, build, parse_delimited};
use ser_etl::table::read_text_columns;

const PIPELINE: &str = "name = 'm'\nout = 'o'\n[[corpus]]\nname = 'c'\nsource = 's'\nmanifest = 'm.csv'\n";

fuzz_target!(|data: &[u8]| {
    let table = match read_text_columns(Bytes::copy_from_slice(data)) {
        Ok((columns, rows)) => ManifestTable { columns, rows },
        Err(_) => match parse_delimited(data, "m.csv") {
            Ok(table) => table,
            Err(_) => return,
        },
    };
    let pipeline = Pipeline::parse(PIPELINE, &[]).expect("a legal pipeline");
    let files = ["a.wav", "b/c.flac"].map(|path| SourceFile { path: path.to_owned(), bytes: 100 });
    let _ = build(&pipeline.corpus[0], &files, Some(&table));
});
