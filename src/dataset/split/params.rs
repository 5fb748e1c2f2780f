use std::collections::BTreeMap;

use serde::Serialize;

use super::Scheme;
use crate::options::ConfigError;

/// A checked `[split]` section: each scheme with what it needs. Shares are of utterances; `dev` is a share of what is
/// not test.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "scheme", rename_all = "kebab-case")]
pub enum SplitParams {
    /// See [`Scheme::Stratified`].
    Stratified {
        /// Share of test.
        test: f64,
        /// Share of dev.
        dev: f64,
        /// Columns to balance.
        stratify_by: Vec<String>,
    },
    /// See [`Scheme::SpeakerDisjoint`].
    SpeakerDisjoint {
        /// Share of test.
        test: f64,
        /// Share of dev.
        dev: f64,
        /// Columns to balance.
        stratify_by: Vec<String>,
        /// Column whose values stay together, beside the speakers'.
        group_by: String,
    },
    /// See [`Scheme::KFold`].
    KFold {
        /// Number of folds.
        folds: usize,
        /// Share of dev.
        dev: f64,
        /// Columns to balance.
        stratify_by: Vec<String>,
    },
    /// See [`Scheme::GroupKFold`].
    GroupKFold {
        /// Number of folds.
        folds: usize,
        /// Share of dev.
        dev: f64,
        /// Columns to balance.
        stratify_by: Vec<String>,
        /// Column whose values stay together.
        group_by: String,
    },
    /// See [`Scheme::GroupKFold`], with `disjoint` columns: a fold for every combination of their parts.
    Crossed {
        /// Number of parts of each column.
        folds: usize,
        /// Share of dev.
        dev: f64,
        /// Columns to balance.
        stratify_by: Vec<String>,
        /// Columns of which a test utterance shares no value with train.
        disjoint: Vec<String>,
    },
    /// See [`Scheme::Loso`].
    Loso {
        /// Share of dev.
        dev: f64,
        /// Columns to balance between dev and train.
        stratify_by: Vec<String>,
    },
    /// See [`Scheme::CrossCorpus`].
    CrossCorpus {
        /// Corpora to train on; none: all that are not tested on, and with no `test_corpora` either: each alone.
        train_corpora: Option<Vec<String>>,
        /// Corpora to test on; none: all that are not trained on.
        test_corpora: Option<Vec<String>>,
        /// Share of dev.
        dev: f64,
        /// Columns to balance between dev and train.
        stratify_by: Vec<String>,
    },
    /// See [`Scheme::Loco`].
    Loco {
        /// Share of dev.
        dev: f64,
        /// Columns to balance between dev and train.
        stratify_by: Vec<String>,
    },
    /// See [`Scheme::Published`].
    Published {
        /// Name of the protocol.
        protocol: String,
        /// Share of dev, where the protocol has no dev side.
        dev: f64,
        /// Columns to balance between dev and train.
        stratify_by: Vec<String>,
        /// Columns of which no value is on two sides, as the protocol states for the corpus.
        apart: Vec<String>,
    },
    /// See [`Scheme::Predefined`].
    Predefined {
        /// Column that holds the sides.
        column: String,
        /// Words of the column besides `train`, `dev` and `test`, each with the side that it stands for, or `-`: none.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        sides: BTreeMap<String, String>,
        /// Column whose values are promised to be on one side each.
        group_by: Option<String>,
    },
}

