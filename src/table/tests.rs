use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, DictionaryArray, DurationMillisecondArray, Float64Array, Int64Array,
    IntervalYearMonthArray, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::footer::read_metadata;
use crate::schema::{Columns, FileStamp, Normalization, Prediction, Reject, Table};

use super::*;

fn prediction(id: &str) -> Prediction {
    Prediction {
        utterance_id: id.to_owned(),
        model: "mlp".to_owned(),
        fold: 0,
        seed: 0,
        split: "test".to_owned(),
        truth: "anger".to_owned(),
        predicted: "fear".to_owned(),
    }
}

fn predictions(ids: &[&str]) -> Table<Prediction> {
    Table {
        rows: ids.iter().map(|id| prediction(id)).collect(),
        text: Columns::default(),
        float: Columns {
            names: vec!["p_anger".to_owned(), "p_fear".to_owned()],
            values: (0..2 * ids.len()).map(|i| if i == 1 { f32::NAN } else { i as f32 }).collect(),
        },
    }
}

fn inputs() -> BTreeMap<String, String> {
    BTreeMap::from([("features".to_owned(), "abc".to_owned())])
}

#[test]
fn what_is_written_is_read_back() {
    let table = predictions(&["c/a", "c/b", "c/d"]);
    let (file, footer) = write(&table, "config", &inputs(), false).expect("written");
    let (back, footer_back) = read::<Prediction>(Bytes::from(file.clone())).expect("read");
    assert_eq!(back.rows, table.rows);
    assert_eq!(back.float.names, table.float.names);
    assert!(back.float.values[1].is_nan());
    assert_eq!(back.float.values[2..], table.float.values[2..]);
    assert_eq!(footer, footer_back);
    assert_eq!(footer.inputs, inputs());
    let file = Bytes::from(file);
    let ranged = read_footer::<TableError>("predictions", file.len() as u64, |range| {
        Ok(file.slice(range.start as usize..range.end as usize))
    });
    assert_eq!(ranged.expect("footer"), footer);
}

#[test]
fn a_footer_knows_its_rows() {
    let table = predictions(&["c/a", "c/b"]);
    let (file, _) = write(&table, "config", &inputs(), false).expect("written");
    let (mut back, footer) = read::<Prediction>(file.into()).expect("read");
    assert!(footer.is_of(&back), "missing values and all");
    back.float.values[3] += 0.5;
    assert!(!footer.is_of(&back));
    back.float.values[3] -= 0.5;
    back.float.names[0] = "p_calm".to_owned();
    assert!(!footer.is_of(&back));
}

#[test]
fn keys_are_read_without_the_floats_of_a_wide_table() {
    let ids = (0..2000).map(|id| format!("c/{id:05}")).collect::<Vec<_>>();
    let mut table = predictions(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    table.float.names = (0..200).map(|class| format!("p_{class:03}")).collect();
    table.float.values = (0..2000 * 200).map(|cell| (cell as f32).sin()).collect();
    let file = Bytes::from(write(&table, "config", &inputs(), false).expect("written").0);
    let fetched = std::cell::Cell::new(0);
    let keys = read_keys::<Prediction, TableError>(file.len() as u64, |range| {
        fetched.set(fetched.get() + range.end - range.start);
        Ok(file.slice(range.start as usize..range.end as usize))
    });
    let keys = keys.expect("read");
    assert_eq!((keys.rows, keys.float.names.len()), (table.rows, 0));
    assert!(fetched.get() < file.len() as u64 / 5, "{} of {} bytes", fetched.get(), file.len());
}

#[test]
fn cells_of_a_wide_table_keep_their_places() {
    // Not a multiple of the tile, and more columns than are compressed.
    for columns in [1, 15, 16, 37, 1203] {
        let mut table = predictions(&["c/a", "c/b", "c/d"]);
        table.float.names = (0..columns).map(|column| format!("p_{column:04}")).collect();
        let value = |cell: usize| if cell.is_multiple_of(7) { f32::NAN } else { cell as f32 };
        table.float.values = (0..3 * columns).map(value).collect();
        let file = Bytes::from(write(&table, "config", &inputs(), true).expect("written").0);
        let (back, _) = read::<Prediction>(file.clone()).expect("read");
        let bits = |table: &Table<Prediction>| table.float.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(bits(&back) == bits(&table), "{columns} columns");
        let footer = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().expect("four bytes"));
        assert!((footer as usize) < 2000 + 100 * columns, "a footer of {footer} bytes for {columns} columns");
    }
}

