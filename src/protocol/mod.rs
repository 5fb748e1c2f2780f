//! Published folds by name: which utterances each fold tests, and who says so. Data, and no calculation.
//!
//! A protocol is a TOML file in `data/`. For each corpus that it knows (by the name of its preset), it says which fold
//! tests an utterance: by the value of a column, or by the utterance's key in a list beside it. That list is compressed
//! text: `[preset]`, then a line `key<TAB>fold` an utterance; fold 0 is train everywhere.

mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::options::{ConfigError, nearest};
use crate::schema::Side;

pub use figures::PublishedFigure;

/// Every protocol, by its name.
const SHIPPED: [(&str, &str); 4] = [
    ("emobox", include_str!("data/emobox.toml")),
    ("reslstm", include_str!("data/reslstm.toml")),
    ("session", include_str!("data/session.toml")),
    ("speaker", include_str!("data/speaker.toml")),
];
/// The list of the utterances of EmoBox, in the form of zstd.
const EMOBOX: &[u8] = include_bytes!("data/emobox.tsv.zst");

/// Stands for every corpus that a protocol does not name.
const ANY: &str = "*";

static KNOWN: LazyLock<BTreeMap<&str, Protocol>> = LazyLock::new(|| {
    let sound = |(name, text): &(&'static str, &str)| Some((*name, toml::from_str(text).ok()?));
    SHIPPED.iter().filter_map(sound).collect()
});

/// Published folds of one corpus or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Its name in full.
    pub title: String,
    /// Where it is published.
    #[serde(default)]
    pub address: String,
    /// How to cite it.
    #[serde(default)]
    pub citation: String,
    /// How its figures are made where others publish them, and what else to know.
    #[serde(default)]
    pub notes: String,
    /// Corpora by the names of their presets; `*` is every other one.
    corpora: BTreeMap<String, Published>,
}

/// The folds of one corpus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The column whose value says which fold tests an utterance. None: its key does, in the list.
    #[serde(default)]
    pub column: Option<String>,
    /// The values that each fold tests. Empty: each value is a fold, in the order of the values.
    #[serde(default)]
    folds: Vec<Vec<String>>,
    /// Values that are dev in every fold.
    #[serde(default)]
    dev: Vec<String>,
    /// Values that are in no fold.
    #[serde(default)]
    left_out: Vec<String>,
    /// Whether utterances that the list lacks are train, and not left out: it names none of train.
    #[serde(default)]
    rest_is_train: bool,
    /// Columns of which no value is on two sides.
    #[serde(default)]
    pub apart: Vec<String>,
    /// The classes of its figures, where these are not all that the preset has.
    #[serde(default)]
    pub classes: Vec<String>,
    /// What its sides share, and what else is to be known of this corpus.
    #[serde(default)]
    pub notes: String,
}

/// The sides of all utterances in each fold; none: left out.
pub type Folds = Vec<Vec<Option<Side>>>;

/// What a protocol says of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Tested in this fold, from 0; train in all others.
    Tested(usize),
    Train,
    Dev,
    LeftOut,
}

impl Protocol {
    /// Names of all protocols, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The protocol of this name.
    ///
    /// # Errors
    /// There is none: which there are.
    pub fn known(key: &str, name: &str) -> Result<&'static Self, ConfigError> {
        KNOWN.get(name).ok_or_else(|| {
            let names = Self::names().collect::<Vec<_>>().join(", ");
            let error = ConfigError::new(key, format!("{name:?}"), format!("no such protocol; legal are {names}"));
            match nearest(name, Self::names()) {
                Some(best) => error.hint(format!("did you mean `{best}`?")),
                None => error,
            }
        })
    }

    /// The folds of the corpus of a preset.
    pub fn of(&self, preset: Option<&str>) -> Option<&Published> {
        preset.and_then(|preset| self.corpora.get(preset)).or_else(|| self.corpora.get(ANY))
    }

    /// Presets of the corpora that it names.
    pub fn corpora(&self) -> impl Iterator<Item = &str> {
        self.corpora.keys().map(String::as_str).filter(|name| *name != ANY)
    }
}

impl Published {
    /// Number of folds, where it does not depend on the data.
    pub fn count(&self, preset: &str) -> Option<usize> {
        match &self.column {
            None => Some(listed(preset).values().filter_map(|place| place.fold()).max().unwrap_or(0) + 1),
            Some(_) => (!self.folds.is_empty()).then_some(self.folds.len()),
        }
    }

    /// The sides in each fold of utterances, by the value of the column or the key of each.
    pub fn sides(&self, preset: Option<&str>, cells: &[Option<&str>]) -> Folds {
        let places = match (&self.column, preset) {
            (Some(_), _) => self.by_values(cells),
            (None, preset) => {
                let listed = listed(preset.unwrap_or_default());
                let rest = if self.rest_is_train { Place::Train } else { Place::LeftOut };
                cells.iter().map(|key| key.and_then(|key| listed.get(key)).copied().unwrap_or(rest)).collect()
            }
        };
        let count = places.iter().filter_map(|place| place.fold()).max().map_or(0, |last| last + 1);
        (0..count).map(|fold| places.iter().map(|place| place.side(fold)).collect()).collect()
    }

