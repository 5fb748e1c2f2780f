//! What each fuzz target does with its bytes. The ordinary test suite runs the same functions on the seeds, so that
//! they compile and hold there too.

use std::sync::LazyLock;

use bytes::Bytes;
use ser_etl::audio::{AudioReader, Segment};
use ser_etl::config::{Audio, Corpus, Pipeline};
use ser_etl::corpus::{ManifestTable, Source, SourceFile, build, parse_text};
use ser_etl::model::{self, FILES};
use ser_etl::schema::{FeatureKeys, Prediction, SplitRow};
use ser_etl::table::{TableError, TextTable, read, read_footer, read_keys, read_text_columns};

const PIPELINE: &str = "name = 'm'\nout = 'o'\n[[corpus]]\nname = 'c'\nsource = 's'\nmanifest = 'm.csv'\n";

/// Any bytes are samples or a reject, in bounded memory.
pub fn audio(data: &[u8]) {
    let params = Audio { max_duration_s: 60.0, ..Audio::default() };
    if let Ok(audio) = AudioReader::new(&params).read(data, None, Segment::default()) {
        assert!(!audio.samples.is_empty() && audio.samples.iter().all(|sample| sample.is_finite()));
    }
}

/// Any CSV, TSV or Parquet is a corpus or an error.
pub fn manifest(data: &[u8]) {
    static CORPUS: LazyLock<Corpus> =
        LazyLock::new(|| Pipeline::parse(PIPELINE, &[]).expect("a legal pipeline").corpus.remove(0));
    let corpus = &*CORPUS;
    let table = match read_text_columns(Bytes::copy_from_slice(data)) {
        Ok(TextTable { columns, rows, left_out }) => {
            ManifestTable { columns, rows, left_out, ..ManifestTable::default() }
        }
        Err(_) => match parse_text(corpus, data, "m.csv") {
            Ok(table) => table,
            Err(_) => return,
        },
    };
    let files = ["a.wav", "b/c.flac"].map(|path| SourceFile { path: path.to_owned(), bytes: 100 });
    let _ = build(corpus, Source { root: "/s", files: &files }, Some(&table));
}

/// Any two files are a model or an error. The card ends where the first zero byte is, and names the weights that follow.
pub fn model(data: &[u8]) {
    /// What stands before the hash of the weights.
    const KEY: &[u8] = b"\"weights\": \"";
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (card, weights) = data.split_at(cut);
    let (mut card, weights) = (card.to_vec(), weights.get(1..).unwrap_or_default());
    let at = card.windows(KEY.len()).position(|window| window == KEY);
    if let Some(hash) = at.and_then(|at| card.get_mut(at + KEY.len()..at + KEY.len() + 64)) {
        hash.copy_from_slice(blake3::hash(weights).to_hex().as_bytes());
    }
    let [weights_file, card_file] = FILES;
    let _ = model::load(&[(weights_file.to_owned(), weights.to_vec()), (card_file.to_owned(), card)]);
}

/// Any text is a pipeline or an error about a key; so is any `--set`.
pub fn pipeline(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(pipeline) = Pipeline::parse(text, &[]) {
        let _ = pipeline.check();
    }
    let (set, rest) = text.split_once('\n').unwrap_or((text, ""));
    let _ = Pipeline::parse(rest, &[set.to_owned()]);
}

/// Any bytes are a table or an error, read whole or by ranges.
pub fn table(data: &[u8]) {
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
}
