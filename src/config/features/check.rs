use super::{Descriptor, Edges, FeatureSetParams, Features, Frame, FrameParams, Group, Pitch, PitchParams, UserSet};
use crate::config::{ConfigError, nearest};
use std::collections::BTreeSet;
use std::fmt::Display;

/// Raised when a formula changes, so that old features are computed anew.
pub(super) const VERSION: u32 = 1;

/// The ready sets, in the words of a pipeline file.
const READY: [(&str, &str); 3] = [
    ("mfcc-energy", include_str!("../sets/mfcc-energy.toml")),
    ("standard", include_str!("../sets/standard.toml")),
    ("rich", include_str!("../sets/rich.toml")),
];

impl Features {
    /// Names of the ready sets.
    pub fn ready() -> impl Iterator<Item = &'static str> {
        READY.into_iter().map(|(name, _)| name)
    }

    /// The chosen set with every option in samples at `sample_rate_hz`; refuses illegal values and unknown sets.
    pub fn check(&self, sample_rate_hz: u32) -> Result<FeatureSetParams, ConfigError> {
        for (name, set) in &self.sets {
            if Self::ready().any(|ready| ready == name) {
                let key = format!("features.sets.{name}");
                return Err(ConfigError::new(key, "a set", "the name belongs to a ready set; choose another"));
            }
            set.check(&format!("features.sets.{name}"), sample_rate_hz)?;
        }
        match (self.sets.get(&self.set), ready_set(&self.set)) {
            (Some(set), _) => set.check(&format!("features.sets.{}", self.set), sample_rate_hz),
            (None, Some(set)) => set.check(&format!("features.set = {}", self.set), sample_rate_hz),
            (None, None) => Err(self.unknown_set()),
        }
    }

    fn unknown_set(&self) -> ConfigError {
        let mut names: Vec<&str> = Self::ready().collect();
        names.extend(self.sets.keys().map(String::as_str));
        let problem = format!("no such set; legal are {}", names.join(", "));
        let error = ConfigError::new("features.set", &self.set, problem);
        match nearest(&self.set, names) {
            Some(best) => error.hint(format!("did you mean `{best}`?")),
            None => error,
        }
    }
}

fn ready_set(name: &str) -> Option<UserSet> {
    let (_, text) = READY.iter().find(|(ready, _)| *ready == name)?;
    Some(toml::from_str(text).expect("the ready sets are compiled in and read by a test"))
}

impl UserSet {
    fn check(&self, key: &str, sample_rate_hz: u32) -> Result<FeatureSetParams, ConfigError> {
        let at = |name: &str| format!("{key}.{name}");
        let params = FeatureSetParams {
            version: VERSION,
            frame: self.frame.check(&at("frame"), sample_rate_hz, self.edges(key)?)?,
            mfcc: self.mfcc.check(&at("mfcc"))?,
            log_mel: self.log_mel.check(&at("log_mel"))?,
            pitch: self.pitch.check(&at("pitch"), sample_rate_hz, self.uses_pitch())?,
            groups: self.groups.clone(),
        };
        check_groups(&at("groups"), &self.groups)?;
        Ok(params)
    }

    fn uses_pitch(&self) -> bool {
        self.uses(&Descriptor::VOICE) || self.groups.iter().any(Group::needs_voicing)
    }

    /// Whether a group names one of `descriptors`.
    pub(super) fn uses(&self, descriptors: &[Descriptor]) -> bool {
        self.groups.iter().flat_map(|group| &group.descriptors).any(|descriptor| descriptors.contains(descriptor))
    }
}

