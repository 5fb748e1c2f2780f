use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

/// The `[checks]` section: limits on what extract made. Beyond one, a run ends with exit code 5 before it trains. No limit
/// is set by default. `run/checks.json` has what was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChecksSection {
    /// Largest share of files, manifest rows and utterances that ingest and extract may refuse (0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rejects: Option<f64>,
    /// Largest share of utterances that may be digital silence (0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_silent: Option<f64>,
    /// Largest share of utterances that may be clipped: more than a thousandth of the samples at full scale (0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_clipped: Option<f64>,
    /// Shortest and longest duration that an utterance should have, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<[f64; 2]>,
    /// Largest share of utterances that may be shorter or longer than `duration_s` (default 0; 0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_outside_duration: Option<f64>,
    /// Smallest share of the utterances that each emotion must have (0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_class_share: Option<f64>,
    /// Largest share of the utterances that an emotion may have (0 to 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_class_share: Option<f64>,
    /// Largest share of the values of a family of features that may be missing (0 to 1). Pitch is missing where nobody
    /// speaks with voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_missing: Option<f64>,
    /// Largest population stability index that a family of features may have: how far the utterances that are new since
    /// the accepted run are from those of that run, as the mean over the features of the family (0 or more; by custom,
    /// above 0.1 is a change, above 0.25 a large one). It needs `against`, and 50 new utterances or more. A hundred
    /// utterances of the same kind give 0.1 by chance, a thousand 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drift: Option<f64>,
    /// The accepted run for `max_drift`: the `accepted.json` that `ser accept` writes. `""`: none yet, so the drift is
    /// not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

impl ChecksSection {
    /// Makes the place of the accepted run what `place` makes of it.
    pub fn relocate(&mut self, place: impl Fn(&str) -> String) {
        self.against = self.against.as_deref().map(place);
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// A limit out of range; one that needs another key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let shares = [
            ("max_rejects", self.max_rejects),
            ("max_silent", self.max_silent),
            ("max_clipped", self.max_clipped),
            ("max_outside_duration", self.max_outside_duration),
            ("min_class_share", self.min_class_share),
            ("max_class_share", self.max_class_share),
            ("max_missing", self.max_missing),
        ];
        for (key, share) in shares {
            share.map_or(Ok(()), |share| between(&format!("checks.{key}"), share, 0.0, 1.0))?;
        }
        if let Some([least, most]) = self.duration_s.filter(|[least, most]| !(0.0 <= *least && least < most)) {
            let problem = "wanted [SHORTEST, LONGEST] in seconds, as [0.3, 30.0]";
            return Err(ConfigError::new("checks.duration_s", format!("[{least}, {most}]"), problem));
        }
        if self.max_outside_duration.is_some() && self.duration_s.is_none() {
            let problem = "it is the share outside checks.duration_s, which is not set";
            return Err(ConfigError::new("checks.max_outside_duration", "set", problem));
        }
        match self.max_drift {
            Some(drift) if drift.is_nan() || drift < 0.0 => {
                Err(ConfigError::new("checks.max_drift", drift, "must be 0 or more"))
            }
            Some(drift) if self.against.is_none() => {
                let problem = "drift is measured against an accepted run, and none is named";
                let hint = "set checks.against to the accepted.json of `ser accept`; \"\" until there is one";
                Err(ConfigError::new("checks.max_drift", drift, problem).hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// The accepted run, where drift is to be measured.
    pub fn against(&self) -> Option<&str> {
        self.against.as_deref().filter(|place| self.max_drift.is_some() && !place.is_empty())
    }
}
