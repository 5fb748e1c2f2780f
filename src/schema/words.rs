//! The words that cells, messages and pipeline files are made of: emotions, sides of a fold, tracks, suspicious signals,
//! ids, counts.

use std::fmt;
use std::str::FromStr;

/// The emotions that ser-etl knows by itself; label maps may add others.
pub const CANONICAL_EMOTIONS: [&str; 9] =
    ["anger", "happiness", "sadness", "fear", "disgust", "surprise", "neutral", "calm", "boredom"];

/// Other emotions that presets keep, under one name each.
pub const OTHER_EMOTIONS: [&str; 24] = [
    "amusement",
    "anxiety",
    "apology",
    "assertiveness",
    "concern",
    "contempt",
    "disappointment",
    "encouragement",
    "enthusiasm",
    "excitement",
    "frustration",
    "pain",
    "pleasure",
    "poker",
    "sarcasm",
    "sleepiness",
    "worry",
    "other",
    "breath",
    "pride",
    "irritation",
    "relief",
    "interest",
    "despair",
];

/// Whether an emotion has a name that ser-etl knows.
pub fn is_known_emotion(word: &str) -> bool {
    is_canonical_emotion(word) || OTHER_EMOTIONS.contains(&word)
}

/// Whether a source label needs no entry in a label map.
pub fn is_canonical_emotion(label: &str) -> bool {
    CANONICAL_EMOTIONS.contains(&label)
}

/// The side of a fold that an utterance is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Models and statistics are fitted on these rows.
    Train,
    /// Early stopping and selection look at these rows.
    Dev,
    /// Figures are reported on these rows.
    Test,
    /// Rows like those of the test side, but of sentences (or values of another column) that training has seen: the slice
    /// `seen` has their figures, and they count in no other.
    Seen,
}

impl Side {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Train, Self::Dev, Self::Test, Self::Seen];

    /// The word that tables and pipeline files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Seen => "seen",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|split| split.as_str() == word)
            .ok_or_else(|| format!("split `{word}` is none of train, dev, test, seen"))
    }
}

/// What was known of the test speakers before they were tested. Figures of two tracks are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// Nothing of the test utterances was used before they were judged.
    Inductive,
    /// Unlabelled statistics of the test speakers' own recordings were used.
    Transductive,
}

impl Track {
    /// The word that tables and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inductive => "inductive",
            Self::Transductive => "transductive",
        }
    }

    /// The track of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Inductive, Self::Transductive].into_iter().find(|track| track.as_str() == word)
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the signal of an audio file is suspicious, although it decodes. The words stand in the column `signal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Digital silence: all samples lie within two steps of 16 bits, as dither of one step does.
    Silent,
    /// The channels are nearly opposite: their mean has less than a hundredth of their power.
    Cancels,
    /// Samples beyond twice full scale, as of integers that were stored as floating point.
    BeyondFullScale,
    /// More than a thousandth of the samples are at full scale, as of a recording that was too loud.
    Clipped,
    /// The file's rate is below 0.8 of the wanted one: the upper part of the spectrum is empty.
    NarrowBand,
    /// The file has several tracks of sound, such as languages of a film: the default one was taken.
    SeveralTracks,
}

impl Signal {
    /// All, in the order of the words.
    pub const ALL: [Self; 6] =
        [Self::Silent, Self::Cancels, Self::BeyondFullScale, Self::Clipped, Self::NarrowBand, Self::SeveralTracks];

    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Cancels => "cancels",
            Self::BeyondFullScale => "beyond_full_scale",
            Self::Clipped => "clipped",
            Self::NarrowBand => "narrow_band",
            Self::SeveralTracks => "several_tracks",
        }
    }

    /// What the word means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Silent => "digital silence",
            Self::Cancels => "channels that cancel each other",
            Self::BeyondFullScale => "samples beyond twice full scale",
            Self::Clipped => "samples at full scale",
            Self::NarrowBand => "a sample rate below the one that features are computed at",
            Self::SeveralTracks => "one of several tracks of sound, the default or the first",
        }
    }

    /// Whether a cell of the column `signal` holds the word.
    pub fn is_in(self, cell: &str) -> bool {
        cell.split(' ').any(|word| word == self.as_str())
    }

    /// The cell of some signals: their words with a space between; none: nothing is suspicious.
    pub fn cell(signals: &[Self]) -> Option<String> {
        let words = signals.iter().map(|signal| signal.as_str()).collect::<Vec<_>>();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// How many of the cells hold each word; words that none holds are left out.
    pub fn counts<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> Vec<(Self, usize)> {
        let cells = cells.into_iter().flatten().collect::<Vec<_>>();
        let count = |signal: Self| (signal, cells.iter().filter(|cell| signal.is_in(cell)).count());
        Self::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Warns of counted signals, kind by kind; none where there are none. `table` has the column `signal`.
    pub fn warning(counts: &[(Self, usize)], table: &str) -> Option<String> {
        let kind = |(signal, count): &(Self, usize)| {
            format!("{} `{}` ({})", plural(*count, "utterance"), signal.as_str(), signal.meaning())
        };
        let kinds = counts.iter().map(kind).collect::<Vec<_>>().join(", ");
        (!counts.is_empty()).then(|| format!("suspicious signals: {kinds}; the column `signal` of {table} says which"))
    }
}

/// The id of an utterance: `<corpus>/<key>`.
pub fn utterance_id(corpus: &str, key: &str) -> String {
    format!("{corpus}/{key}")
}

/// A speaker's name with its corpus before it, so that two corpora never share one by accident: `ravdess/01`.
pub fn speaker_id(corpus: &str, speaker: &str) -> String {
    format!("{corpus}/{speaker}")
}

/// The key of a segment of a recording: `<key>#<start>-<end>`, seconds with three decimals; an open end is left empty.
pub fn segment_key(key: &str, start_s: Option<f64>, end_s: Option<f64>) -> String {
    match (start_s, end_s) {
        (None, None) => key.to_owned(),
        (start, Some(end)) => format!("{key}#{:.3}-{end:.3}", start.unwrap_or(0.0)),
        (Some(start), None) => format!("{key}#{start:.3}-"),
    }
}

