use super::FeatureSet;
use super::describe::describe;
use crate::features::{Descriptor, FeaturesSection, Functional};
use crate::options::{ConfigError, nearest};
use crate::schema::FeatureInfo;

/// Sample rate that ready sets are shown at.
const RATE_HZ: u32 = 16_000;

/// The ready sets by name.
pub fn ready_sets() -> impl Iterator<Item = (&'static str, FeatureSet)> {
    FeaturesSection::ready().map(|name| {
        let features = FeaturesSection::of_set(name);
        let params = features.check(RATE_HZ).expect("the ready sets are compiled in and read by a test");
        (name, FeatureSet::new(&params, RATE_HZ))
    })
}

/// Every descriptor that a set may use: its word, unit, meaning and source.
pub fn descriptors() -> Vec<FeatureInfo> {
    let params = FeaturesSection::default().check(RATE_HZ).expect("the default set is compiled in and read by a test");
    let info = |descriptor: Descriptor| {
        let about = describe(&params, descriptor);
        let word = word(descriptor.to_string(), about.unit, about.text.to_owned(), about.source);
        FeatureInfo { family: about.family.to_owned(), ..word }
    };
    Descriptor::ALL.into_iter().map(info).collect()
}

/// Every functional that a set may use; of those with a number, one.
pub fn functionals() -> Vec<FeatureInfo> {
    let info = |functional: Functional| word(functional.to_string(), "", functional.text(), "");
    Functional::named().chain(Functional::numbered()).map(info).collect()
}

/// What a name stands for: the columns of a ready set, or one line for a descriptor, a functional or a column.
///
/// # Errors
/// Refuses a name that is none of these, with the nearest that is.
pub fn look_up(name: &str) -> Result<Vec<FeatureInfo>, ConfigError> {
    if let Some((_, set)) = ready_sets().find(|(set, _)| *set == name) {
        return Ok(set.dictionary());
    }
    if let Ok(functional) = name.parse::<Functional>() {
        return Ok(vec![word(name.to_owned(), "", functional.text(), "")]);
    }
    let columns = || ready_sets().flat_map(|(_, set)| set.dictionary());
    let mut words = descriptors().into_iter().chain(columns());
    words.find(|info| info.name == name).map(|info| vec![info]).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> ConfigError {
    let sets = ready_sets().map(|(set, _)| set.to_owned());
    let words: Vec<String> = sets.chain(descriptors().into_iter().chain(functionals()).map(|info| info.name)).collect();
    let problem =
        "neither a ready set, a descriptor, a functional nor a column of a ready set; `ser features list` has them";
    let error = ConfigError::new("features", name, problem);
    match nearest(name, words.iter().map(String::as_str)) {
        Some(best) => error.hint(format!("did you mean `{best}`?")),
        None => error,
    }
}

/// A word that is no column yet.
fn word(name: String, unit: &str, description: String, source: &str) -> FeatureInfo {
    FeatureInfo {
        descriptor: name.clone(),
        family: String::new(),
        name,
        functional: String::new(),
        unit: unit.to_owned(),
        description,
        source: source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_name_is_found() {
        for (name, lines, text) in [
            ("mfcc-energy", 28, "Mel-frequency cepstral coefficient 0: mean"),
            ("hnr_db", 1, "Harmonics-to-noise ratio"),
            ("range_10_90", 1, "percentile 90 minus percentile 10"),
            ("formant1_hz_mean", 1, "formant 1: mean"),
        ] {
            let found = look_up(name).expect("a name that exists");
            assert!(found.len() == lines && found[0].description.contains(text), "{name}: {:?}", found[0]);
        }
        let error = look_up("jiter_local").expect_err("no such name").to_string();
        assert!(error.contains("did you mean `jitter_local`?"), "{error}");
    }

    #[test]
    fn every_word_is_explained_and_every_descriptor_has_a_source() {
        assert!(descriptors().iter().all(|info| !info.unit.is_empty() && !info.source.is_empty()));
        assert!(functionals().iter().all(|info| !info.description.is_empty()));
    }
}