impl SplitParams {
    /// Refuses corpora that the pipeline has not.
    ///
    /// # Errors
    /// The first unknown name.
    pub fn check_corpora(&self, corpora: &[&str]) -> Result<(), ConfigError> {
        if matches!(self.scheme(), Scheme::CrossCorpus | Scheme::Loco) && corpora.len() < 2 {
            let problem = "needs two corpora or more, one to train on and one to test on";
            return Err(ConfigError::new("split.scheme", format!("{:?}", self.scheme().as_str()), problem));
        }
        let Self::CrossCorpus { train_corpora, test_corpora, .. } = self else { return Ok(()) };
        for (key, names) in [("split.train_corpora", train_corpora), ("split.test_corpora", test_corpora)] {
            let unknown = names.iter().flatten().find(|name| !corpora.contains(&name.as_str()));
            if let Some(name) = unknown {
                return Err(ConfigError::new(key, name, format!("legal are {}", corpora.join(", "))));
            }
        }
        Ok(())
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Stratified { .. } => Scheme::Stratified,
            Self::SpeakerDisjoint { .. } => Scheme::SpeakerDisjoint,
            Self::KFold { .. } => Scheme::KFold,
            Self::GroupKFold { .. } | Self::Crossed { .. } => Scheme::GroupKFold,
            Self::Loso { .. } => Scheme::Loso,
            Self::CrossCorpus { .. } => Scheme::CrossCorpus,
            Self::Loco { .. } => Scheme::Loco,
            Self::Predefined { .. } => Scheme::Predefined,
            Self::Published { .. } => Scheme::Published,
        }
    }

    /// Share of dev in the utterances that are not test; 0 where dev is not carved.
    pub fn dev(&self) -> f64 {
        match self {
            Self::Stratified { dev, .. }
            | Self::SpeakerDisjoint { dev, .. }
            | Self::KFold { dev, .. }
            | Self::GroupKFold { dev, .. }
            | Self::Crossed { dev, .. }
            | Self::Loso { dev, .. }
            | Self::Loco { dev, .. }
            | Self::Published { dev, .. }
            | Self::CrossCorpus { dev, .. } => *dev,
            Self::Predefined { .. } => 0.0,
        }
    }

    /// Whether dev is carved, or may be among the sides that the user fixed.
    pub fn may_have_dev(&self) -> bool {
        self.dev() > 0.0 || self.are_sides_given()
    }

    /// Whether all sides, dev among them, may be fixed by others than the scheme.
    pub fn are_sides_given(&self) -> bool {
        matches!(self, Self::Predefined { .. } | Self::Published { .. })
    }

    /// Columns whose values are spread over the sides in equal shares.
    pub fn stratify_by(&self) -> &[String] {
        match self {
            Self::Stratified { stratify_by, .. }
            | Self::SpeakerDisjoint { stratify_by, .. }
            | Self::KFold { stratify_by, .. }
            | Self::GroupKFold { stratify_by, .. }
            | Self::Crossed { stratify_by, .. }
            | Self::Loso { stratify_by, .. }
            | Self::Loco { stratify_by, .. }
            | Self::Published { stratify_by, .. }
            | Self::CrossCorpus { stratify_by, .. } => stratify_by,
            Self::Predefined { .. } => &[],
        }
    }

    /// Columns whose equal values the scheme keeps on one side, beside `audio_hash`, which every scheme keeps together.
    pub fn grouping(&self) -> Vec<&str> {
        match self {
            Self::Stratified { .. } | Self::KFold { .. } => Vec::new(),
            Self::SpeakerDisjoint { group_by, .. } if group_by != "speaker" => vec!["speaker", group_by],
            Self::SpeakerDisjoint { .. } | Self::Loso { .. } | Self::CrossCorpus { .. } | Self::Loco { .. } => {
                vec!["speaker"]
            }
            Self::Crossed { disjoint, .. } => disjoint.iter().take(1).map(String::as_str).collect(),
            Self::Published { apart, .. } => apart.iter().map(String::as_str).collect(),
            Self::GroupKFold { group_by, .. } => vec![group_by],
            Self::Predefined { group_by, .. } => group_by.as_deref().into_iter().collect(),
        }
    }

    /// Columns of which no value may be on test and on another side of a fold.
    pub fn apart(&self) -> Vec<&str> {
        match self {
            Self::Crossed { disjoint, .. } => disjoint.iter().map(String::as_str).collect(),
            _ => self.grouping(),
        }
    }

    /// Every column that the scheme looks at.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns = self.apart();
        columns.extend(self.stratify_by().iter().map(String::as_str));
        if let Self::Predefined { column, .. } = self {
            columns.push(column);
        }
        columns
    }

    /// Whether the scheme makes a single split into train, dev and test.
    pub fn is_hold_out(&self) -> bool {
        match self {
            Self::Stratified { .. } | Self::SpeakerDisjoint { .. } | Self::Predefined { .. } => true,
            Self::CrossCorpus { .. } => !self.is_every_pair(),
            Self::KFold { .. }
            | Self::GroupKFold { .. }
            | Self::Crossed { .. }
            | Self::Loso { .. }
            | Self::Loco { .. }
            | Self::Published { .. } => false,
        }
    }

    /// Whether each corpus is trained on alone and tested on each other one.
    pub fn is_every_pair(&self) -> bool {
        matches!(self, Self::CrossCorpus { train_corpora: None, test_corpora: None, .. })
    }
}
