//! The functionals there are: words, and what they say. [`super::summary`] computes them.

use crate::options::nearest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a functional makes of the unit of its contour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitRule {
    /// The same.
    Same,
    /// It has none.
    None,
    /// The unit per second.
    PerSecond,
    /// The unit per square second.
    PerSecondSquared,
    /// A number per second.
    Rate,
    /// A time.
    Seconds,
    /// A frequency.
    Hertz,
}

macro_rules! functionals {
    ($($name:ident, $word:literal, $text:literal, $unit:ident;)*) => {
        /// Turns a contour into one number. The words are those that column names end with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Functional {
            $(#[doc = $text] $name,)*
            /// A percentile, 0..=100: `p00` to `p100`.
            Percentile(u8),
            /// A higher minus a lower percentile: `range_05_95`.
            PercentileRange(u8, u8),
            /// Share of the frames above a percentage of the range, 1..=99: `up25`.
            Up(u8),
            /// A coefficient of linear prediction, 1..=5: `lpc1`.
            Lpc(u8),
            /// A coefficient of the discrete cosine transform, 0..=9: `dct0`.
            Dct(u8),
            /// Share of the modulation power in the octave around 1, 2, 4, 8 or 16 Hz: `mod04`.
            Modulation(u8),
        }

        /// The functionals whose words have no number.
        const NAMED: &[(&str, Functional)] = &[$(($word, Functional::$name)),*];

        impl Functional {
            /// How it reads in a sentence.
            pub fn text(self) -> String {
                match self {
                    $(Self::$name => $text.to_owned(),)*
                    Self::Percentile(percent) => format!("percentile {percent}"),
                    Self::PercentileRange(low, high) => format!("percentile {high} minus percentile {low}"),
                    Self::Up(percent) => format!("share of the frames above {percent} % of the range"),
                    Self::Lpc(k) => format!("coefficient {k} of 5 of linear prediction"),
                    Self::Dct(k) => format!("coefficient {k} of the discrete cosine transform"),
                    Self::Modulation(hz) => format!("share of the modulation power in the octave around {hz} Hz"),
                }
            }

            /// What it makes of the unit of its contour.
            pub(super) fn unit_rule(self) -> UnitRule {
                match self {
                    $(Self::$name => UnitRule::$unit,)*
                    Self::Percentile(_) | Self::PercentileRange(..) | Self::Dct(_) => UnitRule::Same,
                    Self::Up(_) | Self::Lpc(_) | Self::Modulation(_) => UnitRule::None,
                }
            }
        }
    };
}

