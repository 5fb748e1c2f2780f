//! What nobody can tell from names, as questions.

use super::column::Column;

/// A place that may be what was looked for: the name of its group in the pattern, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Name of the group or column.
    pub name: String,
    /// Number of different values.
    pub distinct: usize,
    /// The first of them.
    pub examples: Vec<String>,
}

/// Examples that a question shows.
const EXAMPLES: usize = 3;

impl Choice {
    pub(super) fn new(name: String, column: &Column<'_>) -> Self {
        let mut values = column.values().collect::<Vec<_>>();
        values.sort_unstable();
        let examples = values.into_iter().take(EXAMPLES).map(str::to_owned).collect();
        Self { name, distinct: column.distinct(), examples }
    }

    /// What stands there, in words: `id1 (12 values: "01", "02", "03", ...)`.
    pub fn words(&self) -> String {
        let examples = self.examples.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
        let more = if self.distinct > EXAMPLES { ", ..." } else { "" };
        format!("{} ({} values: {examples}{more})", self.name, self.distinct)
    }
}

/// What the user has to say before anything runs, or before figures are honest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Nothing says the emotion.
    NoEmotion,
    /// One of these says the emotion, and they differ.
    WhichEmotion(Vec<Choice>),
    /// `emotion` is a guess, since it holds codes; it may also be one of these.
    EmotionIsGuess(Vec<Choice>),
    /// These labels, with the number of their utterances, have no emotion yet.
    WhatLabels(Vec<(String, usize)>),
    /// One of these may say the speaker.
    WhichSpeaker(Vec<Choice>),
    /// Nothing says the speaker.
    NoSpeaker,
}

impl Question {
    /// Whether nothing runs before it is answered.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::WhichSpeaker(_) | Self::NoSpeaker)
    }
}
