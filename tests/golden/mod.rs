//! Our descriptors against values that other toolkits computed from the same recordings. The recordings are synthetic
//! speech, whose values ship with the project, or real speech: both are held to the same tolerances.

pub mod frames;
mod voice;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use arrow::array::{Array, Float32Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ser_etl::features::FeatureSet;
use ser_etl::features::FeaturesSection;

pub use frames::{
    energy_and_spectral_shape_match_librosa, log_mel_bands_match_librosa,
    mel_energies_are_the_powers_that_librosa_takes_the_logarithm_of, mfcc_and_bands_match_kaldi,
    mfcc_and_deltas_match_librosa, mfcc_match_python_speech_features,
};
pub use voice::{pitch_agrees_with_praat, voice_quality_ranks_recordings_as_praat_does};

/// Sample rate of the recordings.
pub const RATE_HZ: u32 = 16000;

/// Rows of numbers of each recording, by its id.
pub type Reference = BTreeMap<String, Vec<Vec<f64>>>;

/// Values of other toolkits, and the recordings that they describe.
pub struct Golden {
    /// The folder of the tables.
    pub folder: PathBuf,
    /// Samples of a recording, by its id.
    pub samples: Box<dyn Fn(&str) -> Vec<f32>>,
}

impl Golden {
    /// Columns of a table, by recording.
    pub fn table(&self, name: &str, columns: &[String]) -> Reference {
        let path = self.folder.join(format!("{name}.parquet"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let batches = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        let mut reference = Reference::new();
        for batch in batches.expect("a Parquet file") {
            let batch = batch.expect("a whole Parquet file");
            let column = |name: &str| batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
            let ids = cast(column("utterance_id"), &DataType::Utf8).expect("text");
            let ids = ids.as_any().downcast_ref::<StringArray>().expect("text");
            let values: Vec<Vec<f64>> = columns.iter().map(|name| numbers(column(name))).collect();
            for row in 0..batch.num_rows() {
                let values = values.iter().map(|column| column[row]).collect();
                reference.entry(ids.value(row).to_owned()).or_default().push(values);
            }
        }
        assert!(!reference.is_empty(), "{} has no row", path.display());
        reference
    }

    /// What a feature set makes of a recording: contours by the name of the descriptor.
    pub fn contours(&self, set: &FeatureSet, id: &str) -> BTreeMap<String, Vec<f32>> {
        let mut extractor = set.extractor();
        let contours = extractor.contours(&(self.samples)(id));
        let rows = set.contour_names().iter().enumerate();
        rows.map(|(row, name)| (name.clone(), contours.row(row).to_vec())).collect()
    }
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

/// A feature set of the test's own, by its TOML.
pub fn feature_set(toml: &str) -> FeatureSet {
    let set = toml::from_str(toml).expect("the test's set is legal TOML");
    let features =
        FeaturesSection { sets: BTreeMap::from([("test".to_owned(), set)]), ..FeaturesSection::of_set("test") };
    FeatureSet::new(&features.check(RATE_HZ).expect("the test's set is legal"), RATE_HZ)
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
