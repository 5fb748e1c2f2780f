//! Any CSV, TSV or Parquet is a corpus or an error.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ser_etl::config::Pipeline;
use ser_etl::corpus::{ManifestTable, Source, SourceFile, build, parse_text};
use ser_etl::table::{TextTable, read_text_columns};

const PIPELINE: &str = "name = 'm'\nout = 'o'\n[[corpus]]\nname = 'c'\nsource = 's'\nmanifest = 'm.csv'\n";

fuzz_target!(|data: &[u8]| {
    let pipeline = Pipeline::parse(PIPELINE, &[]).expect("a legal pipeline");
    let corpus = &pipeline.corpus[0];
    let table = match read_text_columns(Bytes::copy_from_slice(data)) {
        Ok(TextTable { columns, rows, left_out }) => ManifestTable { columns, rows, left_out, ..ManifestTable::default() },
        Err(_) => match parse_text(corpus, data, "m.csv") {
            Ok(table) => table,
            Err(_) => return,
        },
    };
    let files = ["a.wav", "b/c.flac"].map(|path| SourceFile { path: path.to_owned(), bytes: 100 });
    let _ = build(corpus, Source { root: "/s", files: &files }, Some(&table));
});
