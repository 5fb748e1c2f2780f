//! The `[split]` section.

mod params;

pub use params::SplitParams;

use std::collections::BTreeMap;

use crate::options::{ConfigError, require, share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How utterances are divided into train, dev and test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// One split, balanced by class; speakers and texts are on several sides.
    Stratified,
    /// One split; no speaker is on two sides.
    SpeakerDisjoint,
    /// `folds` folds balanced by class; speakers and texts are on several sides.
    KFold,
    /// `folds` folds; no value of `group_by` is on two sides of a fold.
    GroupKFold,
    /// Leave one speaker out: one fold for each speaker.
    Loso,
    /// Train on some corpora, test on others, with the emotions that both sides have. Without `train_corpora` and
    /// `test_corpora`, every pair of corpora is a fold in each direction.
    CrossCorpus,
    /// Leave one corpus out: one fold for each corpus, trained on all others, with the emotions that both sides have.
    Loco,
    /// A column of the table says the side of each utterance.
    Predefined,
    /// The folds that others have published, by the name of their protocol.
    Published,
}

impl Scheme {
    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stratified => "stratified",
            Self::SpeakerDisjoint => "speaker-disjoint",
            Self::KFold => "k-fold",
            Self::GroupKFold => "group-k-fold",
            Self::Loso => "loso",
            Self::CrossCorpus => "cross-corpus",
            Self::Loco => "loco",
            Self::Predefined => "predefined",
            Self::Published => "published",
        }
    }

    /// The keys of `[split]` that the scheme uses, beside `scheme`.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Stratified => &["test", "dev", "stratify_by", "frozen"],
            Self::SpeakerDisjoint => &["test", "dev", "stratify_by", "group_by", "frozen"],
            Self::KFold => &["folds", "dev", "stratify_by", "frozen"],
            Self::GroupKFold => &["folds", "dev", "stratify_by", "group_by", "disjoint", "frozen"],
            Self::Loso => &["dev", "stratify_by", "frozen"],
            Self::Loco => &["dev", "stratify_by"],
            Self::CrossCorpus => &["train_corpora", "test_corpora", "dev", "stratify_by"],
            Self::Predefined => &["column", "sides", "group_by"],
            Self::Published => &["protocol", "dev", "stratify_by"],
        }
    }
}

/// Which utterances are trained on and which are tested on. A key that the scheme does not use is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSection {
    /// `stratified`, `speaker-disjoint` (default), `k-fold`, `group-k-fold`, `loso`, `cross-corpus`, `loco`, `predefined`
    /// or `published`.
    pub scheme: Scheme,
    /// Share of the utterances that go to test, above 0 and below 1; default 0.2. For the hold-out schemes `stratified`
    /// and `speaker-disjoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
    /// Share of the utterances outside test that go to dev, 0 or more and below 1; default 0.1. Dev is taken with the
    /// grouping of the scheme. 0: no dev side, so no early stopping. For every scheme except `predefined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dev: Option<f64>,
    /// Number of folds, 2 or more; default 5. For `k-fold` and `group-k-fold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// Text columns whose values are spread over the sides in equal shares; default `["emotion"]`. `[]`: only the sizes
    /// of the sides count. For every scheme except `predefined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stratify_by: Option<Vec<String>>,
    /// Text column whose equal values stay on one side; default `speaker`. For `group-k-fold`. With `speaker-disjoint`,
    /// both speakers and the values of this column stay on one side. With `predefined`, it is a promise that the run
    /// checks (`speaker` or `text_id`; default: none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// Text columns of which a test utterance shares no value with its training side, instead of `group_by`: such as
    /// `["speaker", "text_id"]` for new speakers who say new sentences. The values of each column are cut into `folds`
    /// parts (fewer where there are fewer values), and there is a fold for every combination of parts. Utterances that
    /// would share one value of the test side are left out of training there. Dev is taken by the first column. For
    /// `group-k-fold`, not with `frozen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disjoint: Option<Vec<String>>,
    /// The protocol whose folds these are: `emobox`, `reslstm`, `session` or `speaker`; `ser corpora describe` tells which
    /// corpora each is for. Only for `published`, which requires it, and with one corpus; `emobox` and `reslstm` need a
    /// corpus that is read by its preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Names of the corpora to train on; default: all that are not tested on. Only for `cross-corpus`. Without this and
    /// `test_corpora`, models train on each corpus alone and are tested on each other one, one fold for each pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_corpora: Option<Vec<String>>,
    /// Names of the corpora to test on; default: all that are not trained on. Only for `cross-corpus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_corpora: Option<Vec<String>>,
    /// An earlier split to hold on to while the corpus grows: the output of a run, its `splits.parquet`, or the
    /// `accepted.json` of `ser accept` (default: none). Every utterance of that split keeps its side in each fold. New
    /// speakers join train. New utterances of a speaker who is tested are left out where he or she is tested, so the test
    /// sides stay as they are. The other keys must be those that the earlier split was made with. Not for
    /// `cross-corpus`, `loco`, `predefined` and `published`. `""`: no earlier split, such as for the first run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<String>,
    /// Text column that holds `train`, `dev` or `test` for each utterance. Only for `predefined`, which requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Other words in that column: word = `"train"`, `"dev"` or `"test"`, or `"-"` to leave its utterances out, such as
    /// `Development = "dev"`. An empty cell is `""`. Only for `predefined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sides: Option<BTreeMap<String, String>>,
}

