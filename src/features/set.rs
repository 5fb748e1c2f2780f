use super::Extractor;
use super::describe::{delta_text, describe, frames_text, functional_text, unit};
use crate::config::{Delta, Descriptor, FeatureSetParams, Functional, Group, Selection};
use crate::schema::FeatureInfo;
use std::sync::Arc;

/// A feature set, planned for a sample rate: the names of its columns and what an extractor has to compute.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    plan: Arc<Plan>,
}

/// What all extractors of a set share.
#[derive(Debug)]
pub(super) struct Plan {
    pub params: FeatureSetParams,
    pub sample_rate_hz: u32,
    /// The rows of the contour matrix.
    pub contours: Vec<Contour>,
    /// Which functionals of which contour become columns, in column order.
    pub spans: Vec<Span>,
    names: Vec<String>,
    contour_names: Vec<String>,
}

/// A row of the contour matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contour {
    pub descriptor: Descriptor,
    /// Which of the descriptor's values.
    pub channel: usize,
}

/// Neighbouring columns: functionals of some frames of one contour or its derivative.
#[derive(Debug, Clone)]
pub(super) struct Span {
    /// Row of the contour matrix.
    pub row: usize,
    pub delta: Delta,
    pub frames: Selection,
    pub functionals: Vec<Functional>,
}

impl FeatureSet {
    /// Lays out the columns of a checked set for audio at `sample_rate_hz`.
    pub fn new(params: &FeatureSetParams, sample_rate_hz: u32) -> Self {
        let contours = lay_out_contours(params);
        let spans = lay_out_columns(params, &contours);
        let contour_names: Vec<String> = contours.iter().map(|contour| contour_name(params, contour)).collect();
        let name = |span: &Span, functional: &Functional| format!("{}_{functional}", span.name(&contour_names));
        let names = spans.iter().flat_map(|span| span.functionals.iter().map(move |one| name(span, one))).collect();
        let plan = Plan { params: params.clone(), sample_rate_hz, contours, spans, names, contour_names };
        Self { plan: Arc::new(plan) }
    }

    /// Column names, in the order of the extracted values.
    pub fn names(&self) -> &[String] {
        &self.plan.names
    }

    /// The dictionary row of each column.
    pub fn dictionary(&self) -> Vec<FeatureInfo> {
        let columns = self.plan.spans.iter().flat_map(|span| span.functionals.iter().map(move |one| (span, *one)));
        columns.zip(&self.plan.names).map(|((span, functional), name)| self.info(name, span, functional)).collect()
    }

    /// Names of the rows of the contour matrix.
    pub fn contour_names(&self) -> &[String] {
        &self.plan.contour_names
    }

    /// Centre of a frame in seconds from the start of the utterance.
    pub fn frame_time_s(&self, frame: usize) -> f64 {
        (frame * self.plan.params.frame.hop_samples) as f64 / f64::from(self.plan.sample_rate_hz)
    }

    /// An extractor with its own plans and buffers, for one thread.
    pub fn extractor(&self) -> Extractor {
        Extractor::new(Arc::clone(&self.plan))
    }

    fn info(&self, name: &str, span: &Span, functional: Functional) -> FeatureInfo {
        let contour = self.plan.contours[span.row];
        let about = describe(contour.descriptor);
        let number = if channels(&self.plan.params, contour.descriptor) > 1 {
            format!(" {}", contour.channel)
        } else {
            String::new()
        };
        FeatureInfo {
            name: name.to_owned(),
            descriptor: span.name(&self.plan.contour_names),
            functional: functional.to_string(),
            unit: unit(contour.descriptor, span.delta, functional),
            description: format!(
                "{}{number}{}{}: {}",
                about.text,
                delta_text(span.delta),
                frames_text(span.frames),
                functional_text(functional)
            ),
            source: about.source.to_owned(),
        }
    }
}

impl Plan {
    /// The first row of a descriptor; `None` where the set does not use it.
    pub fn row(&self, descriptor: Descriptor) -> Option<usize> {
        self.contours.iter().position(|contour| contour.descriptor == descriptor)
    }

    /// Whether some column takes voiced or unvoiced frames alone.
    pub fn needs_voicing(&self) -> bool {
        self.params.groups.iter().any(Group::needs_voicing)
    }
}

/// Values a frame that a descriptor has.
fn channels(params: &FeatureSetParams, descriptor: Descriptor) -> usize {
    match descriptor {
        Descriptor::Mfcc => params.mfcc.coefficients,
        Descriptor::LogMel => params.log_mel.bands,
        _ => 1,
    }
}

impl Span {
    /// What its columns are called but for the functional.
    fn name(&self, contour_names: &[String]) -> String {
        format!("{}{}{}", contour_names[self.row], self.delta.suffix(), self.frames.suffix())
    }
}

/// Every descriptor that a group names, each once, in a fixed order.
fn lay_out_contours(params: &FeatureSetParams) -> Vec<Contour> {
    let mut used: Vec<Descriptor> = params.groups.iter().flat_map(|group| group.descriptors.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let channels = |descriptor| (0..channels(params, descriptor)).map(move |channel| Contour { descriptor, channel });
    used.into_iter().flat_map(channels).collect()
}

fn lay_out_columns(params: &FeatureSetParams, contours: &[Contour]) -> Vec<Span> {
    let mut spans = Vec::new();
    for group in &params.groups {
        for descriptor in &group.descriptors {
            let first = contours.iter().position(|contour| contour.descriptor == *descriptor);
            let first = first.expect("every descriptor that a group names was laid out");
            for channel in 0..channels(params, *descriptor) {
                spans.extend(group.contours().map(|(delta, frames)| Span {
                    row: first + channel,
                    delta,
                    frames,
                    functionals: group.functionals.clone(),
                }));
            }
        }
    }
    spans
}

fn contour_name(params: &FeatureSetParams, contour: &Contour) -> String {
    let Contour { descriptor, channel } = contour;
    match descriptor {
        Descriptor::Mfcc => format!("{descriptor}{channel:02}"),
        Descriptor::LogMel => {
            let digits = if params.log_mel.bands > 100 { 3 } else { 2 };
            format!("{descriptor}{channel:0digits$}")
        }
        _ => descriptor.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Features;

    fn ready(set: &str) -> FeatureSet {
        let features = Features { set: set.to_owned(), ..Features::default() };
        FeatureSet::new(&features.check(16000).expect("ready sets are legal"), 16000)
    }

    #[test]
    fn mfcc_energy_has_the_columns_of_the_paper() {
        let mut want: Vec<String> = Vec::new();
        for descriptor in (0..13).map(|k| format!("mfcc{k:02}")).chain(["rms".to_owned()]) {
            want.extend(["mean", "std"].map(|functional| format!("{descriptor}_{functional}")));
        }
        assert_eq!(ready("mfcc-energy").names(), want);
    }

    #[test]
    fn the_dictionary_describes_every_column_once() {
        for set in [ready("mfcc-energy"), ready("standard")] {
            let dictionary = set.dictionary();
            let names: Vec<&str> = dictionary.iter().map(|info| info.name.as_str()).collect();
            assert_eq!(names, set.names().iter().map(String::as_str).collect::<Vec<_>>());
            for info in &dictionary {
                assert_eq!(info.name, format!("{}_{}", info.descriptor, info.functional));
                assert!(!info.unit.is_empty() && !info.source.is_empty() && info.description.contains(": "));
            }
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), names.len());
        }
    }

    #[test]
    fn frames_are_a_hop_apart() {
        assert!((ready("standard").frame_time_s(150) - 1.5).abs() < 1e-12);
    }
}