#[test]
fn a_block_stays_in_one_row_group_whose_statistics_tell_what_is_in_it() {
    let names = predictions(&[]).float.names;
    let mut writer = Writer::new::<Prediction>(&[], &names).expect("begun");
    let blocks = [&["c/a", "c/b"][..], &["c/d"], &["c/e", "c/f", "c/g"]];
    for ids in blocks {
        if writer.open_rows() + ids.len() > 3 {
            writer.end_group().expect("ended");
        }
        writer.push(&Block::new(&predictions(ids)).expect("sorted")).expect("pushed");
    }
    assert_eq!(writer.open_rows(), 3);
    let (file, footer) = writer.finish("config", &inputs(), false).expect("written");
    let file = Bytes::from(file);
    let metadata = read_metadata::<TableError>("predictions", file.len() as u64, |range| {
        Ok(file.slice(range.start as usize..range.end as usize))
    });
    let range = |group: &RowGroupMetaData| {
        let bounds = group.column(0).statistics().expect("of a key");
        [bounds.min_bytes_opt(), bounds.max_bytes_opt()]
            .map(|id| String::from_utf8_lossy(id.expect("known")).into_owned())
    };
    let metadata = metadata.expect("metadata");
    let ranges = metadata.row_groups().iter().map(range).collect::<Vec<_>>();
    assert_eq!(ranges, [["c/a", "c/d"], ["c/e", "c/g"]]);
    let (table, footer_back) = read::<Prediction>(file).expect("read");
    assert_eq!((table.rows.len(), footer_back), (6, footer));
}

#[test]
fn parts_with_other_columns_are_refused_by_column() {
    let mut table = predictions(&["c/a"]);
    append(&mut table, predictions(&["c/b"])).expect("the same columns");
    assert_eq!((table.rows.len(), table.float.values.len()), (2, 4));
    let mut other = predictions(&["c/d"]);
    other.float.names[1] = "p_calm".to_owned();
    let error = append(&mut table, other).expect_err("another column").to_string();
    assert!(error.contains("`p_calm`"), "{error}");
}

#[test]
fn the_content_hash_does_not_see_where_parts_begin() {
    let (_, whole) = write(&predictions(&["a", "b", "c"]), "c", &inputs(), true).expect("written");
    let mut tail = predictions(&["a", "b", "c"]);
    tail.rows.remove(0);
    tail.float.values.drain(..2);
    let mut head = predictions(&["a"]);
    head.float.values = vec![0.0, f32::NAN];
    let parts = [head, tail].map(|part| write(&part, "c", &inputs(), true).expect("written").1);
    let names = ["p_anger", "p_fear"].into_iter();
    let joined = table_hash("predictions/2", names, parts.iter().flat_map(|part| part.row_hashes.iter().copied()));
    assert_eq!(joined, whole.content_hash);
    let turned = parts.iter().rev().flat_map(|part| part.row_hashes.iter().copied());
    assert_eq!(table_hash("predictions/2", ["p_anger", "p_fear"].into_iter(), turned), joined, "nor their order");
}

#[test]
fn every_cell_moves_the_content_hash() {
    let hash = |table: &Table<Prediction>| write(table, "c", &inputs(), false).expect("written").1.content_hash;
    let base = predictions(&["a", "b"]);
    let mut other = base.clone();
    other.float.values[3] += 1.0;
    assert_ne!(hash(&base), hash(&other));
    let mut other = base.clone();
    other.rows[1].truth = "calm".to_owned();
    assert_ne!(hash(&base), hash(&other));
}

#[test]
fn unsorted_and_doubled_rows_are_refused() {
    for ids in [["b", "a"], ["a", "a"]] {
        let error = write(&predictions(&ids), "c", &inputs(), false).expect_err("refused");
        assert!(matches!(error, TableError::Unsorted { row: 1, .. }), "{error}");
    }
}

/// Stamps of these utterances.
fn stamps(ids: &[&str]) -> Table<FileStamp> {
    let row = |id: &&str| FileStamp { utterance_id: (*id).to_owned(), stamp: format!("of {id}") };
    Table::from(ids.iter().map(row).collect::<Vec<_>>())
}

