//! Synthetic tables for the tests of this room.

use super::{Features, Fold, FoldReader, Keys};
use crate::schema::{Columns, FeatureKeys, SplitRow, Table, augmented_id};

/// What splitting knows of an utterance.
#[derive(Debug, Clone)]
pub(super) struct Utterance {
    pub(super) utterance_id: String,
    pub(super) corpus: String,
    pub(super) speaker: Option<String>,
    pub(super) text_id: Option<String>,
    pub(super) emotion: String,
    pub(super) audio_hash: String,
    pub(super) signal: Option<String>,
    /// A column that only this corpus has.
    pub(super) room: Option<String>,
}

/// A corpus without audio.
#[derive(Debug, Clone)]
pub(super) struct Utterances {
    pub(super) rows: Vec<Utterance>,
}

/// RAVDESS' eight classes, in the order of their codes 01 to 08.
const RAVDESS: [&str; 8] = ["neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise"];

impl Utterances {
    /// The speech of RAVDESS: 24 speakers say 2 texts twice in 8 classes, all but neutral in 2 intensities; two
    /// recordings of speaker 07 are identical. Speaker after speaker; four speakers a room, `a` to `f`.
    pub(super) fn ravdess() -> Self {
        let mut rows = Vec::new();
        for speaker in 1..=24 {
            for (class, emotion) in RAVDESS.iter().enumerate() {
                for take in 0..if class == 0 { 4 } else { 8 } {
                    let (intensity, text, repetition) = (take / 4 + 1, take / 2 % 2 + 1, take % 2 + 1);
                    let key = format!("{:02}-{intensity:02}-{text:02}-{repetition:02}-{speaker:02}", class + 1);
                    rows.push(Self::utterance("ravdess", &key, &format!("{speaker:02}"), text, emotion));
                    rows.last_mut().expect("just pushed").room = Some(char::from(b'a' + (speaker - 1) / 4).to_string());
                }
            }
        }
        let mut of_07 = rows.iter_mut().filter(|row| row.speaker.as_deref() == Some("ravdess/07"));
        let first = of_07.next().expect("speaker 07").audio_hash.clone();
        of_07.next().expect("a second utterance").audio_hash = first;
        Self { rows }
    }

    /// A corpus of the given utterances: speaker number and class number of each.
    pub(super) fn of(corpus: &str, utterances: &[(usize, usize)]) -> Self {
        let row = |(at, (speaker, class)): (usize, &(usize, usize))| {
            Self::utterance(corpus, &format!("{at:04}"), &format!("{speaker:02}"), at % 3, RAVDESS[*class])
        };
        Self { rows: utterances.iter().enumerate().map(row).collect() }
    }

    fn utterance(corpus: &str, key: &str, speaker: &str, text: usize, emotion: &str) -> Utterance {
        Utterance {
            utterance_id: format!("{corpus}/{key}"),
            corpus: corpus.to_owned(),
            speaker: Some(format!("{corpus}/{speaker}")),
            text_id: Some(format!("{corpus}/{text:02}")),
            emotion: emotion.to_owned(),
            audio_hash: blake3::hash(format!("{corpus}/{key}").as_bytes()).to_hex().to_string(),
            signal: None,
            room: None,
        }
    }

    /// The utterances as the splitting stage sees them.
    pub(super) fn keys(&self) -> Keys {
        Keys::new(&self.table()).expect("legal keys")
    }

    /// The utterances as a features table with four arbitrary features.
    pub(super) fn table(&self) -> Table<FeatureKeys> {
        let names: Vec<String> = ["rms_mean", "f0_hz_mean", "mfcc00_mean", "zcr_std"].map(str::to_owned).into();
        let cells = self.rows.len() * names.len();
        Table {
            rows: self.rows.iter().map(feature_keys).collect(),
            text: Columns {
                names: vec!["room".to_owned()],
                values: self.rows.iter().map(|row| row.room.clone()).collect(),
            },
            float: Columns { names, values: (0..cells).map(|at| (at * 7919 % 1009) as f32 / 8.0 - 50.0).collect() },
        }
    }
}

impl Utterances {
    /// The table with a copy of every utterance for each of the transforms, behind all utterances.
    pub(super) fn augmented(&self, transforms: &[&str]) -> Table<FeatureKeys> {
        let mut table = self.table();
        let (rows, text, float) = (table.rows.clone(), table.text.values.clone(), table.float.values.clone());
        for transform in transforms {
            table.rows.extend(rows.iter().map(|row| FeatureKeys {
                utterance_id: augmented_id(&row.utterance_id, transform),
                audio_hash: format!("{} {transform}", row.audio_hash),
                augmented_from: Some(row.utterance_id.clone()),
                transform: Some((*transform).to_owned()),
                ..row.clone()
            }));
            table.text.values.extend(text.iter().cloned());
            table.float.values.extend(float.iter().map(|value| value * 0.9));
        }
        table
    }
}

/// The rows of a splits table for some folds.
pub(super) fn split_rows(keys: &Keys, folds: &[Fold]) -> Vec<SplitRow> {
    let (ids, params) = (keys.ids().expect("ids"), crate::dataset::SplitSection::default().check().expect("legal"));
    folds.iter().flat_map(|fold| fold.rows(&ids, &params)).collect()
}

/// The fold of such rows, which are of one.
pub(super) fn fold_of(keys: &Keys, rows: &[SplitRow]) -> Fold {
    let mut folds = FoldReader::new(keys).expect("ids");
    folds.push(rows).expect("known utterances");
    folds.finish().remove(0)
}

/// The features of a legal table.
pub(super) fn features(table: &Table<FeatureKeys>) -> Features {
    Features::new(table).expect("legal features")
}

fn feature_keys(row: &Utterance) -> FeatureKeys {
    FeatureKeys {
        utterance_id: row.utterance_id.clone(),
        corpus: row.corpus.clone(),
        path: format!("{}.wav", row.utterance_id),
        start_s: None,
        end_s: None,
        speaker: row.speaker.clone(),
        gender: None,
        text_id: row.text_id.clone(),
        intensity: None,
        language: Some("en".to_owned()),
        source_label: row.emotion.clone(),
        emotion: row.emotion.clone(),
        codec: "pcm".to_owned(),
        sample_rate_hz: 16000,
        channels: 1,
        duration_s: 1.5,
        audio_hash: row.audio_hash.clone(),
        signal: row.signal.clone(),
        augmented_from: None,
        transform: None,
    }
}
