use crate::config::{Delta, Functional, Selection};

/// How a functional reads in a sentence.
pub(in crate::features) fn functional_text(functional: Functional) -> String {
    match functional {
        Functional::Mean => "mean",
        Functional::Std => "standard deviation (dividing by n)",
        Functional::Rms => "root mean square",
        Functional::MeanAbs => "mean of the magnitudes",
        Functional::Skew => "skewness",
        Functional::Kurtosis => "excess kurtosis",
        Functional::Min => "minimum",
        Functional::Max => "maximum",
        Functional::Range => "maximum minus minimum",
        Functional::Iqr => "75th minus 25th percentile",
        Functional::Percentile(percent) => return format!("percentile {percent}"),
        Functional::PercentileRange(low, high) => return format!("percentile {high} minus percentile {low}"),
        Functional::Slope => "regression slope per second",
        Functional::Offset => "value of the regression line at the first frame",
        Functional::LinearError => "root mean square distance from the regression line",
        Functional::Curvature => "quadratic coefficient of the regression parabola per square second",
        Functional::QuadraticError => "root mean square distance from the regression parabola",
        Functional::MaxPosition => "where the maximum lies, 0 at the first frame and 1 at the last",
        Functional::MinPosition => "where the minimum lies, 0 at the first frame and 1 at the last",
        Functional::TemporalCentroid => "centre of gravity in time, 0 at the first frame and 1 at the last",
        Functional::PeakRate => "peaks per second",
        Functional::PeakDistanceMean => "mean time from a peak to the next",
        Functional::PeakDistanceStd => "standard deviation of the time from a peak to the next",
        Functional::PeakMean => "mean of the peaks",
        Functional::PeakProminence => "mean of the peaks minus mean of all frames",
        Functional::ValleyMean => "mean of the valleys",
        Functional::RiseSlopeMean => "mean slope of the rises per second",
        Functional::RiseSlopeStd => "standard deviation of the slopes of the rises per second",
        Functional::FallSlopeMean => "mean slope of the falls per second",
        Functional::FallSlopeStd => "standard deviation of the slopes of the falls per second",
        Functional::RiseShare => "share of the steps between frames that go up",
        Functional::Up(percent) => return format!("share of the frames above {percent} % of the range"),
        Functional::ZeroCrossings => "crossings of zero per second",
        Functional::MeanCrossings => "crossings of the mean per second",
        Functional::Lpc(k) => return format!("coefficient {k} of 5 of linear prediction"),
        Functional::LpcGain => "share of the power that linear prediction leaves",
        Functional::Dct(k) => return format!("coefficient {k} of the discrete cosine transform"),
        Functional::Modulation(hz) => return format!("share of the modulation power in the octave around {hz} Hz"),
        Functional::ModulationCentroidHz => "mean modulation frequency weighted by power",
        Functional::StretchRate => "stretches above the middle of the range per second",
        Functional::StretchMeanS => "mean length of the stretches above the middle of the range",
        Functional::StretchStdS => "standard deviation of the lengths of the stretches above the middle of the range",
        Functional::StretchMaxS => "length of the longest stretch above the middle of the range",
        Functional::GapMeanS => "mean length of the gaps between stretches above the middle of the range",
        Functional::GapStdS => "standard deviation of the lengths of the gaps between stretches above the middle",
        Functional::GapMaxS => "length of the longest gap between stretches above the middle of the range",
    }
    .to_owned()
}

/// How a delta reads in a sentence.
pub(in crate::features) fn delta_text(delta: Delta) -> &'static str {
    match delta {
        Delta::None => "",
        Delta::D1 => ", first derivative per frame",
        Delta::D2 => ", second derivative per frame",
    }
}

/// How a selection of frames reads in a sentence.
pub(in crate::features) fn frames_text(frames: Selection) -> &'static str {
    match frames {
        Selection::All => "",
        Selection::Voiced => ", in voiced frames",
        Selection::Unvoiced => ", in unvoiced frames",
    }
}

/// Unit of a functional of a delta of a descriptor whose unit is `base`.
pub(in crate::features) fn unit(base: &str, delta: Delta, functional: Functional) -> String {
    let per_frame = match delta {
        Delta::None => "",
        Delta::D1 => "/frame",
        Delta::D2 => "/frame^2",
    };
    let unit = format!("{base}{per_frame}");
    match functional {
        Functional::Skew
        | Functional::Kurtosis
        | Functional::MaxPosition
        | Functional::MinPosition
        | Functional::TemporalCentroid
        | Functional::RiseShare
        | Functional::Up(_)
        | Functional::Lpc(_)
        | Functional::LpcGain
        | Functional::Modulation(_) => "1".to_owned(),
        Functional::Slope
        | Functional::RiseSlopeMean
        | Functional::RiseSlopeStd
        | Functional::FallSlopeMean
        | Functional::FallSlopeStd => format!("{unit}/s"),
        Functional::Curvature => format!("{unit}/s^2"),
        Functional::PeakRate | Functional::ZeroCrossings | Functional::MeanCrossings | Functional::StretchRate => {
            "1/s".to_owned()
        }
        Functional::PeakDistanceMean
        | Functional::PeakDistanceStd
        | Functional::StretchMeanS
        | Functional::StretchStdS
        | Functional::StretchMaxS
        | Functional::GapMeanS
        | Functional::GapStdS
        | Functional::GapMaxS => "s".to_owned(),
        Functional::ModulationCentroidHz => "Hz".to_owned(),
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_functional_has_a_text_of_its_own_and_a_unit() {
        let numbered =
            ["p05", "p50", "range_05_95", "range_25_75", "up25", "up75", "lpc1", "lpc2", "dct0", "mod04", "mod08"];
        let numbered = numbered.into_iter().map(|word| word.parse().expect("legal"));
        let functionals: Vec<Functional> = Functional::named().chain(numbered).collect();
        let mut texts: Vec<String> = functionals.iter().map(|functional| functional_text(*functional)).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), functionals.len());
        assert!(functionals.iter().all(|one| !unit("dB", Delta::D1, *one).is_empty()));
    }

    #[test]
    fn units_follow_the_delta_and_the_functional() {
        let cases = [
            ("dB", Delta::None, "slope", "dB/s"),
            ("dB", Delta::D1, "slope", "dB/frame/s"),
            ("Hz", Delta::None, "curvature", "Hz/s^2"),
            ("Hz", Delta::D2, "peak_prominence", "Hz/frame^2"),
            ("Hz", Delta::None, "skew", "1"),
            ("Hz", Delta::None, "range_05_95", "Hz"),
            ("1", Delta::None, "stretch_mean_s", "s"),
            ("1", Delta::None, "stretch_rate", "1/s"),
            ("1", Delta::D1, "modulation_centroid_hz", "Hz"),
        ];
        for (base, delta, word, want) in cases {
            assert_eq!(unit(base, delta, word.parse().expect("legal")), want, "{word}");
        }
    }
}
