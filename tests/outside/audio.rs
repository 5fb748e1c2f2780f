//! Real recordings at the rate they were made at, and at that of the corpus.

use ser_etl::audio;
use std::path::{Path, PathBuf};

use ser_etl::audio::{AudioReader, Segment};

use crate::need::Corpora;

/// Every file below `folder`, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let product = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

pub fn the_48_khz_originals_resample_to_their_16_khz_copies(corpora: &Corpora) {
    let corpora = &corpora.0;
    let mut reader = AudioReader::new(&audio::AudioParams::default());
    let originals = files(&corpora.join("ravdess-48k"));
    assert!(!originals.is_empty());
    for original in originals {
        let copy = corpora.join("ravdess").join(original.strip_prefix(corpora.join("ravdess-48k")).unwrap());
        let copy = copy.with_extension("flac");
        let got = reader.read(&std::fs::read(&original).unwrap(), Some("wav"), Segment::default()).unwrap();
        let want = reader.read(&std::fs::read(copy).unwrap(), Some("flac"), Segment::default()).unwrap();
        assert_eq!(got.samples.len(), want.samples.len(), "{}", original.display());
        let correlation = correlation(&got.samples, &want.samples);
        assert!(correlation > 0.999, "{}: {correlation}", original.display());
    }
}