impl Frame {
    fn check(&self, key: &str, sample_rate_hz: u32, edges: Edges) -> Result<FrameParams, ConfigError> {
        let samples = |name: &str, ms: f64, least: usize| {
            let samples = (ms * f64::from(sample_rate_hz) / 1000.0).round();
            let legal = ms > 0.0 && ms <= 1000.0 && samples >= least as f64;
            let problem = format!("above 0, at most 1000 and at least {least} samples at {sample_rate_hz} Hz is legal");
            require(legal, format!("{key}.{name}"), ms, &problem).map(|()| samples as usize)
        };
        let window_samples = samples("window_ms", self.window_ms, 2)?;
        let hop_samples = samples("hop_ms", self.hop_ms, 1)?;
        let smallest = window_samples.next_power_of_two().max(8);
        let n_fft = self.n_fft.unwrap_or(smallest);
        let problem =
            format!("a power of two from {smallest} (the window has {window_samples} samples) to 65536 is legal");
        let legal = n_fft.is_power_of_two() && (smallest..=65536).contains(&n_fft);
        require(legal, format!("{key}.n_fft"), n_fft, &problem)?;
        Ok(FrameParams { window: self.window, window_samples, hop_samples, n_fft, edges })
    }
}

impl Pitch {
    fn check(&self, key: &str, sample_rate_hz: u32, used: bool) -> Result<PitchParams, ConfigError> {
        require(self.min_hz >= 20.0, format!("{key}.min_hz"), self.min_hz, "20 or above is legal")?;
        let most = if used { f64::from(sample_rate_hz) / 4.0 } else { f64::INFINITY };
        let problem =
            format!("above {} (`min_hz`) and at most {most} (a quarter of the sample rate) is legal", self.min_hz);
        let legal = self.max_hz > self.min_hz && self.max_hz <= most;
        require(legal, format!("{key}.max_hz"), self.max_hz, &problem)?;
        Ok(PitchParams { min_hz: self.min_hz, max_hz: self.max_hz })
    }
}

pub(super) fn check_groups(key: &str, groups: &[Group]) -> Result<(), ConfigError> {
    require(!groups.is_empty(), key.to_owned(), "empty", "at least one group is needed")?;
    let mut seen = BTreeSet::new();
    for (index, group) in groups.iter().enumerate() {
        let lists = [
            ("descriptors", group.descriptors.len()),
            ("deltas", group.deltas.len()),
            ("frames", group.frames.len()),
            ("functionals", group.functionals.len()),
        ];
        for (name, length) in lists {
            require(length > 0, format!("{key}.{index}.{name}"), "empty", "at least one is needed")?;
        }
        for column in columns(group) {
            let problem = "the set already has this column; list it once";
            require(seen.insert(column.clone()), format!("{key}.{index}"), column, problem)?;
        }
    }
    Ok(())
}

/// The columns of a group, the numbers of bands and coefficients left out.
fn columns(group: &Group) -> Vec<String> {
    let mut columns = Vec::new();
    for descriptor in &group.descriptors {
        for (delta, frames) in group.contours() {
            let contour = format!("{descriptor}{}{}", delta.suffix(), frames.suffix());
            columns.extend(group.functionals.iter().map(|functional| format!("{contour}_{functional}")));
        }
    }
    columns
}

