use super::check::require;
use super::{Descriptor, Edges, LogMel, LogMelParams, MelPreset, Mfcc, MfccParams, UserSet};
use crate::config::ConfigError;

impl UserSet {
    /// The frames that the set asks for, else those of the presets that it uses.
    pub(super) fn edges(&self, key: &str) -> Result<Edges, ConfigError> {
        let mfcc = self.uses(&[Descriptor::Mfcc]).then_some(self.mfcc.preset);
        let log_mel = self.uses(&[Descriptor::LogMel, Descriptor::MelEnergy]).then_some(self.log_mel.preset);
        match (self.frame.edges, mfcc, log_mel) {
            (Some(edges), _, _) => Ok(edges),
            (None, Some(mfcc), Some(log_mel)) if mfcc.edges() != log_mel.edges() => {
                let problem = format!(
                    "`mfcc.preset` {mfcc} needs {} and `log_mel.preset` {log_mel} needs {}; choose one: legal are \
                     centre, snip and pad-end",
                    mfcc.edges(),
                    log_mel.edges()
                );
                Err(ConfigError::new(format!("{key}.frame.edges"), "not given", problem))
            }
            (None, Some(preset), _) | (None, None, Some(preset)) => Ok(preset.edges()),
            (None, None, None) => Ok(Edges::Centre),
        }
    }
}

impl Mfcc {
    pub(super) fn check(&self, key: &str) -> Result<MfccParams, ConfigError> {
        let mel_bands = check_bands(format!("{key}.mel_bands"), self.mel_bands, self.preset, 128)?;
        let problem = format!("1 to {mel_bands} (`mel_bands`) is legal");
        let legal = (1..=mel_bands).contains(&self.coefficients);
        require(legal, format!("{key}.coefficients"), self.coefficients, &problem)?;
        let top_db = check_top_db(key, self.top_db, self.preset)?;
        Ok(MfccParams { preset: self.preset, coefficients: self.coefficients, mel_bands, top_db })
    }
}

impl LogMel {
    pub(super) fn check(&self, key: &str) -> Result<LogMelParams, ConfigError> {
        let bands = check_bands(format!("{key}.bands"), self.bands, self.preset, 26)?;
        Ok(LogMelParams { preset: self.preset, bands, top_db: check_top_db(key, self.top_db, self.preset)? })
    }
}

/// The number of bands, by default the toolkit's; for librosa, cepstra and bands have different ones.
fn check_bands(
    key: String,
    bands: Option<usize>,
    preset: MelPreset,
    librosa_bands: usize,
) -> Result<usize, ConfigError> {
    let bands = bands.unwrap_or(match preset {
        MelPreset::Librosa => librosa_bands,
        MelPreset::Kaldi => 23,
        MelPreset::Psf | MelPreset::Htk => 26,
    });
    require((1..=512).contains(&bands), key, bands, "1 to 512 is legal").map(|()| bands)
}

fn check_top_db(key: &str, top_db: Option<f64>, preset: MelPreset) -> Result<Option<f64>, ConfigError> {
    let key = format!("{key}.top_db");
    match (preset, top_db) {
        (MelPreset::Librosa, _) => {
            let top_db = top_db.unwrap_or(80.0);
            require(top_db >= 0.0 && top_db.is_finite(), key, top_db, "0 (no limit) or above is legal")?;
            Ok(Some(top_db).filter(|top_db| *top_db > 0.0))
        }
        (_, Some(top_db)) => {
            let problem = format!("the preset {preset} has no such limit (only librosa has one); remove this key");
            Err(ConfigError::new(key, top_db, problem))
        }
        (_, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FeatureSetParams, Features};

    /// The set of some descriptors under some options.
    fn check(descriptors: &str, options: &str) -> Result<FeatureSetParams, ConfigError> {
        let groups = format!("groups = [{{ descriptors = [{descriptors}], functionals = [\"mean\"] }}]");
        let toml = format!("set = \"a\"\n[sets.a]\n{options}\n{groups}");
        toml::from_str::<Features>(&toml).expect("the test's TOML has the section's shape").check(16000)
    }

    #[test]
    fn a_preset_brings_its_bands_and_frames() {
        let cases = [
            ("librosa", Edges::Centre, 128, 26, Some(80.0)),
            ("kaldi", Edges::Snip, 23, 23, None),
            ("psf", Edges::PadEnd, 26, 26, None),
            ("htk", Edges::Snip, 26, 26, None),
        ];
        for (preset, edges, mel_bands, bands, top_db) in cases {
            let options = format!("mfcc.preset = \"{preset}\"\nlog_mel.preset = \"{preset}\"");
            for descriptors in [r#""mfcc""#, r#""log_mel""#, r#""mel_energy", "rms""#, r#""mfcc", "log_mel""#] {
                let params = check(descriptors, &options).expect("legal");
                assert_eq!(params.frame.edges, edges, "{preset} {descriptors}");
                let mfcc = params.mfcc;
                assert_eq!((mfcc.coefficients, mfcc.mel_bands, mfcc.top_db), (13, mel_bands, top_db));
                assert_eq!((params.log_mel.bands, params.log_mel.top_db), (bands, top_db));
            }
        }
    }

    #[test]
    fn presets_of_unused_descriptors_do_not_cut_frames() {
        let options = "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"psf\"";
        for (descriptor, edges) in [("rms", Edges::Centre), ("log_mel", Edges::PadEnd), ("mfcc", Edges::Snip)] {
            let params = check(&format!("\"{descriptor}\""), options).expect("legal");
            assert_eq!(params.frame.edges, edges, "{descriptor}");
        }
    }

    #[test]
    fn presets_that_cut_frames_differently_need_a_word() {
        let options = "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"psf\"";
        let error = check(r#""mfcc", "mel_energy""#, options).expect_err("two ways to cut frames");
        assert_eq!(error.key, "features.sets.a.frame.edges");
        for word in ["kaldi needs snip", "psf needs pad-end", "centre, snip and pad-end"] {
            assert!(error.problem.contains(word), "{error}");
        }
        let word = format!("{options}\nframe.edges = \"centre\"");
        assert_eq!(check(r#""mfcc", "mel_energy""#, &word).expect("legal").frame.edges, Edges::Centre);
        let alike = check(r#""mfcc", "log_mel""#, "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"htk\"");
        assert_eq!(alike.expect("both cut alike").frame.edges, Edges::Snip);
    }

    #[test]
    fn options_that_a_preset_cannot_honour_are_refused() {
        let cases = [
            ("mfcc.preset = \"kaldi\"\nmfcc.top_db = 80.0", "mfcc.top_db", "the preset kaldi has no such limit"),
            ("log_mel.preset = \"htk\"\nlog_mel.top_db = 0.0", "log_mel.top_db", "only librosa"),
            ("mfcc.preset = \"kaldi\"\nmfcc.coefficients = 24", "mfcc.coefficients", "1 to 23 (`mel_bands`)"),
            ("log_mel.preset = \"psf\"\nlog_mel.bands = 513", "log_mel.bands", "1 to 512"),
        ];
        for (options, key, problem) in cases {
            let error = check(r#""rms""#, options).expect_err(options);
            assert!(error.key == format!("features.sets.a.{key}") && error.problem.contains(problem), "{error}");
        }
    }
}
