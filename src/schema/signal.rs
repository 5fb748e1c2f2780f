/// Why the signal of an audio file is suspicious, although it decodes. The words stand in the column `signal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Digital silence: all samples lie within two steps of 16 bits, as dither of one step does.
    Silent,
    /// The channels are nearly opposite: their mean has less than a hundredth of their power.
    Cancels,
    /// Samples beyond twice full scale, as of integers that were stored as floating point.
    BeyondFullScale,
    /// The file's rate is below 0.8 of the wanted one: the upper part of the spectrum is empty.
    NarrowBand,
    /// The file has several tracks of sound, such as languages of a film: the default one was taken.
    SeveralTracks,
}

impl Signal {
    /// All, in the order of the words.
    pub const ALL: [Self; 5] =
        [Self::Silent, Self::Cancels, Self::BeyondFullScale, Self::NarrowBand, Self::SeveralTracks];

    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Cancels => "cancels",
            Self::BeyondFullScale => "beyond_full_scale",
            Self::NarrowBand => "narrow_band",
            Self::SeveralTracks => "several_tracks",
        }
    }

    /// What the word means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Silent => "digital silence",
            Self::Cancels => "channels that cancel each other",
            Self::BeyondFullScale => "samples beyond twice full scale",
            Self::NarrowBand => "a sample rate below the one that features are computed at",
            Self::SeveralTracks => "one of several tracks of sound, the default or the first",
        }
    }

    /// Whether a cell of the column `signal` holds the word.
    pub fn is_in(self, cell: &str) -> bool {
        cell.split(' ').any(|word| word == self.as_str())
    }

    /// The cell of some signals: their words with a space between; none: nothing is suspicious.
    pub fn cell(signals: &[Self]) -> Option<String> {
        let words = signals.iter().map(|signal| signal.as_str()).collect::<Vec<_>>();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// How many of the cells hold each word; words that none holds are left out.
    pub fn counts<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> Vec<(Self, usize)> {
        let cells = cells.into_iter().flatten().collect::<Vec<_>>();
        let count = |signal: Self| (signal, cells.iter().filter(|cell| signal.is_in(cell)).count());
        Self::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_words_with_a_space_between() {
        assert_eq!(Signal::cell(&[]), None);
        let cell = Signal::cell(&[Signal::Silent, Signal::NarrowBand]).expect("two words");
        assert_eq!(cell, "silent narrow_band");
        assert!(Signal::NarrowBand.is_in(&cell) && !Signal::Cancels.is_in(&cell));
        let counts = Signal::counts([Some(cell.as_str()), None, Some("narrow_band")]);
        assert_eq!(counts, [(Signal::Silent, 1), (Signal::NarrowBand, 2)]);
    }
}