/// The id of an augmented copy of an utterance: `<original>~<transform>`.
pub fn augmented_id(original: &str, transform: &str) -> String {
    format!("{original}~{transform}")
}

/// `1 speaker`, `24 speakers`.
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {}", noun(count as i64, word))
}

/// The model that several are fused into.
pub const FUSION: &str = "fusion";
/// The model that was chosen on inner folds.
pub const SELECTED: &str = "selected";

/// How a note of a fit begins that tells settings which a search chose.
pub const NOTE_OF_SEARCH: &str = "chosen on inner folds: ";
/// How a note of a fit begins that tells settings which follow from the table.
pub const NOTE_OF_TABLE: &str = "set by the table: ";

/// The word as it stands behind the count: `speaker` behind 1, `speakers` behind any other.
pub fn noun(count: i64, word: &str) -> String {
    format!("{word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_words_with_a_space_between() {
        assert_eq!(Signal::cell(&[]), None);
        let cell = Signal::cell(&[Signal::Silent, Signal::NarrowBand]).expect("two words");
        assert_eq!(cell, "silent narrow_band");
        assert!(Signal::NarrowBand.is_in(&cell) && !Signal::Cancels.is_in(&cell));
        let counts = Signal::counts([Some(cell.as_str()), None, Some("narrow_band")]);
        assert_eq!(counts, [(Signal::Silent, 1), (Signal::NarrowBand, 2)]);
    }

    #[test]
    fn suspicious_signals_are_counted_and_named() {
        assert_eq!(Signal::warning(&[], "features"), None);
        let text = Signal::warning(&[(Signal::Silent, 1), (Signal::NarrowBand, 12)], "features").expect("two kinds");
        let want = "suspicious signals: 1 utterance `silent` (digital silence), 12 utterances `narrow_band` (a sample \
                    rate below the one that features are computed at); the column `signal` of features says which";
        assert_eq!(text, want);
    }

    #[test]
    fn segments_append_their_times() {
        let cases =
            [((None, None), "a"), ((Some(1.0), Some(2.5)), "a#1.000-2.500"), ((None, Some(0.25)), "a#0.000-0.250")];
        for ((start, end), want) in cases {
            assert_eq!(segment_key("a", start, end), want);
        }
        assert_eq!(segment_key("a", Some(3.0), None), "a#3.000-");
    }
}