impl Default for SplitSection {
    fn default() -> Self {
        Self {
            scheme: Scheme::SpeakerDisjoint,
            test: None,
            dev: None,
            folds: None,
            stratify_by: None,
            group_by: None,
            disjoint: None,
            protocol: None,
            train_corpora: None,
            test_corpora: None,
            frozen: None,
            column: None,
            sides: None,
        }
    }
}

impl SplitSection {
    /// Makes the place of an earlier split what `place` makes of it.
    pub fn relocate(&mut self, place: impl Fn(&str) -> String) {
        self.frozen = self.frozen.as_deref().map(place);
    }

    /// Where an earlier split is that is held on to.
    pub fn frozen(&self) -> Option<&str> {
        self.frozen.as_deref().filter(|place| !place.is_empty())
    }

    /// Resolves the defaults of the scheme.
    ///
    /// # Errors
    /// A key that the scheme does not use or lacks, a share or a number of folds out of range, an empty or repeated
    /// name.
    pub fn check(&self) -> Result<SplitParams, ConfigError> {
        self.refuse_unused()?;
        let dev = self.dev()?;
        let stratify_by = self.stratify_by()?;
        Ok(match self.scheme {
            Scheme::Stratified => SplitParams::Stratified { test: self.test()?, dev, stratify_by },
            Scheme::SpeakerDisjoint => {
                SplitParams::SpeakerDisjoint { test: self.test()?, dev, stratify_by, group_by: self.group_by()? }
            }
            Scheme::KFold => SplitParams::KFold { folds: self.folds()?, dev, stratify_by },
            Scheme::GroupKFold if self.disjoint.is_some() => self.crossed(dev, stratify_by)?,
            Scheme::GroupKFold => {
                SplitParams::GroupKFold { folds: self.folds()?, dev, stratify_by, group_by: self.group_by()? }
            }
            Scheme::Loso => SplitParams::Loso { dev, stratify_by },
            Scheme::CrossCorpus => self.cross_corpus(dev, stratify_by)?,
            Scheme::Loco => SplitParams::Loco { dev, stratify_by },
            Scheme::Predefined => self.predefined()?,
            Scheme::Published => self.published(dev, stratify_by)?,
        })
    }

    fn refuse_unused(&self) -> Result<(), ConfigError> {
        let legal = self.scheme.keys();
        match self.set_keys().into_iter().find(|(key, _)| !legal.contains(key)) {
            None => Ok(()),
            Some((key, value)) => {
                let scheme = self.scheme.as_str();
                let problem = format!("scheme `{scheme}` does not use this key; it uses {}", legal.join(", "));
                Err(ConfigError::new(format!("split.{key}"), value, problem)
                    .hint(format!("remove `{key}`, or choose another split.scheme")))
            }
        }
    }

