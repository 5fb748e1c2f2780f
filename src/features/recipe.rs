use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::options::{VERSION, check_groups, uses_pitch};
use super::{FeatureSetParams, TableParams};
use crate::audio::AudioParams;
use crate::options::{ConfigError, require};

/// Where the features of a run come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FeatureParams {
    /// They are computed from the audio.
    Set(FeatureSetParams),
    /// Another program computed them.
    Table(TableParams),
}

/// Where the features of a model come from, as saved models carry it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Provenance {
    /// They are computed from the audio.
    Computed(Recipe),
    /// Another program computed them.
    Table {
        /// The name of its file.
        table: String,
    },
}

impl<'de> Deserialize<'de> for Provenance {
    /// A recipe has no key `table`. Not derived: of a recipe with a fault, serde would say only that it is neither.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        match value.get("table").and_then(Json::as_str) {
            Some(table) => Ok(Self::Table { table: table.to_owned() }),
            None => serde_json::from_value(value).map(Self::Computed).map_err(D::Error::custom),
        }
    }
}

/// What turns an audio file into the features of a model: saved models carry it, so that they need no pipeline file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// How files are decoded, and which are refused.
    pub audio: AudioParams,
    /// The feature set, resolved.
    pub features: FeatureSetParams,
}

impl Recipe {
    /// Checks what was read back from a file.
    ///
    /// # Errors
    /// The first value that is not legal, or features of another version's formulas.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.audio.check()?;
        self.features.check(self.audio.sample_rate_hz)
    }
}

impl FeatureSetParams {
    /// Checks a resolved set that was read back from a file, for audio at `sample_rate_hz`.
    ///
    /// # Errors
    /// The first value that no check of a pipeline file would have let through, or another version of the formulas.
    fn check(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let problem = format!("this version of ser-etl computes features by formulas {VERSION}; train the model again");
        require(self.version == VERSION, "features.version", self.version, problem)?;
        self.frame.check("features.frame", sample_rate_hz)?;
        self.mfcc.check("features.mfcc")?;
        self.log_mel.check("features.log_mel")?;
        self.pitch.check("features.pitch", sample_rate_hz, uses_pitch(&self.groups))?;
        check_groups("features.groups", &self.groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeaturesSection;

    fn recipe(set: &str) -> Recipe {
        let features = FeaturesSection::of_set(set);
        let audio = AudioParams::default();
        Recipe { features: features.check(audio.sample_rate_hz).expect("ready sets are legal"), audio }
    }

    #[test]
    fn recipes_come_back_from_json() {
        for set in FeaturesSection::ready() {
            let json = serde_json::to_string(&recipe(set)).expect("plain structs");
            let back: Recipe = serde_json::from_str(&json).expect("what was written");
            assert_eq!(back, recipe(set));
            assert_eq!(back.check(), Ok(()));
        }
    }

    #[test]
    fn models_say_where_their_features_come_from() {
        for origin in [Provenance::Computed(recipe("standard")), Provenance::Table { table: "compare.csv".to_owned() }]
        {
            let json = serde_json::to_string(&origin).expect("plain structs");
            assert_eq!(serde_json::from_str::<Provenance>(&json).expect("what was written"), origin);
        }
        let json = serde_json::to_string(&recipe("standard")).expect("plain structs");
        assert_eq!(json, serde_json::to_string(&Provenance::Computed(recipe("standard"))).expect("plain structs"));
        let error =
            serde_json::from_str::<Provenance>(&json.replace("\"groups\"", "\"group\"")).expect_err("no recipe");
        assert!(error.to_string().contains("unknown field `group`"), "{error}");
    }

    #[test]
    fn what_no_check_would_have_let_through_is_refused() {
        let cases: [(&str, fn(&mut Recipe)); 10] = [
            ("audio.sample_rate_hz", |recipe| recipe.audio.sample_rate_hz = 1),
            ("features.version", |recipe| recipe.features.version += 1),
            ("features.frame.window_samples", |recipe| recipe.features.frame.window_samples = 1),
            ("features.frame.hop_samples", |recipe| recipe.features.frame.hop_samples = 0),
            ("features.frame.n_fft", |recipe| recipe.features.frame.n_fft = 500),
            ("features.frame.n_fft", |recipe| recipe.features.frame.n_fft = 256),
            ("features.mfcc.coefficients", |recipe| recipe.features.mfcc.coefficients = 1000),
            ("features.log_mel.bands", |recipe| recipe.features.log_mel.bands = 0),
            ("features.pitch.max_hz", |recipe| recipe.features.pitch.max_hz = 1e9),
            ("features.groups", |recipe| recipe.features.groups.clear()),
        ];
        for (key, damage) in cases {
            let mut recipe = recipe("standard");
            damage(&mut recipe);
            assert_eq!(recipe.check().expect_err(key).key, key);
        }
    }
}