functionals! {
    Mean, "mean", "mean", Same;
    Std, "std", "standard deviation (dividing by n)", Same;
    Rms, "rms", "root mean square", Same;
    MeanAbs, "mean_abs", "mean of the magnitudes", Same;
    Skew, "skew", "skewness", None;
    Kurtosis, "kurtosis", "excess kurtosis", None;
    Min, "min", "minimum", Same;
    Max, "max", "maximum", Same;
    Range, "range", "maximum minus minimum", Same;
    Iqr, "iqr", "75th minus 25th percentile", Same;
    Slope, "slope", "regression slope per second", PerSecond;
    Offset, "offset", "value of the regression line at the first frame", Same;
    LinearError, "linear_error", "root mean square distance from the regression line", Same;
    Curvature, "curvature", "quadratic coefficient of the regression parabola per square second", PerSecondSquared;
    QuadraticError, "quadratic_error", "root mean square distance from the regression parabola", Same;
    MaxPosition, "max_position", "where the maximum lies, 0 at the first frame and 1 at the last", None;
    MinPosition, "min_position", "where the minimum lies, 0 at the first frame and 1 at the last", None;
    TemporalCentroid, "temporal_centroid", "centre of gravity in time, 0 at the first frame and 1 at the last", None;
    PeakRate, "peak_rate", "peaks per second", Rate;
    PeakDistanceMean, "peak_distance_mean", "mean time from a peak to the next", Seconds;
    PeakDistanceStd, "peak_distance_std", "standard deviation of the time from a peak to the next", Seconds;
    PeakMean, "peak_mean", "mean of the peaks", Same;
    PeakProminence, "peak_prominence", "mean of the peaks minus mean of all frames", Same;
    ValleyMean, "valley_mean", "mean of the valleys", Same;
    RiseSlopeMean, "rise_slope_mean", "mean slope of the rises per second", PerSecond;
    RiseSlopeStd, "rise_slope_std", "standard deviation of the slopes of the rises per second", PerSecond;
    FallSlopeMean, "fall_slope_mean", "mean slope of the falls per second", PerSecond;
    FallSlopeStd, "fall_slope_std", "standard deviation of the slopes of the falls per second", PerSecond;
    RiseShare, "rise_share", "share of the steps between frames that go up", None;
    ZeroCrossings, "zero_crossings", "crossings of zero per second", Rate;
    MeanCrossings, "mean_crossings", "crossings of the mean per second", Rate;
    LpcGain, "lpc_gain", "share of the power that linear prediction leaves", None;
    ModulationCentroidHz, "modulation_centroid_hz", "mean modulation frequency weighted by power", Hertz;
    StretchRate, "stretch_rate", "stretches above the middle of the range per second", Rate;
    StretchMeanS, "stretch_mean_s", "mean length of the stretches above the middle of the range", Seconds;
    StretchStdS, "stretch_std_s", "standard deviation of the lengths of the stretches above the middle of the range", Seconds;
    StretchMaxS, "stretch_max_s", "length of the longest stretch above the middle of the range", Seconds;
    GapMeanS, "gap_mean_s", "mean length of the gaps between stretches above the middle of the range", Seconds;
    GapStdS, "gap_std_s", "standard deviation of the lengths of the gaps between stretches above the middle", Seconds;
    GapMaxS, "gap_max_s", "length of the longest gap between stretches above the middle of the range", Seconds;
}

/// The words with numbers: their shape (`N` stands for digits), what is legal, and that as a regular expression.
const NUMBERED: [(&str, &str, &str); 6] = [
    ("pN", "p00 to p100", "p[0-9]{2}|p100"),
    ("range_N_N", "range_00_01 to range_99_100", "range_[0-9]{2}_([0-9]{2}|100)"),
    ("upN", "up01 to up99", "up[0-9]{2}"),
    ("lpcN", "lpc1 to lpc5", "lpc[1-5]"),
    ("dctN", "dct0 to dct9", "dct[0-9]"),
    ("modN", "mod01, mod02, mod04, mod08, mod16", "mod(01|02|04|08|16)"),
];

impl Functional {
    /// The functionals whose words have no number.
    pub fn named() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|(_, functional)| *functional)
    }

    /// Those whose words have a number, one example each.
    pub fn numbered() -> [Self; 6] {
        let (percentile, range) = (Self::Percentile(50), Self::PercentileRange(5, 95));
        [percentile, range, Self::Up(50), Self::Lpc(1), Self::Dct(1), Self::Modulation(4)]
    }

    /// Every legal word, for people to read.
    pub fn legal() -> String {
        let named = NAMED.iter().map(|(word, _)| *word);
        named.chain(NUMBERED.into_iter().map(|(_, legal, _)| legal)).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Functional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percent) => write!(f, "p{percent:02}"),
            Self::PercentileRange(low, high) => write!(f, "range_{low:02}_{high:02}"),
            Self::Up(percent) => write!(f, "up{percent:02}"),
            Self::Lpc(k) => write!(f, "lpc{k}"),
            Self::Dct(k) => write!(f, "dct{k}"),
            Self::Modulation(hz) => write!(f, "mod{hz:02}"),
            _ => NAMED.iter().filter(|(_, functional)| functional == self).try_for_each(|(word, _)| f.write_str(word)),
        }
    }
}

