//! What each fuzz target does with its bytes. The ordinary test suite runs the same functions on the seeds, so that
//! they compile and hold there too.

use std::sync::LazyLock;

use bytes::Bytes;
use ser_etl::audio::{AudioParams, AudioReader, Segment};
use ser_etl::corpus::{Corpus, ManifestTable, Rules, Source, SourceFile, build, parse_text};
use ser_etl::features::Provenance;
use ser_etl::model::{self, FILES};
use ser_etl::pipeline::Pipeline;
use ser_etl::schema::{FeatureKeys, Prediction, SplitRow};
use ser_etl::table::{Outline, TableError, TextTable, read, read_footer, read_keys, read_text_columns};

const PIPELINE: &str = "name = 'm'\nout = 'o'\n[[corpus]]\nname = 'c'\nsource = 's'\nmanifest = 'm.csv'\n";

/// Any bytes are samples or a reject, in bounded memory.
pub fn audio(data: &[u8]) {
    let params = AudioParams { max_duration_s: 60.0, ..AudioParams::default() };
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
        Ok(TextTable { columns, cells, left_out }) => {
            ManifestTable { columns, cells, left_out, ..ManifestTable::default() }
        }
        Err(_) => match parse_text(corpus, data, "m.csv") {
            Ok(table) => table,
            Err(_) => return,
        },
    };
    let files = ["a.wav", "b/c.flac"].map(|path| SourceFile { path, bytes: 100 }).into_iter().collect();
    let _ = build(corpus, Source { root: "/s", files: &files, labels: &[] }, Some(&table), None, &Rules::default());
}

/// Any two files are a model or an error. The card ends where the first zero byte is; its hashes are made to fit, of the
/// weights that follow and of itself.
pub fn model(data: &[u8]) {
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (card, weights) = data.split_at(cut);
    let (mut card, weights) = (card.to_vec(), weights.get(1..).unwrap_or_default());
    put_hash(&mut card, b"\"weights\": \"", blake3::hash(weights).to_hex().as_bytes());
    put_hash(&mut card, CARD, &[b'0'; 64]);
    let own = blake3::hash(&card).to_hex();
    put_hash(&mut card, CARD, own.as_bytes());
    let [weights_file, card_file] = FILES;
    let _ = model::load::<Provenance>(&[(weights_file.to_owned(), weights.to_vec()), (card_file.to_owned(), card)]);
}

/// What stands before the hash of a card's own text.
const CARD: &[u8] = b"\"card\": \"";

/// Writes a hash behind `key`, where a card has one.
fn put_hash(card: &mut [u8], key: &[u8], hash: &[u8]) {
    let at = card.windows(key.len()).position(|window| window == key).map(|at| at + key.len());
    if let Some(old) = at.and_then(|at| card.get_mut(at..at + hash.len())) {
        old.copy_from_slice(hash);
    }
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
    let _ = Outline::open::<TableError>(size, range).map(|outline| outline.first_rows::<TableError>(5, 40, range));
}
