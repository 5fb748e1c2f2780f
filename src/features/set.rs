use super::Extractor;
use super::describe::{delta_text, describe, frames_text, unit};
use crate::dsp::Grid;
use crate::dsp::spectral::CONTRAST_BANDS;
use crate::dsp::voice::FORMANTS;
use crate::features::{Delta, Descriptor, FeatureSetParams, Functional, Group, Selection};
use crate::schema::FeatureInfo;
use std::sync::Arc;

/// A feature set, planned for a sample rate: the names of its columns and what an extractor has to compute.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    plan: Arc<ColumnPlan>,
}

/// What all extractors of a set share.
#[derive(Debug)]
pub(super) struct ColumnPlan {
    pub params: FeatureSetParams,
    pub sample_rate_hz: u32,
    /// The rows of the contour matrix.
    pub contours: Vec<Contour>,
    /// The first row of each descriptor, by its number; `None` where the set does not use it.
    first_rows: Vec<Option<usize>>,
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
        let params = params.clone();
        let first_rows = first_rows(&contours);
        let plan = ColumnPlan { params, sample_rate_hz, contours, first_rows, spans, names, contour_names };
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
        Grid::new(&self.plan.params.frame).centre(frame) as f64 / f64::from(self.plan.sample_rate_hz)
    }

    /// An extractor with its own plans and buffers, for one thread.
    pub fn extractor(&self) -> Extractor {
        Extractor::new(Arc::clone(&self.plan))
    }

    fn info(&self, name: &str, span: &Span, functional: Functional) -> FeatureInfo {
        let contour = self.plan.contours[span.row];
        let about = describe(&self.plan.params, contour.descriptor);
        let number = if channels(&self.plan.params, contour.descriptor) > 1 {
            format!(" {}", number(&contour))
        } else {
            String::new()
        };
        FeatureInfo {
            name: name.to_owned(),
            descriptor: span.name(&self.plan.contour_names),
            family: about.family.to_owned(),
            functional: functional.to_string(),
            unit: unit(about.unit, span.delta, functional),
            description: format!(
                "{}{number}{}{}: {}",
                about.text,
                delta_text(span.delta),
                frames_text(span.frames),
                functional.text()
            ),
            source: about.source.to_owned(),
        }
    }
}

impl ColumnPlan {
    /// The first row of a descriptor; `None` where the set does not use it.
    pub fn row(&self, descriptor: Descriptor) -> Option<usize> {
        self.first_rows.get(descriptor as usize).copied().flatten()
    }

    /// All rows of a descriptor.
    pub fn rows(&self, descriptor: Descriptor) -> std::ops::Range<usize> {
        self.row(descriptor).map_or(0..0, |first| first..first + channels(&self.params, descriptor))
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
        Descriptor::LogMel | Descriptor::MelEnergy => params.log_mel.bands,
        Descriptor::SpectralContrastDb => CONTRAST_BANDS,
        Descriptor::FormantHz | Descriptor::FormantBandwidthHz | Descriptor::FormantLevelDb => FORMANTS,
        _ => 1,
    }
}

fn first_rows(contours: &[Contour]) -> Vec<Option<usize>> {
    let most = contours.iter().map(|contour| contour.descriptor as usize).max();
    let first = |descriptor| contours.iter().position(|contour| contour.descriptor as usize == descriptor);
    (0..most.map_or(0, |most| most + 1)).map(first).collect()
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

/// Which of its descriptor's values a contour holds, as names count them: formants from 1, all others from 0.
fn number(contour: &Contour) -> usize {
    let formants = [Descriptor::FormantHz, Descriptor::FormantBandwidthHz, Descriptor::FormantLevelDb];
    contour.channel + usize::from(formants.contains(&contour.descriptor))
}

fn contour_name(params: &FeatureSetParams, contour: &Contour) -> String {
    let (descriptor, number) = (contour.descriptor, number(contour));
    match descriptor {
        Descriptor::Mfcc | Descriptor::SpectralContrastDb => format!("{descriptor}{number:02}"),
        Descriptor::FormantHz => format!("formant{number}_hz"),
        Descriptor::FormantBandwidthHz => format!("formant{number}_bandwidth_hz"),
        Descriptor::FormantLevelDb => format!("formant{number}_level_db"),
        Descriptor::LogMel | Descriptor::MelEnergy => {
            let digits = if params.log_mel.bands > 100 { 3 } else { 2 };
            format!("{descriptor}{number:0digits$}")
        }
        _ => descriptor.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeaturesSection;

    fn ready(set: &str) -> FeatureSet {
        let features = FeaturesSection::of_set(set);
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
        for set in [ready("mfcc-energy"), ready("standard"), ready("rich")] {
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

    /// The means of some descriptors under some options.
    fn means(descriptors: &str, options: &str) -> FeatureSet {
        let groups = format!("groups = [{{ descriptors = [{descriptors}], functionals = [\"mean\"] }}]");
        let toml = format!("set = \"a\"\n[sets.a]\n{options}\n{groups}");
        let features: FeaturesSection = toml::from_str(&toml).expect("legal TOML");
        FeatureSet::new(&features.check(16000).expect("a legal set"), 16000)
    }

    #[test]
    fn a_frame_has_the_time_of_its_middle() {
        for (edges, want) in [("centre", 1.5), ("snip", 1.5125), ("pad-end", 1.5125)] {
            let set = means("\"rms\"", &format!("frame.edges = \"{edges}\""));
            assert!((set.frame_time_s(150) - want).abs() < 1e-12, "{edges}");
        }
    }

    #[test]
    fn a_preset_brings_its_units_and_its_source() {
        for (preset, unit, source) in [("librosa", "dB", "librosa"), ("kaldi", "1", "Kaldi"), ("htk", "1", "HTK Book")]
        {
            let options = format!("mfcc.preset = \"{preset}\"\nlog_mel.preset = \"{preset}\"");
            let set = means("\"mfcc\", \"log_mel\", \"mel_energy\"", &options);
            for (info, name) in set.dictionary().iter().zip(set.names()) {
                let unit = if name.starts_with("mel_energy") { "1" } else { unit };
                assert!(info.unit == unit && info.source.starts_with(source), "{name}: {info:?}");
            }
            assert_eq!(set.names().last().map(|name| &name[..10]), Some("mel_energy"));
        }
    }
}
