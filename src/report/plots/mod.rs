//! The SVG files of a report.

mod canvas;
mod classes;
mod confusion;
mod curves;
mod dark;
mod reliability;
mod results;
mod scale;
mod speakers;

pub(super) use dark::dark_style;

use super::escape::slug;
use super::{Facts, PLOT_FOLDER, ReportError};

/// Every plot of a report as (file name, SVG document), in the order of the report.
///
/// # Errors
/// The drawing library refuses a plot.
pub fn plots(facts: &Facts) -> Result<Vec<(String, String)>, ReportError> {
    Plot::all(facts).iter().map(|plot| Ok((plot.file(), plot.draw(facts)?))).collect()
}

/// Whether a report, this or an earlier one, has a plot at this path.
pub fn is_plot(path: &str) -> bool {
    let file = path.strip_prefix(PLOT_FOLDER).and_then(|file| file.strip_prefix('/')).unwrap_or(path);
    let whole = [Plot::Results, Plot::Speakers, Plot::Classes];
    let of_models = [Plot::Confusion(String::new()), Plot::Reliability(String::new()), Plot::Curves(String::new())];
    let begins = |plot: &Plot| file.starts_with(plot.file().trim_end_matches(".svg"));
    whole.iter().any(|plot| plot.file() == file) || file.ends_with(".svg") && of_models.iter().any(begins)
}

/// One plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plot {
    /// UAR of each model with its interval.
    Results,
    /// Confusion matrix of a model.
    Confusion(String),
    /// Reliability diagram of a model.
    Reliability(String),
    /// UAR of each test speaker under the headline model.
    Speakers,
    /// Losses and dev UAR of a model over its epochs.
    Curves(String),
    /// Utterances by class.
    Classes,
}

impl Plot {
    /// The plots that the facts have rows for.
    pub fn all(facts: &Facts) -> Vec<Self> {
        let mut plots = Vec::new();
        // Those of classes and of UAR.
        if facts.target.is_some() {
            return plots;
        }
        plots.extend((!facts.models.is_empty()).then_some(Self::Results));
        plots.extend(facts.confusions.iter().map(|row| Self::Confusion(row.model.clone())));
        let with_bins = facts.models.iter().filter(|model| facts.calibration.iter().any(|row| row.model == model.name));
        plots.extend(with_bins.map(|model| Self::Reliability(model.name.clone())));
        plots.extend((!facts.groups(&facts.headline, "speaker").is_empty()).then_some(Self::Speakers));
        let with_curve = facts.models.iter().filter(|model| facts.curves.iter().any(|row| row.model == model.name));
        plots.extend(with_curve.map(|model| Self::Curves(model.name.clone())));
        plots.extend((!facts.class_counts.is_empty()).then_some(Self::Classes));
        plots
    }

    /// The file's name.
    pub fn file(&self) -> String {
        match self {
            Self::Results => "results.svg".to_owned(),
            Self::Confusion(model) => format!("confusion_{}.svg", slug(model)),
            Self::Reliability(model) => format!("reliability_{}.svg", slug(model)),
            Self::Speakers => "speakers.svg".to_owned(),
            Self::Curves(model) => format!("learning_curves_{}.svg", slug(model)),
            Self::Classes => "classes.svg".to_owned(),
        }
    }

    /// The file's path from report.md.
    pub fn path(&self) -> String {
        format!("{PLOT_FOLDER}/{}", self.file())
    }

    fn draw(&self, facts: &Facts) -> Result<String, ReportError> {
        let drawn = match self {
            Self::Results => results::draw(facts),
            Self::Confusion(model) => confusion::draw(facts, model),
            Self::Reliability(model) => reliability::draw(facts, model),
            Self::Speakers => speakers::draw(facts),
            Self::Curves(model) => curves::draw(facts, model),
            Self::Classes => classes::draw(facts),
        };
        drawn.map_err(|cause| ReportError::Draw { plot: self.file(), cause })
    }
}

#[cfg(test)]
mod tests;
