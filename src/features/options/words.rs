use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which frames functionals see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// Every frame.
    All,
    /// Frames that the pitch tracker takes for voiced.
    Voiced,
    /// All others.
    Unvoiced,
}

impl Selection {
    /// What column names append: nothing, `_voiced` or `_unvoiced`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Voiced => "_voiced",
            Self::Unvoiced => "_unvoiced",
        }
    }
}

/// Which derivative of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delta {
    /// The descriptor itself.
    None,
    /// Its first derivative per frame.
    D1,
    /// Its second derivative per frame.
    D2,
}

impl Delta {
    /// What column names append: nothing, `_d1` or `_d2`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::D1 => "_d1",
            Self::D2 => "_d2",
        }
    }

    /// Order of the derivative: 0, 1, 2.
    pub fn order(self) -> usize {
        self as usize
    }
}
