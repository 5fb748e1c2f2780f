use super::describe;
use crate::config::{Delta, Descriptor, Functional, Selection};

/// How a functional reads in a sentence.
pub(in crate::features) fn functional_text(functional: Functional) -> String {
    match functional {
        Functional::Mean => "mean".to_owned(),
        Functional::Std => "standard deviation (dividing by n)".to_owned(),
        Functional::Min => "minimum".to_owned(),
        Functional::Max => "maximum".to_owned(),
        Functional::Range => "maximum minus minimum".to_owned(),
        Functional::Percentile(percent) => format!("percentile {percent}"),
        Functional::Iqr => "75th minus 25th percentile".to_owned(),
        Functional::Skew => "skewness".to_owned(),
        Functional::Kurtosis => "excess kurtosis".to_owned(),
        Functional::Slope => "regression slope per second".to_owned(),
    }
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

/// Unit of a functional of a delta of a descriptor.
pub(in crate::features) fn unit(descriptor: Descriptor, delta: Delta, functional: Functional) -> String {
    let base = describe(descriptor).unit;
    let per_frame = match delta {
        Delta::None => "",
        Delta::D1 => "/frame",
        Delta::D2 => "/frame^2",
    };
    match functional {
        Functional::Skew | Functional::Kurtosis => "1".to_owned(),
        Functional::Slope => format!("{base}{per_frame}/s"),
        _ => format!("{base}{per_frame}"),
    }
}