    fn by_values(&self, cells: &[Option<&str>]) -> Vec<Place> {
        let each = || cells.iter().flatten().copied().collect::<BTreeSet<_>>();
        let place = |fold: usize, value: &str| (value.to_owned(), Place::Tested(fold));
        let mut places: BTreeMap<String, Place> = match self.folds.is_empty() {
            true => each().into_iter().enumerate().map(|(fold, value)| place(fold, value)).collect(),
            false => {
                let folds = self.folds.iter().enumerate();
                folds.flat_map(|(fold, values)| values.iter().map(move |value| place(fold, value))).collect()
            }
        };
        let mut set = |values: &[String], place| {
            for value in values {
                places.insert(value.clone(), place);
            }
        };
        set(&self.dev, Place::Dev);
        set(&self.left_out, Place::LeftOut);
        // One that no fold tests is train; one without a value is nowhere.
        let of =
            |cell: &Option<&str>| cell.map_or(Place::LeftOut, |cell| places.get(cell).copied().unwrap_or(Place::Train));
        cells.iter().map(of).collect()
    }
}

impl Place {
    fn fold(self) -> Option<usize> {
        if let Self::Tested(fold) = self { Some(fold) } else { None }
    }

    fn side(self, fold: usize) -> Option<Side> {
        match self {
            Self::Tested(tested) if tested == fold => Some(Side::Test),
            Self::Tested(_) | Self::Train => Some(Side::Train),
            Self::Dev => Some(Side::Dev),
            Self::LeftOut => None,
        }
    }
}

/// What the list says of the utterances of a corpus, by their keys.
fn listed(preset: &str) -> BTreeMap<String, Place> {
    // Compiled in, and read by a test.
    let text = zstd::decode_all(EMOBOX).ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    let header = format!("[{preset}]");
    let lines = text.lines().skip_while(|line| *line != header).skip(1).take_while(|line| !line.starts_with('['));
    let place = |word: &str| Some(word.parse::<usize>().ok()?.checked_sub(1).map_or(Place::Train, Place::Tested));
    lines
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(key, word)| Some((key.to_owned(), place(word)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(folds: &Folds) -> Vec<String> {
        let word = |side: &Option<Side>| side.map_or("-", Side::as_str).to_owned();
        folds.iter().map(|fold| fold.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn every_protocol_says_where_it_comes_from() {
        for (name, text) in SHIPPED {
            let protocol: Protocol = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(Protocol::known("split.protocol", name), Ok(&protocol));
            assert!(!protocol.title.is_empty() && !protocol.notes.is_empty(), "{name}");
            for (preset, published) in &protocol.corpora {
                assert_eq!(published.column.is_some(), listed(preset).is_empty(), "{name}: {preset}");
                let values = published.folds.iter().flatten().collect::<Vec<_>>();
                assert_eq!(values.iter().collect::<BTreeSet<_>>().len(), values.len(), "{name}: {preset}");
            }
        }
        let error = Protocol::known("split.protocol", "emobx").expect_err("misspelt").to_string();
        assert!(error.contains("legal are emobox") && error.contains("did you mean `emobox`?"), "{error}");
    }

    #[test]
    fn folds_by_value_test_each_value_once() {
        let ravdess = Protocol::known("", "emobox").expect("known").of(Some("ravdess")).expect("there");
        assert_eq!(ravdess.count("ravdess"), Some(6));
        let folds = ravdess.sides(Some("ravdess"), &[Some("01"), Some("10"), Some("06"), None]);
        assert_eq!(words(&folds)[..2], ["test train train -", "train test train -"]);
        assert_eq!(words(&folds)[5], "train train test -");
    }

    #[test]
    fn each_value_is_a_fold_where_none_are_named() {
        let speaker = Protocol::known("", "speaker").expect("known");
        let folds = speaker.of(None).expect("any corpus").sides(None, &[Some("b"), Some("a"), Some("b")]);
        assert_eq!(words(&folds), ["train test train", "test train test"]);
        assert_eq!(speaker.of(Some("emodb")), speaker.of(None));
    }

    #[test]
    fn listed_utterances_are_found_by_their_keys() {
        let emobox = Protocol::known("", "emobox").expect("known");
        let emodb = emobox.of(Some("emodb")).expect("there");
        assert_eq!(emodb.count("emodb"), Some(5));
        // 16b01Wb is tested in the second fold of the table, 11b10Ae in the first.
        let folds = emodb.sides(Some("emodb"), &[Some("16b01Wb"), Some("11b10Ae"), Some("nobody")]);
        assert_eq!(words(&folds), ["train test -", "test train -"]);
        let mead = emobox.of(Some("mead")).expect("there");
        let folds = mead.sides(Some("mead"), &[Some("W019_sad_3_014"), Some("W019_sad_3_999")]);
        assert_eq!(words(&folds), ["test train"], "the list names no utterance of train");
    }

    #[test]
    fn published_sides_of_a_column_keep_dev_and_leave_out() {
        let emobox = Protocol::known("", "emobox").expect("known");
        let folds = emobox.of(Some("meld")).expect("there").sides(Some("meld"), &["train", "dev", "test"].map(Some));
        assert_eq!(words(&folds), ["train dev test"]);
        let folds = emobox.of(Some("m3ed")).expect("there").sides(None, &["woju", "humamaoba", "anjia"].map(Some));
        assert_eq!(words(&folds), ["test dev train"]);
        let folds = emobox.of(Some("mer2023")).expect("there").sides(None, &["train", "test1", "test2"].map(Some));
        assert_eq!(words(&folds), ["train test -"]);
    }
}