#[test]
fn a_table_in_groups_holds_the_rows_of_all() {
    let groups = || [stamps(&["a", "b"]), stamps(&["c"])].into_iter();
    let (file, footer) = write_in_groups(&[], groups(), "c", &inputs()).expect("written");
    let whole = stamps(&["a", "b", "c"]);
    assert_eq!(footer, write(&whole, "c", &inputs(), false).expect("written").1);
    let range =
        |range: std::ops::Range<u64>| Ok(Bytes::copy_from_slice(&file[range.start as usize..range.end as usize]));
    let rows = RowsFile::<FileStamp>::open::<TableError>(file.len() as u64, range).expect("a table");
    assert_eq!(rows.groups(), [0..2, 2..3]);
    assert_eq!(rows.read::<TableError>(from_ref(&(1..3)), range).expect("two rows").rows, whole.rows[1..]);
    assert_eq!(
        rows.read::<TableError>(&[0..1, 2..3], range).expect("two rows").rows,
        [&whole.rows[..1], &whole.rows[2..]].concat()
    );
    assert_eq!(rows.read::<TableError>(from_ref(&(2..3)), range).expect("a row").rows, whole.rows[2..]);
    for second in ["b", "a"] {
        let groups = [stamps(&["a", "b"]), stamps(&[second])].into_iter();
        let error = write_in_groups(&[], groups, "c", &inputs()).expect_err("refused");
        assert!(matches!(error, TableError::Unsorted { row: 2, .. }), "{error}");
    }
}

#[test]
fn batches_are_the_rows_of_the_table() {
    let ids = (0..20_000).map(|id| format!("{id:05}")).collect::<Vec<_>>();
    let whole = predictions(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let file = Bytes::from(write(&whole, "c", &inputs(), false).expect("written").0);
    let batches = Batches::<Prediction>::open(file.clone()).expect("a table");
    assert_eq!(batches.float_names(), whole.float.names);
    let batches = batches.collect::<Result<Vec<_>, _>>().expect("sound");
    assert!(batches.len() > 1 && batches.iter().all(|batch| batch.rows.len() < 10_000));
    let mut joined = Table::default();
    batches.into_iter().for_each(|batch| append(&mut joined, batch).expect("the same columns"));
    assert_eq!(joined.rows, whole.rows);
    assert_eq!(joined.float.values[2..], whole.float.values[2..]);
    let empty = write(&predictions(&[]), "c", &inputs(), false).expect("written").0;
    let mut empty = Batches::<Prediction>::open(Bytes::from(empty)).expect("a table");
    assert!(empty.next().is_none() && empty.float_names() == whole.float.names);
    assert!(Batches::<Reject>::open(file).is_err(), "another table");
}

#[test]
fn another_table_and_damage_are_refused_by_name() {
    let (file, _) = write(&predictions(&["a"]), "c", &inputs(), false).expect("written");
    let error = read::<Normalization>(Bytes::from(file.clone())).expect_err("another table").to_string();
    assert!(error.contains("predictions/2") && error.contains("normalization/1"), "{error}");
    for cut in [0, 5, 100, file.len() - 1] {
        let error = read::<Prediction>(Bytes::from(file[..cut].to_vec())).expect_err("damaged");
        assert!(matches!(error, TableError::Unreadable { .. }), "{error}");
    }
}

#[test]
fn an_empty_table_keeps_its_columns() {
    let (file, _) = write(&Table::<Reject>::default(), "c", &inputs(), false).expect("written");
    assert!(read::<Reject>(Bytes::from(file)).expect("read").0.rows.is_empty());
}

#[test]
fn any_parquet_reads_as_text() {
    let (file, _) = write(&predictions(&["a", "b"]), "c", &inputs(), false).expect("written");
    let TextTable { columns: names, cells, .. } = read_text_columns(Bytes::from(file)).expect("read");
    assert_eq!(names[0], "utterance_id");
    assert_eq!(cells[0].get(1), Some("b"));
    assert_eq!(cells[2].get(0), Some("0"));
    assert_eq!(cells[3].get(0), Some("0"));
    assert_eq!(cells[8].get(0), None);
}

#[test]
fn damaged_tables_are_errors_and_never_panics() {
    let file = write(&predictions(&["c/a", "c/b", "c/d"]), "config", &inputs(), true).expect("written").0;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut refused = 0;
    for _ in 0..3000 {
        let mut damaged = file.clone();
        for _ in 0..random.gen_range(1..5) {
            let place = random.gen_range(0..damaged.len());
            damaged[place] = random.r#gen();
        }
        let damaged = Bytes::from(damaged);
        let range = |range: std::ops::Range<u64>| {
            let outside = || TableError::Unreadable { table: "predictions".to_owned(), reason: "outside".to_owned() };
            let bytes = damaged.get(range.start as usize..range.end as usize).ok_or_else(outside)?;
            Ok(Bytes::copy_from_slice(bytes))
        };
        let whole = read::<Prediction>(damaged.clone()).is_err();
        let keys = read_keys::<Prediction, TableError>(damaged.len() as u64, range).is_err();
        refused += usize::from(whole || keys);
        let _ = read_text_columns(damaged.clone());
    }
    assert!(refused > 300, "only {refused} were refused");
}

#[test]
fn a_footer_of_countless_booleans_is_refused_at_once() {
    let file = write(&predictions(&["c/a"]), "config", &inputs(), false).expect("written").0;
    let (tail, end) = (file.len() - 8, &file[file.len() - 4..]);
    let length = u32::from_le_bytes(file[tail..tail + 4].try_into().expect("four bytes"));
    // In the place of the end of the metadata: field 100, a list of 16 lists of 2^31 - 1 booleans.
    let list = [0xf1, 0xff, 0xff, 0xff, 0xff, 0x07].repeat(16);
    let extra = [&[0x09, 0xc8, 0x01, 0xf9, 0x10], &list[..], &[0]].concat();
    let length = length + extra.len() as u32 - 1;
    let hostile = Bytes::from([&file[..tail - 1], &extra, &length.to_le_bytes(), end].concat());
    let range =
        |range: std::ops::Range<u64>| Ok::<_, TableError>(hostile.slice(range.start as usize..range.end as usize));
    let errors = [
        read::<Prediction>(hostile.clone()).expect_err("refused"),
        read_keys::<Prediction, TableError>(hostile.len() as u64, range).expect_err("refused"),
        read_text_columns(hostile.clone()).expect_err("refused"),
    ];
    assert!(errors.iter().all(|error| error.to_string().contains("more than it can hold")), "{errors:?}");
}

#[test]
fn more_rows_than_the_file_can_hold_are_refused() {
    // The same key over and over, which no writer of ours would write, takes nearly no bytes a row.
    let field = Field::new("path", DataType::Utf8, false);
    let paths = StringArray::from(vec!["a"; 100_000]);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(paths)]).expect("one column");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    assert!(file.len() < 5000, "{} bytes", file.len());
    let error = read_text_columns(Bytes::from(file)).expect_err("refused").to_string();
    assert!(error.contains("more than it can hold"), "{error}");
}