impl FromStr for Functional {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let named = NAMED.iter().find(|(name, _)| *name == word).map(|(_, functional)| *functional);
        // a number is legal as the functional itself writes it
        let numbered = || numbered(word).filter(|functional| functional.to_string() == word);
        named.or_else(numbered).ok_or_else(|| unknown(word))
    }
}

/// The functional of a word with numbers.
fn numbered(word: &str) -> Option<Functional> {
    if let Some((low, high)) = word.strip_prefix("range_").and_then(|percents| percents.split_once('_')) {
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        return (low < high && high <= 100).then_some(Functional::PercentileRange(low, high));
    }
    let (name, digits) = word.split_at(word.find(|c: char| c.is_ascii_digit())?);
    let number: u8 = digits.parse().ok()?;
    match name {
        "p" if number <= 100 => Some(Functional::Percentile(number)),
        "up" if (1..=99).contains(&number) => Some(Functional::Up(number)),
        "lpc" if (1..=5).contains(&number) => Some(Functional::Lpc(number)),
        "dct" if number <= 9 => Some(Functional::Dct(number)),
        "mod" if [1, 2, 4, 8, 16].contains(&number) => Some(Functional::Modulation(number)),
        _ => None,
    }
}

fn unknown(word: &str) -> String {
    let mut shape = word.replace(|c: char| c.is_ascii_digit(), "N");
    while shape.contains("NN") {
        shape = shape.replace("NN", "N");
    }
    let shapes = NUMBERED.iter().map(|(shape, ..)| *shape);
    let best = nearest(&shape, NAMED.iter().map(|(word, _)| *word).chain(shapes));
    let legal = |best| NUMBERED.iter().find(|(shape, ..)| *shape == best).map_or(best, |(_, legal, _)| *legal);
    let hint = best.map(|best| format!("; did you mean {}?", legal(best))).unwrap_or_default();
    format!("functional `{word}` is unknown; legal are {}{hint}", Functional::legal())
}

impl TryFrom<String> for Functional {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<Functional> for String {
    fn from(functional: Functional) -> Self {
        functional.to_string()
    }
}

impl JsonSchema for Functional {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Functional".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = NAMED.iter().map(|(word, _)| *word).chain(NUMBERED.into_iter().map(|(.., pattern)| pattern));
        schemars::json_schema!({
            "type": "string",
            "description": format!("Turns a contour into one number: {}.", Self::legal()),
            "pattern": format!("^({})$", words.collect::<Vec<_>>().join("|")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functionals_go_both_ways() {
        let numbered = "p00 p05 p100 range_05_95 range_00_100 up01 up90 lpc1 lpc5 dct0 dct9 mod01 mod16";
        for word in numbered.split(' ').map(str::to_owned).chain(Functional::named().map(|one| one.to_string())) {
            assert_eq!(word.parse::<Functional>().map(|functional| functional.to_string()), Ok(word));
        }
        let illegal = "average p101 p5 p p-1 p+5 p05x range_95_05 range_5_95 range_05_05 range_00_101 range_ \
                       up00 up100 up5 lpc0 lpc6 lpc01 dct10 mod03 mod1 mod32 mod";
        for word in illegal.split_whitespace().chain([""]) {
            let message = word.parse::<Functional>().expect_err("illegal");
            assert!(message.contains("mean, std") && message.contains("p00 to p100"), "{message}");
        }
    }

    #[test]
    fn unknown_words_name_the_nearest() {
        let cases = [
            ("kurt", "mean kurtosis?"),
            ("peakrate", "mean peak_rate?"),
            ("range_5_95", "mean range_00_01 to range_99_100?"),
            ("p5", "mean p00 to p100?"),
            ("mod3", "mean mod01, mod02, mod04, mod08, mod16?"),
            ("average", "mod16"),
        ];
        for (word, end) in cases {
            let message = word.parse::<Functional>().expect_err("illegal");
            assert!(message.ends_with(end), "{message}");
        }
    }

    #[test]
    fn no_two_functionals_share_a_word() {
        let mut words: Vec<&str> = NAMED.iter().map(|(word, _)| *word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), NAMED.len());
    }
}
