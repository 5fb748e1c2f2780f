//! What a preset is, and which there are.

use super::entry::Facts;
use super::{crema_d, emodb, ravdess, savee, tess};
use crate::config::Preset;

/// A known corpus, as data and one function.
pub(super) struct Rules {
    /// The file-name grammar in one line, for messages.
    pub grammar: &'static str,
    /// ISO 639-1 code of the language.
    pub language: &'static str,
    /// Source label -> canonical emotion.
    pub labels: &'static [(&'static str, &'static str)],
    /// Extra fields, in the order in which `parse` gives them.
    pub extra: &'static [&'static str],
    /// Filter that holds unless the pipeline file sets one on the same field: field, values to keep.
    pub keep: &'static [(&'static str, &'static [&'static str])],
    /// Reads a path without its extension; `None` where the name does not follow the grammar.
    pub parse: fn(&str) -> Option<Facts>,
}

/// The rules of a preset.
pub(super) fn rules(preset: Preset) -> &'static Rules {
    match preset {
        Preset::Ravdess => &ravdess::RULES,
        Preset::Emodb => &emodb::RULES,
        Preset::CremaD => &crema_d::RULES,
        Preset::Tess => &tess::RULES,
        Preset::Savee => &savee::RULES,
    }
}

/// The value of a code in a table of code and value.
pub(super) fn look_up<'a>(table: &[(&str, &'a str)], code: &str) -> Option<&'a str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, value)| *value)
}

/// A whole number of exactly `digits` ASCII digits within a range.
pub(super) fn number(text: &str, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| plain && range.contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::is_canonical_emotion;

    #[test]
    fn every_preset_maps_to_canonical_emotions() {
        for preset in [Preset::Ravdess, Preset::Emodb, Preset::CremaD, Preset::Tess, Preset::Savee] {
            let rules = rules(preset);
            assert!(rules.labels.iter().all(|(_, emotion)| is_canonical_emotion(emotion)), "{preset:?}");
            assert!(rules.keep.iter().all(|(field, _)| rules.extra.contains(field)), "{preset:?}");
        }
    }

    #[test]
    fn numbers_have_all_their_digits() {
        assert_eq!(number("07", 2, 1..=24), Some(7));
        for wrong in ["7", "+7", "007", "25", "00", "7 ", "٠٧", ""] {
            assert_eq!(number(wrong, 2, 1..=24), None, "{wrong}");
        }
    }
}
