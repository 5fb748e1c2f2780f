//! Warnings about who speaks.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::bare;
use super::error::first_five;
use crate::corpus::Corpus;
use crate::schema::{Texts, plural};

/// Words for people who are not known.
const NOBODY: [&str; 5] = ["unknown", "unk", "anonymous", "?", "-"];

/// Warnings about utterances of a manifest without a speaker, and about speakers who have the name of nobody.
pub(super) fn unknown(config: &Corpus, cells: &Texts) -> Vec<String> {
    let speakers = || cells.iter().flatten().map(|speaker| bare(config, speaker));
    let mut warnings = Vec::new();
    let (unknown, all) = (cells.len() - speakers().count(), plural(cells.len(), "utterance"));
    // Who sets the column to "" knows, and so does a preset.
    let is_meant = config.columns.speaker.as_deref() == Some("") || config.preset.is_some();
    if unknown > 0 && unknown < cells.len() {
        warnings.push(format!("corpus `{}`: {unknown} of {all} have no speaker", config.name));
    } else if unknown > 0 && !is_meant {
        warnings.push(format!(
            "corpus `{}`: none of {all} has a speaker; name their column in [corpus.columns] (speaker = \"...\"), or \
             set it to \"\" if there is none",
            config.name
        ));
    }
    let is_nobody = |speaker: &&str| NOBODY.iter().any(|word| speaker.eq_ignore_ascii_case(word));
    let nobodies: BTreeSet<&str> = speakers().filter(is_nobody).collect();
    warnings.extend(nobodies.into_iter().map(|nobody| {
        let count = plural(speakers().filter(|speaker| *speaker == nobody).count(), "utterance");
        format!(
            "corpus `{}`: {count} have the speaker {nobody:?}, which counts as one person; if it is not a name, add \
             it to `missing` of this corpus",
            config.name
        )
    }));
    warnings
}

/// The warning about names that are probably one person's, who may then be on both sides of a split by speaker.
pub(super) fn alike(config: &Corpus, cells: &Texts) -> Option<String> {
    let speakers = cells.iter().flatten().map(|speaker| bare(config, speaker)).collect::<BTreeSet<_>>();
    let mut spellings = BTreeMap::<String, BTreeSet<&str>>::new();
    for speaker in speakers {
        spellings.entry(spoken(speaker)).or_default().insert(speaker);
    }
    let alike: Vec<&str> = spellings.into_values().filter(|names| names.len() > 1).flatten().collect();
    (!alike.is_empty()).then(|| {
        format!(
            "corpus `{}`: speakers {} differ only in case, blanks or leading zeros, and count as different people; \
             if they are the same, use one name",
            config.name,
            first_five(alike)
        )
    })
}

/// A name without what people do not see or do not keep apart.
fn spoken(name: &str) -> String {
    let is_seen = |c: &char| !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let name: String = name.to_lowercase().chars().filter(is_seen).collect();
    match name.trim_start_matches('0') {
        "" => name,
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => number.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_person_are_told_from_those_of_others() {
        let config = toml::from_str("name = \"c\"\nsource = \"d\"\nmanifest = \"m\"").expect("sound TOML");
        let said = |names: &[&str]| alike(&config, &names.iter().copied().map(Some).collect());
        for one in [["S1", "s1"], ["Ann Lee", "AnnLee"], ["3", "03"], ["s1", "s1\u{200b}"], ["Ä", "ä"]] {
            let warning = said(&[one[0], "other", one[1], one[0]]).expect("one person");
            let names = format!("speakers {:?}, {:?} differ", one[0].min(one[1]), one[0].max(one[1]));
            assert!(warning.contains(&names), "{warning}");
        }
        assert_eq!(said(&["1", "10", "s1", "s01", "1s", "01s", "0", "00s", "a-b", "ab", "3", "3"]), None);
    }
}
