//! Frame-level features against values of librosa, Kaldi, python_speech_features and Praat on real recordings.

use crate::util::{corpora, golden};
use arrow::array::{Array, Float32Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ser_etl::audio::{AudioParams, AudioReader, Segment};
use ser_etl::dsp::delta;
use ser_etl::features::{FeatureSet, Features};
use std::collections::BTreeMap;
use std::fs::{File, read};
use std::path::Path;

/// Rows of numbers of each utterance, by its id without the corpus.
pub type Reference = BTreeMap<String, Vec<Vec<f64>>>;

const RATE_HZ: u32 = 16000;

/// Absolute difference that every frame of librosa and python_speech_features must stay below.
const TOLERANCE: f64 = 1e-3;

/// The same of Kaldi, relative where values are large: it computes with 32 bits itself.
const KALDI_TOLERANCE: f64 = 2e-3;

#[test]
fn mfcc_and_deltas_match_librosa() {
    let cases = [
        ("mfcc_librosa_13", 13, 0),
        ("mfcc_librosa_40", 40, 0),
        ("mfcc_librosa_13_delta", 13, 1),
        ("mfcc_librosa_13_delta2", 13, 2),
    ];
    for (table, coefficients, order) in cases {
        let set = format!(
            "mfcc.coefficients = {coefficients}\n\
             groups = [{{ descriptors = [\"mfcc\"], functionals = [\"mean\"] }}]"
        );
        let rows: Vec<String> = (0..coefficients).map(|k| format!("mfcc{k:02}")).collect();
        let derive = |contour: Vec<f32>| derivative(&contour, order);
        let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE;
        compare(table, &set, &rows, &columns("c", coefficients), derive, close);
    }
}

/// The contour itself (order 0) or its delta.
fn derivative(contour: &[f32], order: usize) -> Vec<f32> {
    let mut out = contour.to_vec();
    if order > 0 {
        delta(contour, order, &mut out);
    }
    out
}

#[test]
fn log_mel_bands_match_librosa() {
    let set = "log_mel.bands = 40\nlog_mel.top_db = 0.0\n\
               groups = [{ descriptors = [\"log_mel\"], functionals = [\"mean\"] }]";
    let rows: Vec<String> = (0..40).map(|k| format!("log_mel{k:02}")).collect();
    let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE;
    compare("logmel_librosa_40", set, &rows, &columns("c", 40), |contour| contour, close);
}

#[test]
fn mel_energies_are_the_powers_that_librosa_takes_the_logarithm_of() {
    let set = "log_mel.bands = 40\ngroups = [{ descriptors = [\"mel_energy\"], functionals = [\"mean\"] }]";
    let rows: Vec<String> = (0..40).map(|k| format!("mel_energy{k:02}")).collect();
    let level = |contour: Vec<f32>| contour.into_iter().map(|energy| 10.0 * energy.max(1e-10).log10()).collect();
    let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE;
    compare("logmel_librosa_40", set, &rows, &columns("c", 40), level, close);
}

#[test]
fn mfcc_and_bands_match_kaldi() {
    let close = |got: f64, want: f64| (got - want).abs() < KALDI_TOLERANCE * want.abs().max(1.0);
    let cases = [
        ("mfcc_kaldi_13", "mfcc", "mfcc.preset = \"kaldi\"", 13),
        ("fbank_kaldi_40", "log_mel", "log_mel.preset = \"kaldi\"\nlog_mel.bands = 40", 40),
    ];
    for (table, descriptor, options, channels) in cases {
        let set = format!("{options}\ngroups = [{{ descriptors = [\"{descriptor}\"], functionals = [\"mean\"] }}]");
        let rows: Vec<String> = (0..channels).map(|k| format!("{descriptor}{k:02}")).collect();
        compare(table, &set, &rows, &columns("c", channels), |contour| contour, close);
    }
}

#[test]
fn mfcc_match_python_speech_features() {
    let set = "mfcc.preset = \"psf\"\ngroups = [{ descriptors = [\"mfcc\"], functionals = [\"mean\"] }]";
    let rows: Vec<String> = (0..13).map(|k| format!("mfcc{k:02}")).collect();
    let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE;
    compare("mfcc_psf_13", set, &rows, &columns("c", 13), |contour| contour, close);
}

#[test]
fn energy_and_spectral_shape_match_librosa() {
    let pairs = [
        ("rms", "rms"),
        ("zcr", "zcr"),
        ("spectral_centroid_hz", "centroid_hz"),
        ("spectral_bandwidth_hz", "bandwidth_hz"),
        ("spectral_rolloff_hz", "rolloff_hz"),
        ("spectral_flatness", "flatness"),
    ];
    let (rows, reference): (Vec<String>, Vec<String>) =
        pairs.iter().map(|(row, column)| ((*row).to_owned(), (*column).to_owned())).unzip();
    let set = format!("groups = [{{ descriptors = {rows:?}, functionals = [\"mean\"] }}]");
    // relative, and 1e-6 absolute where the reference is 0
    let close = |got: f64, want: f64| (got - want).abs() < TOLERANCE * want.abs().max(TOLERANCE);
    compare("spectral_librosa", &set, &rows, &reference, |contour| contour, close);
}

#[test]
fn pitch_agrees_with_praat() {
    let set = "groups = [{ descriptors = [\"f0_hz\"], functionals = [\"mean\"] }]";
    let (Some(golden), Some(corpora)) = (golden(), corpora()) else { return };
    let reference = load(&golden.join("f0_praat.parquet"), &["time_s".to_owned(), "f0_hz".to_owned()]);
    let (mut frames, mut agreeing, mut ratios) = (0, 0, Vec::new());
    let mut recordings = Recordings::new(set, &corpora);
    for (id, want) in &reference {
        let f0_hz = &recordings.contours(id)["f0_hz"];
        for row in want {
            let nearest = ((row[0] / 0.01).round() as usize).min(f0_hz.len() - 1);
            let (got, want) = (f64::from(f0_hz[nearest]), row[1]);
            frames += 1;
            agreeing += usize::from(got.is_nan() == (want == 0.0));
            if !got.is_nan() && want > 0.0 {
                ratios.push((got / want - 1.0).abs());
            }
        }
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let agreement = agreeing as f64 / frames as f64;
    let gross = ratios.iter().filter(|ratio| **ratio > 0.2).count() as f64 / ratios.len() as f64;
    assert!(agreement >= 0.95, "voicing agrees on {agreement} of the frames");
    assert!(gross <= 0.03 && ratios[ratios.len() / 2] < 0.01, "{gross} differ by more than a fifth");
}

fn columns(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index}")).collect()
}

/// Compares every frame of what `derive` makes of `rows` with the `reference` columns of a golden table.
fn compare(
    table: &str,
    set: &str,
    rows: &[String],
    reference: &[String],
    derive: impl Fn(Vec<f32>) -> Vec<f32>,
    close: impl Fn(f64, f64) -> bool,
) {
    let (Some(golden), Some(corpora)) = (golden(), corpora()) else { return };
    let mut recordings = Recordings::new(set, &corpora);
    let wanted = load(&golden.join(format!("{table}.parquet")), reference);
    assert!(!wanted.is_empty());
    for (id, want) in &wanted {
        let mut got = recordings.contours(id);
        for (column, row) in rows.iter().enumerate() {
            let got = derive(got.remove(row).expect("a row of the set"));
            assert_eq!(got.len(), want.len(), "frames of {id}");
            for (frame, (got, want)) in got.iter().zip(want).enumerate() {
                let want = want[column];
                assert!(close(f64::from(*got), want), "{table} {id} {row} frame {frame}: {got} for {want}");
            }
        }
    }
}

/// What a feature set makes of recordings.
pub struct Recordings<'a> {
    set: FeatureSet,
    corpora: &'a Path,
    reader: AudioReader,
}

