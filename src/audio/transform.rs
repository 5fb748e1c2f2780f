//! The `[augment]` section.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::ConfigError;

/// Steps of `augment.speed` in 1.
const SPEED_STEPS: f64 = 1_000.0;

/// Altered copies of utterances, added to the training rows. Each value is one transform and adds one row for each
/// utterance. Copies of train utterances are trained on; all other copies are unused. Default: none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentSection {
    /// Speeds. At 1.1, an utterance is 1.1 times shorter, and its pitch and formants are 1.1 times higher, as with sox
    /// and Kaldi (Ko et al. 2015). Default `[]`; legal 0.5 to 2 in steps of 0.001, but not 1.
    pub speed: Vec<f64>,
    /// Gains in dB. Nothing is clipped. Default `[]`; legal -40 to 40, but not 0.
    pub gain_db: Vec<f64>,
    /// White Gaussian noise, by its signal-to-noise ratio in dB. Default `[]`; legal -10 to 60.
    pub noise_snr_db: Vec<f64>,
}

/// One way to alter an utterance. Displayed as in the `transform` column: `speed0.9`, `gain-6dB`, `noise20dB`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Faster or slower, with pitch and formants.
    Speed {
        /// 1000 times the speed.
        per_mille: u32,
    },
    /// Louder or softer.
    Gain {
        /// Gain in dB.
        db: f64,
    },
    /// With white Gaussian noise.
    Noise {
        /// Power of the utterance over that of the noise, in dB.
        snr_db: f64,
        /// Seed of the pipeline.
        seed: u64,
    },
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Speed { per_mille } => write!(f, "speed{}", f64::from(*per_mille) / SPEED_STEPS),
            Self::Gain { db } => write!(f, "gain{db:+}dB"),
            Self::Noise { snr_db, .. } => write!(f, "noise{snr_db}dB"),
        }
    }
}

impl AugmentSection {
    /// The transforms, in the order of the keys. `seed` is the pipeline's: it determines noise, and nothing else.
    ///
    /// # Errors
    /// The first value that is out of range or stands there twice.
    pub fn check(&self, seed: u64) -> Result<Vec<Transform>, ConfigError> {
        let is_step = |speed: f64| (speed * SPEED_STEPS).round() / SPEED_STEPS == speed;
        let is_speed = |speed: f64| (0.5..=2.0).contains(&speed) && speed != 1.0 && is_step(speed);
        let is_gain = |db: f64| (-40.0..=40.0).contains(&db) && db != 0.0;
        check_values("speed", &self.speed, "0.5 to 2 in steps of 0.001, but not 1,", is_speed)?;
        check_values("gain_db", &self.gain_db, "-40 to 40, but not 0,", is_gain)?;
        check_values("noise_snr_db", &self.noise_snr_db, "-10 to 60", |db| (-10.0..=60.0).contains(&db))?;
        let speeds = self.speed.iter().map(|speed| (speed * SPEED_STEPS).round() as u32);
        let speeds = speeds.map(|per_mille| Transform::Speed { per_mille });
        let gains = self.gain_db.iter().map(|&db| Transform::Gain { db });
        let noises = self.noise_snr_db.iter().map(|&snr_db| Transform::Noise { snr_db, seed });
        Ok(speeds.chain(gains).chain(noises).collect())
    }
}

fn check_values(key: &str, values: &[f64], legal: &str, is_legal: impl Fn(f64) -> bool) -> Result<(), ConfigError> {
    for (at, value) in values.iter().enumerate() {
        let refused = |problem: String| Err(ConfigError::new(format!("augment.{key}.{at}"), value, problem));
        if !is_legal(*value) {
            return refused(format!("{legal} is legal"));
        }
        if values[..at].contains(value) {
            return refused("it is listed twice; list it once".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn augment(toml: &str) -> AugmentSection {
        toml::from_str(toml).expect("the test's TOML has the section's shape")
    }

    fn words(transforms: &[Transform]) -> Vec<String> {
        transforms.iter().map(Transform::to_string).collect()
    }

    #[test]
    fn nothing_is_augmented_unless_asked_for() {
        assert_eq!(AugmentSection::default().check(1), Ok(Vec::new()));
    }

    #[test]
    fn each_value_is_a_transform_with_a_word() {
        let all = augment("speed = [0.9, 1.1, 0.937]\ngain_db = [-6, 3.5]\nnoise_snr_db = [20, 0, -5.5]").check(7);
        let all = all.expect("legal");
        let want = ["speed0.9", "speed1.1", "speed0.937", "gain-6dB", "gain+3.5dB"];
        assert_eq!(words(&all)[..5], want);
        assert_eq!(words(&all)[5..], ["noise20dB", "noise0dB", "noise-5.5dB"]);
        assert_eq!(all[2], Transform::Speed { per_mille: 937 });
    }

    #[test]
    fn the_seed_matters_to_noise_alone() {
        let of = |toml: &str, seed| augment(toml).check(seed).expect("legal");
        let quiet = "speed = [0.9]\ngain_db = [-6]";
        assert_eq!(of(quiet, 1), of(quiet, 2));
        assert_ne!(of("noise_snr_db = [20]", 1), of("noise_snr_db = [20]", 2));
    }

    #[test]
    fn illegal_values_name_their_place_and_the_legal_ones() {
        let cases = [
            ("speed = [0.9, 1.0]", "augment.speed.1", "but not 1"),
            ("speed = [0.49]", "augment.speed.0", "0.5 to 2"),
            ("speed = [2.001]", "augment.speed.0", "0.5 to 2"),
            ("speed = [0.9005]", "augment.speed.0", "steps of 0.001"),
            ("speed = [nan]", "augment.speed.0", "0.5 to 2"),
            ("speed = [0.9, 1.1, 0.9]", "augment.speed.2", "twice"),
            ("gain_db = [0]", "augment.gain_db.0", "not 0"),
            ("gain_db = [6, 41]", "augment.gain_db.1", "-40 to 40"),
            ("noise_snr_db = [-11]", "augment.noise_snr_db.0", "-10 to 60"),
            ("noise_snr_db = [inf]", "augment.noise_snr_db.0", "-10 to 60"),
            ("noise_snr_db = [0.0, -0.0]", "augment.noise_snr_db.1", "twice"),
        ];
        for (toml, key, problem) in cases {
            let error = augment(toml).check(1).expect_err(toml);
            assert!(error.key == key && error.problem.contains(problem), "{toml}: {error}");
        }
    }
}
