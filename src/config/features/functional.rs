use crate::config::nearest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Turns a contour into one number. The words are those that column names end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Functional {
    /// Arithmetic mean.
    Mean,
    /// Standard deviation, dividing by n.
    Std,
    /// Root mean square.
    Rms,
    /// Mean of the magnitudes.
    MeanAbs,
    /// Skewness.
    Skew,
    /// Excess kurtosis.
    Kurtosis,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Largest minus smallest value.
    Range,
    /// 75th minus 25th percentile.
    Iqr,
    /// A percentile, 0..=100: `p00` to `p100`.
    Percentile(u8),
    /// A higher minus a lower percentile: `range_05_95`.
    PercentileRange(u8, u8),
    /// Slope of the regression line per second.
    Slope,
    /// Value of the regression line at the first frame.
    Offset,
    /// Root mean square distance from the regression line.
    LinearError,
    /// Quadratic coefficient of the regression parabola per square second.
    Curvature,
    /// Root mean square distance from the regression parabola.
    QuadraticError,
    /// Where the largest value lies, 0..1.
    MaxPosition,
    /// Where the smallest value lies, 0..1.
    MinPosition,
    /// Centre of gravity in time, 0..1.
    TemporalCentroid,
    /// Peaks per second.
    PeakRate,
    /// Mean time from a peak to the next.
    PeakDistanceMean,
    /// Standard deviation of the time from a peak to the next.
    PeakDistanceStd,
    /// Mean value of the peaks.
    PeakMean,
    /// Mean value of the peaks above that of the contour.
    PeakProminence,
    /// Mean value of the valleys.
    ValleyMean,
    /// Mean slope of the rises per second.
    RiseSlopeMean,
    /// Standard deviation of the slopes of the rises.
    RiseSlopeStd,
    /// Mean slope of the falls per second.
    FallSlopeMean,
    /// Standard deviation of the slopes of the falls.
    FallSlopeStd,
    /// Share of the steps between frames that go up.
    RiseShare,
    /// Share of the frames above a percentage of the range, 1..=99: `up25`.
    Up(u8),
    /// Crossings of zero per second.
    ZeroCrossings,
    /// Crossings of the mean per second.
    MeanCrossings,
    /// A coefficient of linear prediction, 1..=5: `lpc1`.
    Lpc(u8),
    /// Share of the power that linear prediction leaves.
    LpcGain,
    /// A coefficient of the discrete cosine transform, 0..=9: `dct0`.
    Dct(u8),
    /// Share of the modulation power in the octave around 1, 2, 4, 8 or 16 Hz: `mod04`.
    Modulation(u8),
    /// Mean modulation frequency.
    ModulationCentroidHz,
    /// Stretches above the middle per second.
    StretchRate,
    /// Mean length of the stretches above the middle.
    StretchMeanS,
    /// Standard deviation of their lengths.
    StretchStdS,
    /// Length of the longest.
    StretchMaxS,
    /// Mean length of the gaps between them.
    GapMeanS,
    /// Standard deviation of their lengths.
    GapStdS,
    /// Length of the longest.
    GapMaxS,
}

/// The functionals whose words have no number.
const NAMED: [(&str, Functional); 40] = [
    ("mean", Functional::Mean),
    ("std", Functional::Std),
    ("rms", Functional::Rms),
    ("mean_abs", Functional::MeanAbs),
    ("skew", Functional::Skew),
    ("kurtosis", Functional::Kurtosis),
    ("min", Functional::Min),
    ("max", Functional::Max),
    ("range", Functional::Range),
    ("iqr", Functional::Iqr),
    ("slope", Functional::Slope),
    ("offset", Functional::Offset),
    ("linear_error", Functional::LinearError),
    ("curvature", Functional::Curvature),
    ("quadratic_error", Functional::QuadraticError),
    ("max_position", Functional::MaxPosition),
    ("min_position", Functional::MinPosition),
    ("temporal_centroid", Functional::TemporalCentroid),
    ("peak_rate", Functional::PeakRate),
    ("peak_distance_mean", Functional::PeakDistanceMean),
    ("peak_distance_std", Functional::PeakDistanceStd),
    ("peak_mean", Functional::PeakMean),
    ("peak_prominence", Functional::PeakProminence),
    ("valley_mean", Functional::ValleyMean),
    ("rise_slope_mean", Functional::RiseSlopeMean),
    ("rise_slope_std", Functional::RiseSlopeStd),
    ("fall_slope_mean", Functional::FallSlopeMean),
    ("fall_slope_std", Functional::FallSlopeStd),
    ("rise_share", Functional::RiseShare),
    ("zero_crossings", Functional::ZeroCrossings),
    ("mean_crossings", Functional::MeanCrossings),
    ("lpc_gain", Functional::LpcGain),
    ("modulation_centroid_hz", Functional::ModulationCentroidHz),
    ("stretch_rate", Functional::StretchRate),
    ("stretch_mean_s", Functional::StretchMeanS),
    ("stretch_std_s", Functional::StretchStdS),
    ("stretch_max_s", Functional::StretchMaxS),
    ("gap_mean_s", Functional::GapMeanS),
    ("gap_std_s", Functional::GapStdS),
    ("gap_max_s", Functional::GapMaxS),
];

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
        NAMED.into_iter().map(|(_, functional)| functional)
    }

    /// Those whose words have a number, one example each.
    pub fn numbered() -> [Self; 6] {
        let (percentile, range) = (Self::Percentile(50), Self::PercentileRange(5, 95));
        [percentile, range, Self::Up(50), Self::Lpc(1), Self::Dct(1), Self::Modulation(4)]
    }

    /// Every legal word, for people to read.
    pub fn legal() -> String {
        let named = NAMED.into_iter().map(|(word, _)| word);
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
        let words = NAMED.into_iter().map(|(word, _)| word).chain(NUMBERED.into_iter().map(|(.., pattern)| pattern));
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