    fn set_keys(&self) -> Vec<(&'static str, String)> {
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let names = |value: &Option<Vec<String>>| value.as_ref().map(|names| format!("{names:?}"));
        let word = |value: &Option<String>| value.as_ref().map(|word| format!("{word:?}"));
        let all = [
            ("test", number(self.test)),
            ("dev", number(self.dev)),
            ("folds", self.folds.map(|folds| folds.to_string())),
            ("stratify_by", names(&self.stratify_by)),
            ("group_by", word(&self.group_by)),
            ("disjoint", names(&self.disjoint)),
            ("protocol", word(&self.protocol)),
            ("train_corpora", names(&self.train_corpora)),
            ("test_corpora", names(&self.test_corpora)),
            ("frozen", word(&self.frozen)),
            ("column", word(&self.column)),
            ("sides", self.sides.as_ref().map(|sides| format!("{sides:?}"))),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    fn test(&self) -> Result<f64, ConfigError> {
        let test = self.test.unwrap_or(0.2);
        require(test > 0.0 && test < 1.0, "split.test", test, "must be above 0 and below 1").map(|()| test)
    }

    fn dev(&self) -> Result<f64, ConfigError> {
        let dev = self.dev.unwrap_or(0.1);
        share("split.dev", dev).map(|()| dev)
    }

    fn folds(&self) -> Result<usize, ConfigError> {
        match self.folds.unwrap_or(5) {
            folds @ (0 | 1) => Err(ConfigError::new("split.folds", folds, "must be 2 or more")),
            folds => Ok(folds),
        }
    }

    fn stratify_by(&self) -> Result<Vec<String>, ConfigError> {
        match &self.stratify_by {
            None => Ok(vec!["emotion".to_owned()]),
            Some(columns) if columns.is_empty() => Ok(Vec::new()),
            Some(columns) => distinct("split.stratify_by", columns),
        }
    }

    fn group_by(&self) -> Result<String, ConfigError> {
        match self.group_by.as_deref() {
            None => Ok("speaker".to_owned()),
            Some("") => Err(ConfigError::new("split.group_by", "\"\"", "must name a text column")),
            Some(column) => Ok(column.to_owned()),
        }
    }

    fn crossed(&self, dev: f64, stratify_by: Vec<String>) -> Result<SplitParams, ConfigError> {
        let disjoint = distinct("split.disjoint", self.disjoint.as_deref().unwrap_or_default())?;
        let others = [("group_by", &self.group_by), ("frozen", &self.frozen)];
        if let Some((key, value)) = others.into_iter().find_map(|(key, value)| Some((key, value.as_ref()?))) {
            let error =
                ConfigError::new(format!("split.{key}"), format!("{value:?}"), "does not go with split.disjoint");
            return Err(error.hint(format!("remove `{key}` or `disjoint`")));
        }
        Ok(SplitParams::Crossed { folds: self.folds()?, dev, stratify_by, disjoint })
    }

    fn published(&self, dev: f64, stratify_by: Vec<String>) -> Result<SplitParams, ConfigError> {
        match self.protocol.clone().filter(|protocol| !protocol.is_empty()) {
            Some(protocol) => Ok(SplitParams::Published { protocol, dev, stratify_by, apart: Vec::new() }),
            None => {
                Err(ConfigError::new("split.protocol", "not set", "scheme `published` needs the name of the protocol"))
            }
        }
    }

    fn cross_corpus(&self, dev: f64, stratify_by: Vec<String>) -> Result<SplitParams, ConfigError> {
        let names = |key, names: &Option<Vec<String>>| names.as_ref().map(|names| distinct(key, names)).transpose();
        let train_corpora = names("split.train_corpora", &self.train_corpora)?;
        let test_corpora = names("split.test_corpora", &self.test_corpora)?;
        if let (Some(train), Some(test)) = (&train_corpora, &test_corpora)
            && let Some(both) = train.iter().find(|name| test.contains(name))
        {
            let problem = format!("corpus `{both}` is in train_corpora too; it can be on one side only");
            return Err(ConfigError::new("split.test_corpora", format!("{test:?}"), problem));
        }
        Ok(SplitParams::CrossCorpus { train_corpora, test_corpora, dev, stratify_by })
    }

    fn sides(&self) -> Result<BTreeMap<String, String>, ConfigError> {
        let sides = self.sides.clone().unwrap_or_default();
        match sides.iter().find(|(_, side)| !["train", "dev", "test", "-"].contains(&side.as_str())) {
            None => Ok(sides),
            Some((word, side)) => {
                let problem = "legal are train, dev and test, and \"-\" to leave utterances out";
                Err(ConfigError::new(format!("split.sides.{word:?}"), format!("{side:?}"), problem))
            }
        }
    }

    fn predefined(&self) -> Result<SplitParams, ConfigError> {
        let Some(column) = self.column.clone().filter(|column| !column.is_empty()) else {
            let problem = "scheme `predefined` needs the text column that holds train, dev or test";
            return Err(ConfigError::new("split.column", "not set", problem));
        };
        let sides = self.sides()?;
        match self.group_by.as_deref() {
            None | Some("speaker" | "text_id") => {
                Ok(SplitParams::Predefined { column, sides, group_by: self.group_by.clone() })
            }
            Some(other) => {
                let problem = "with scheme `predefined` this is a promise that the run checks; it can check \
                               `speaker` and `text_id`";
                Err(ConfigError::new("split.group_by", format!("{other:?}"), problem))
            }
        }
    }
}

/// The names, refused where there is none, an empty one or one twice.
fn distinct(key: &str, names: &[String]) -> Result<Vec<String>, ConfigError> {
    let repeated = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
    let problem = match repeated {
        Some((_, name)) => format!("`{name}` is listed twice"),
        None if names.is_empty() || names.iter().any(String::is_empty) => "must hold names".to_owned(),
        None => return Ok(names.to_vec()),
    };
    Err(ConfigError::new(key, format!("{names:?}"), problem))
}

#[cfg(test)]
mod tests;