/// An error about `key`, unless its value is legal.
pub(super) fn require(legal: bool, key: String, value: impl Display, problem: &str) -> Result<(), ConfigError> {
    if legal { Ok(()) } else { Err(ConfigError::new(key, value, problem)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(toml: &str) -> Features {
        toml::from_str(toml).expect("the test's TOML has the section's shape")
    }

    #[test]
    fn ready_sets_are_legal_at_every_usual_rate() {
        for set in Features::ready() {
            for rate in [8000, 16000, 22050, 44100, 48000] {
                let params = Features { set: set.to_owned(), ..Features::default() }.check(rate);
                assert!(params.is_ok(), "{set} at {rate}: {params:?}");
            }
        }
    }

    #[test]
    fn milliseconds_become_samples() {
        for (rate, want) in [(16000, (400, 160, 512)), (22050, (551, 221, 1024)), (8000, (200, 80, 256))] {
            let frame = Features::default().check(rate).expect("the default is legal").frame;
            assert_eq!((frame.window_samples, frame.hop_samples, frame.n_fft), want);
        }
    }

    #[test]
    fn illegal_values_are_refused_by_key() {
        let group = r#"groups = [{ descriptors = ["rms"], functionals = ["mean"] }]"#;
        let cases = [
            ("set = \"big\"".to_owned(), "features.set", "mfcc-energy, standard, rich"),
            (format!("[sets.standard]\n{group}"), "features.sets.standard", "ready set"),
            (format!("[sets.a]\n{group}\nframe.n_fft = 500"), "features.sets.a.frame.n_fft", "power of two from 512"),
            (format!("[sets.a]\n{group}\nframe.n_fft = 256"), "features.sets.a.frame.n_fft", "window has 400"),
            (format!("[sets.a]\n{group}\nframe.window_ms = -1.0"), "features.sets.a.frame.window_ms", "above 0"),
            (format!("[sets.a]\n{group}\nframe.hop_ms = 0.01"), "features.sets.a.frame.hop_ms", "16000 Hz"),
            (format!("[sets.a]\n{group}\nmfcc.coefficients = 200"), "features.sets.a.mfcc.coefficients", "1 to 128"),
            (format!("[sets.a]\n{group}\nmfcc.mel_bands = 0"), "features.sets.a.mfcc.mel_bands", "1 to 512"),
            (format!("[sets.a]\n{group}\nlog_mel.top_db = -3.0"), "features.sets.a.log_mel.top_db", "0 (no limit)"),
            (format!("[sets.a]\n{group}\npitch.max_hz = 50.0"), "features.sets.a.pitch.max_hz", "above 75"),
            (format!("[sets.a]\n{group}\npitch.min_hz = 5.0"), "features.sets.a.pitch.min_hz", "20 or above"),
            ("[sets.a]\ngroups = []".to_owned(), "features.sets.a.groups", "at least one"),
            (
                "[sets.a]\ngroups = [{ descriptors = [\"rms\"], functionals = [] }]".to_owned(),
                "features.sets.a.groups.0.functionals",
                "at least one",
            ),
            (
                "[sets.a]\ngroups = [{ descriptors = [\"rms\"], frames = [], functionals = [\"mean\"] }]".to_owned(),
                "features.sets.a.groups.0.frames",
                "at least one",
            ),
            (
                "[sets.a]\npitch.max_hz = 6000.0\ngroups = [{ descriptors = [\"rms\"], frames = [\"voiced\"], functionals = [\"mean\"] }]"
                    .to_owned(),
                "features.sets.a.pitch.max_hz",
                "at most 4000",
            ),
            (
                "[sets.a]\ngroups = [{ descriptors = [\"rms\", \"rms\"], functionals = [\"mean\"] }]".to_owned(),
                "features.sets.a.groups.0",
                "list it once",
            ),
        ];
        for (toml, key, problem) in cases {
            let error = features(&toml).check(16000).expect_err(&toml);
            assert!(error.key == key && error.problem.contains(problem), "{toml}: {error}");
        }
    }

    #[test]
    fn unknown_words_name_the_legal_ones() {
        let toml = |descriptor: &str, functional: &str| {
            format!("[sets.a]\ngroups = [{{ descriptors = [\"{descriptor}\"], functionals = [\"{functional}\"] }}]")
        };
        for (toml, word) in [(toml("mffc", "mean"), "`mfcc`"), (toml("rms", "average"), "mean, std")] {
            let message = toml::from_str::<Features>(&toml).expect_err("illegal").to_string();
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn a_set_of_ones_own_is_found() {
        let toml =
            "set = \"a\"\n[sets.a]\nmfcc.top_db = 0.0\ngroups = [{ descriptors = [\"rms\"], functionals = [\"p95\"] }]";
        let params = features(toml).check(16000).expect("legal");
        assert_eq!((params.groups.len(), params.mfcc.top_db), (1, None));
    }
}
