use super::{Descriptor, FeatureSetParams, FeaturesSection, Group, TableParams, UserSet};
use crate::dsp::Edges;
use crate::features::FeatureParams;
use crate::options::{ConfigError, nearest, require};
use std::collections::BTreeSet;

/// Raised when a formula changes, so that old features are computed anew.
pub(in crate::features) const VERSION: u32 = 1;

/// The ready sets, in the words of a pipeline file.
const READY: [(&str, &str); 3] = [
    ("mfcc-energy", include_str!("../sets/mfcc-energy.toml")),
    ("standard", include_str!("../sets/standard.toml")),
    ("rich", include_str!("../sets/rich.toml")),
];

impl FeaturesSection {
    /// Names of the ready sets.
    pub fn ready() -> impl Iterator<Item = &'static str> {
        READY.into_iter().map(|(name, _)| name)
    }

    /// Where features come from: the table, or the chosen set for audio at `sample_rate_hz`.
    ///
    /// # Errors
    /// Refuses illegal values, unknown sets, and keys of the one beside those of the other.
    pub fn params(&self, sample_rate_hz: u32) -> Result<FeatureParams, ConfigError> {
        if let Some(table) = TableParams::of(self)? {
            return Ok(FeatureParams::Table(table));
        }
        Ok(FeatureParams::Set(self.check(sample_rate_hz)?))
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
        let name = self.set_name();
        match (self.sets.get(name), ready_set(name)) {
            (Some(set), _) => set.check(&format!("features.sets.{name}"), sample_rate_hz),
            (None, Some(set)) => set.check(&format!("features.set = {name}"), sample_rate_hz),
            (None, None) => Err(self.unknown_set()),
        }
    }

    fn unknown_set(&self) -> ConfigError {
        let mut names: Vec<&str> = Self::ready().collect();
        names.extend(self.sets.keys().map(String::as_str));
        let problem = format!("no such set; legal are {}", names.join(", "));
        let error = ConfigError::new("features.set", self.set_name(), problem);
        match nearest(self.set_name(), names) {
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
            pitch: self.pitch.check(&at("pitch"), sample_rate_hz, uses_pitch(&self.groups))?,
            groups: self.groups.clone(),
        };
        check_groups(&at("groups"), &self.groups)?;
        Ok(params)
    }

    /// Whether a group names one of `descriptors`.
    fn uses(&self, descriptors: &[Descriptor]) -> bool {
        self.groups.iter().flat_map(|group| &group.descriptors).any(|descriptor| descriptors.contains(descriptor))
    }
}

/// Whether some column of the groups needs the pitch tracker.
pub(in crate::features) fn uses_pitch(groups: &[Group]) -> bool {
    let of_voice = |descriptor: &Descriptor| Descriptor::VOICE.contains(descriptor);
    groups.iter().any(|group| group.needs_voicing() || group.descriptors.iter().any(of_voice))
}

pub(in crate::features) fn check_groups(key: &str, groups: &[Group]) -> Result<(), ConfigError> {
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

impl UserSet {
    /// The frames that the set asks for, else those of the presets that it uses.
    fn edges(&self, key: &str) -> Result<Edges, ConfigError> {
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