#[test]
fn a_column_that_is_no_text_is_written_out_or_left_out_alone() {
    let times = || TimestampMicrosecondArray::from(vec![Some(1_500_000), None]);
    let names = |name: &str| Arc::new(Field::new(name, DataType::Utf8, true));
    let dictionary: DictionaryArray<Int32Type> = vec![Some("x"), None].into_iter().collect();
    let blob: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"RIFF\xff"[..]), None]));
    let columns: Vec<(&str, ArrayRef, Result<[Option<&str>; 2], &str>)> = vec![
        ("path", Arc::new(StringArray::from(vec!["a.wav", "b.wav"])), Ok([Some("a.wav"), Some("b.wav")])),
        ("float", Arc::new(Float64Array::from(vec![3.0, f64::NAN])), Ok([Some("3.0"), None])),
        ("decimal", Arc::new(Decimal128Array::from(vec![Some(300), None])), Ok([Some("0.0000000300"), None])),
        ("utc", Arc::new(times().with_timezone("UTC")), Ok([Some("1970-01-01T00:00:01.500Z"), None])),
        ("berlin", Arc::new(times().with_timezone("Europe/Berlin")), Ok([Some("1970-01-01T00:00:01.500Z"), None])),
        ("dictionary", Arc::new(dictionary), Ok([Some("x"), None])),
        ("text", Arc::new(BinaryArray::from(vec![Some(&b"so"[..]), None])), Ok([Some("so"), None])),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None])),
            Ok([Some("[1, ]"), None]),
        ),
        (
            "struct",
            Arc::new(StructArray::from(vec![(names("who"), Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef)])),
            Ok([Some("{who: x}"), Some("{who: y}")]),
        ),
        ("duration", Arc::new(DurationMillisecondArray::from(vec![Some(1500), None])), Ok([Some("1.5"), None])),
        ("interval", Arc::new(IntervalYearMonthArray::from(vec![Some(14), None])), Ok([Some("1 years 2 mons"), None])),
        ("blob", blob.clone(), Err("binary")),
        (
            "audio",
            Arc::new(StructArray::from(vec![(Arc::new(Field::new("bytes", DataType::Binary, true)), blob)])),
            Err("binary"),
        ),
    ];
    let batch =
        RecordBatch::try_from_iter(columns.iter().map(|(name, array, _)| (*name, array.clone()))).expect("equal");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let table = read_text_columns(Bytes::from(file)).expect("a table");
    for (name, _, want) in &columns {
        let place = table.columns.iter().position(|column| column == name);
        let found = place.map(|place| [0, 1].map(|row: usize| table.cells[place].get(row)));
        let why = table.left_out.iter().find(|(column, _)| column == name).map(|(_, why)| why.as_str());
        match want {
            Ok(cells) => assert_eq!((found, why), (Some(*cells), None), "{name}"),
            Err(word) => {
                assert!(found.is_none() && why.is_some_and(|why| why.contains(word)), "{name}: {found:?} {why:?}")
            }
        }
    }
}

