//! Figures that others have published under a protocol.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::options::ConfigError;

/// What is compiled in.
const SHIPPED: &str = include_str!("data/figures.toml");

static KNOWN: LazyLock<Vec<PublishedFigure>> =
    LazyLock::new(|| PublishedFigure::parse("figures", SHIPPED).unwrap_or_default());

/// A published figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFigure {
    /// Name of the protocol: its test folds are those of the figure.
    pub protocol: String,
    /// Preset of the corpus.
    pub corpus: String,
    /// Number of classes.
    pub classes: usize,
    /// Number of test utterances of all folds.
    pub tested: i64,
    /// Name of the system.
    pub system: String,
    /// What it is.
    pub model: String,
    /// What it sees.
    pub features: String,
    /// Whether it was trained on more than the corpus.
    pub pretrained: bool,
    /// Mean of the UARs of the folds, 0 to 1.
    pub uar_folds: f64,
    /// Where it is published, and how it was chosen.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    figure: Vec<PublishedFigure>,
}

impl PublishedFigure {
    /// Those that are compiled in.
    pub fn shipped() -> &'static [Self] {
        &KNOWN
    }

    /// Reads a file of figures: a `[[figure]]` section each.
    ///
    /// # Errors
    /// No TOML of that form, or a figure that is no UAR.
    pub fn parse(place: &str, text: &str) -> Result<Vec<Self>, ConfigError> {
        let wrong = |problem: String| ConfigError::new("--figures", format!("{place:?}"), problem);
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        match file.figure.iter().find(|figure| !(0.0..=1.0).contains(&figure.uar_folds)) {
            None => Ok(file.figure),
            Some(figure) => {
                Err(wrong(format!("uar_folds of {:?} is {}; legal are 0 to 1", figure.system, figure.uar_folds)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::*;

    #[test]
    fn shipped_figures_are_of_protocols_and_corpora_that_are_known() {
        let shipped = PublishedFigure::parse("figures", SHIPPED).expect("sound");
        assert!(!shipped.is_empty());
        assert_eq!(PublishedFigure::shipped(), shipped);
        for figure in shipped {
            let protocol = Protocol::known("protocol", &figure.protocol).expect("a known protocol");
            assert!(protocol.corpora().any(|corpus| corpus == figure.corpus), "{figure:?}");
        }
        let bad = SHIPPED.replace("0.623", "62.3");
        assert!(PublishedFigure::parse("f", &bad).expect_err("no share").to_string().contains("legal are 0 to 1"));
    }
}
