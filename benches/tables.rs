//! Cost of a wide table, 1,440 rows of 6,000 features: `cargo bench --bench tables`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use ser_etl::schema::{Columns, FeatureKeys, Table};
use ser_etl::table::{self, TableError};

const ROWS: usize = 1440;
const COLUMNS: usize = 6000;

fn main() {
    divan::main();
}

#[divan::bench(max_time = 5)]
fn write(bencher: divan::Bencher) {
    let table = wide();
    bencher.bench_local(|| file(divan::black_box(&table)).len());
}

#[divan::bench(max_time = 5)]
fn read(bencher: divan::Bencher) {
    let file = file(&wide());
    bencher.bench_local(|| table::read::<FeatureKeys>(file.clone()).expect("a table").0.rows.len());
}

#[divan::bench(max_time = 5)]
fn read_keys(bencher: divan::Bencher) {
    let file = file(&wide());
    let fetched = Cell::new(0);
    let fetch = |range: Range<u64>| {
        fetched.set(fetched.get() + range.end - range.start);
        Ok::<_, TableError>(file.slice(range.start as usize..range.end as usize))
    };
    bencher.bench_local(|| {
        fetched.set(0);
        table::read_keys::<FeatureKeys, _>(file.len() as u64, fetch).expect("a table").rows.len()
    });
    println!("{} of {} bytes", fetched.get(), file.len());
}

fn file(table: &Table<FeatureKeys>) -> Bytes {
    table::write(table, "config", &BTreeMap::new(), true).expect("sorted rows").0.into()
}

/// Values with a level and a spread of their own in each column.
fn wide() -> Table<FeatureKeys> {
    let value = |cell: usize| {
        let noise = (cell as u32).wrapping_mul(2_654_435_761) as f32 / 2e9 - 1.0;
        ((cell % COLUMNS) as f32).sqrt() * (1.0 + 0.3 * noise)
    };
    Table {
        rows: (0..ROWS).map(keys).collect(),
        text: Columns::default(),
        float: Columns {
            names: (0..COLUMNS)
                .map(|column| format!("descriptor{:03}_d1_functional{column:04}", column / 40))
                .collect(),
            values: (0..ROWS * COLUMNS).map(value).collect(),
        },
    }
}

fn keys(row: usize) -> FeatureKeys {
    FeatureKeys {
        utterance_id: format!("corpus/{row:05}"),
        corpus: "corpus".to_owned(),
        path: format!("{row:05}.wav"),
        start_s: None,
        end_s: None,
        speaker: Some(format!("corpus/{:02}", row % 24)),
        gender: None,
        text_id: None,
        intensity: None,
        language: None,
        source_label: "angry".to_owned(),
        emotion: "anger".to_owned(),
        codec: "pcm_s16le".to_owned(),
        sample_rate_hz: 16_000,
        channels: 1,
        duration_s: 3.0,
        audio_hash: format!("{row:064x}"),
        signal: None,
        augmented_from: None,
        transform: None,
    }
}