/// A table of others: ids, numbers of several types with missing ones, and a text, in row groups of two.
fn numbers_file() -> Vec<u8> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(1e300), Some(f64::NEG_INFINITY), Some(5.0)]))),
        ("file", Arc::new(StringArray::from(vec![Some("x"), Some("y"), None, Some("z"), Some("w")]))),
        ("b", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 16_777_217]))),
        ("length", Arc::new(DurationMillisecondArray::from(vec![1, 2, 3, 4, 5]))),
        ("c", Arc::new(Decimal128Array::from(vec![150; 5]).with_precision_and_scale(9, 2).expect("legal"))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("equal");
    let small = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(small)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("finished")
}

/// Ids and numbers of some columns of a file, of which every range lies inside.
fn read_numbers(file: &[u8], id: usize, chosen: &[usize]) -> Result<(Vec<String>, Vec<f32>), TableError> {
    let range = |range: std::ops::Range<u64>| -> Result<Bytes, TableError> {
        Ok(Bytes::copy_from_slice(&file[range.start as usize..range.end as usize]))
    };
    let mut values = Vec::new();
    let put = |piece: Piece| {
        assert_eq!((piece.first * chosen.len(), piece.columns), (values.len(), 0..chosen.len()), "a small table");
        values.extend_from_slice(piece.values);
        Ok(())
    };
    let ids = NumbersFile::open(file.len() as u64, range)?.read(id, chosen, range, put)?;
    Ok((ids.iter().map(|id| id.expect("an id").to_owned()).collect(), values))
}

#[test]
fn numbers_of_any_type_are_read_and_what_is_not_finite_is_missing() {
    let file = numbers_file();
    let range = |range: std::ops::Range<u64>| -> Result<Bytes, TableError> {
        Ok(Bytes::copy_from_slice(&file[range.start as usize..range.end as usize]))
    };
    let columns = NumbersFile::open(file.len() as u64, range).expect("a file").columns();
    let numeric: Vec<(&str, bool)> = columns.iter().map(|(name, numeric)| (name.as_str(), *numeric)).collect();
    assert_eq!(numeric, [("a", true), ("file", false), ("b", true), ("length", false), ("c", true)]);
    let (ids, values) = read_numbers(&file, 1, &[0, 2, 4]).expect("sound");
    assert_eq!(ids, ["x", "y", "", "z", "w"]);
    let nan = f32::NAN;
    let want = [0.1, 1.0, 1.5, nan, 2.0, 1.5, nan, 3.0, 1.5, nan, 4.0, 1.5, 5.0, 16_777_216.0, 1.5];
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&values), bits(&want));
    assert_eq!(read_numbers(&file, 2, &[0]).expect("numbers are ids too").0[4], "16777217");
}

#[test]
fn damaged_tables_of_numbers_are_errors() {
    let sound = numbers_file();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for round in 0..400 {
        let mut file = sound.clone();
        match round % 2 {
            0 => file.truncate(random.gen_range(0..sound.len())),
            _ => (0..3).for_each(|_| file[random.gen_range(0..sound.len())] = random.r#gen()),
        }
        // An error or numbers; no panic, and no more memory than the file can ask for.
        let _ = read_numbers(&file, 1, &[0, 2, 4]);
    }
    assert!(read_numbers(&sound[..sound.len() - 1], 1, &[0]).is_err() && read_numbers(b"", 0, &[0]).is_err());
}