impl<'a> Recordings<'a> {
    pub fn new(set: &str, corpora: &'a Path) -> Self {
        let set = toml::from_str(set).expect("the test's set is legal TOML");
        let features = Features { set: "test".to_owned(), sets: BTreeMap::from([("test".to_owned(), set)]) };
        let params = features.check(RATE_HZ).expect("the test's set is legal");
        let reader = AudioReader::new(&AudioParams { sample_rate_hz: RATE_HZ, ..AudioParams::default() });
        Self { set: FeatureSet::new(&params, RATE_HZ), corpora, reader }
    }

    /// Contours of a recording by the name of the descriptor.
    pub fn contours(&mut self, id: &str) -> BTreeMap<String, Vec<f32>> {
        let samples = self.samples(id);
        let mut extractor = self.set.extractor();
        let contours = extractor.contours(&samples);
        let rows = self.set.contour_names().iter().enumerate();
        rows.map(|(row, name)| (name.clone(), contours.row(row).to_vec())).collect()
    }

    /// Columns of a recording by name.
    pub fn columns(&mut self, id: &str) -> BTreeMap<String, f32> {
        let mut values = Vec::new();
        self.set.extractor().extract(&self.samples(id), &mut values);
        self.set.names().iter().cloned().zip(values).collect()
    }

    fn samples(&mut self, id: &str) -> Vec<f32> {
        let path = self.corpora.join(format!("ravdess/Actor_{}/{id}.flac", &id[id.len() - 2..]));
        let bytes = read(&path).expect("the corpus is complete");
        self.reader.read(&bytes, Some("flac"), Segment::default()).expect("the recording is sound").samples.to_vec()
    }
}

/// Spearman's rank correlation: Pearson's of the ranks, equals sharing the mean of theirs. No value is NaN.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (centred_ranks(a), centred_ranks(b));
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// How many values are below each, less how many are above.
fn centred_ranks(values: &[f64]) -> Vec<f64> {
    assert!(values.iter().all(|value| !value.is_nan()), "{values:?}");
    let rank = |value: &f64| values.iter().map(|other| f64::from(*value > *other) - f64::from(*value < *other)).sum();
    values.iter().map(rank).collect()
}

pub fn load(path: &Path, columns: &[String]) -> Reference {
    let file = File::open(path).expect("the golden table is there");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut reference = Reference::new();
    for batch in batches.expect("a Parquet file") {
        let batch = batch.expect("a whole Parquet file");
        let ids = cast(batch.column_by_name("utterance_id").expect("ids"), &DataType::Utf8).expect("text");
        let ids = ids.as_any().downcast_ref::<StringArray>().expect("text");
        let values: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| numbers(batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"))))
            .collect();
        for row in 0..batch.num_rows() {
            let id = ids.value(row).rsplit('/').next().unwrap_or_default().to_owned();
            reference.entry(id).or_default().push(values.iter().map(|column| column[row]).collect());
        }
    }
    reference
}

fn numbers(column: &dyn Array) -> Vec<f64> {
    let single = column.as_any().downcast_ref::<Float32Array>();
    let double = column.as_any().downcast_ref::<Float64Array>();
    match (single, double) {
        (Some(values), _) => values.values().iter().map(|value| f64::from(*value)).collect(),
        (_, Some(values)) => values.values().to_vec(),
        _ => panic!("a column of {} where numbers were expected", column.data_type()),
    }
}
