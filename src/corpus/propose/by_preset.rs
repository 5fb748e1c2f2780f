//! A preset for names that it describes.

use std::collections::BTreeSet;

use super::Proposal;
use super::asked::Question;
use crate::corpus::paths::with_slashes;
use crate::corpus::pattern::Pattern;
use crate::corpus::{Corpus, Preset, Source};
use crate::schema::plural;

/// The share of names that a preset must match.
const MATCHED: f64 = 0.95;

/// How well a preset fits.
struct Fit {
    name: &'static str,
    matched: usize,
    /// Emotions of the preset, and how many of them occur.
    emotions: (usize, usize),
    speakers: usize,
}

/// Proposes the preset whose names these are. A corpus of another kind may have names of the same form: so all emotions
/// of the preset must occur but one, where there are names enough. What fits nearly is told.
pub fn by_preset<'a>(mut corpus: Corpus, files: impl Iterator<Item = &'a str>) -> Result<Proposal, Option<String>> {
    let paths = files.map(with_slashes).collect::<Vec<_>>();
    let fit = |name: &'static str| {
        let preset = Preset::known(name).filter(|preset| preset.pattern.is_some())?;
        let pattern = Pattern::of_preset(preset).ok()?;
        let facts = paths.iter().filter_map(|path| pattern.parse(path)).collect::<Vec<_>>();
        let seen = facts.iter().map(|facts| facts.label.as_str()).collect::<BTreeSet<_>>().len();
        let speakers = facts.iter().filter_map(|facts| facts.speaker.as_deref()).collect::<BTreeSet<_>>().len();
        Some(Fit { name, matched: facts.len(), emotions: (preset.emotions().count(), seen), speakers })
    };
    let mut fits = Preset::names().filter_map(fit).collect::<Vec<_>>();
    fits.retain(|fit| fit.matched as f64 >= MATCHED * paths.len() as f64);
    // The more a preset asks for and finds, the less it is chance.
    fits.sort_by_key(|fit| std::cmp::Reverse((fit.matched, fit.emotions.1, fit.speakers)));
    let Some(best) = fits.first() else { return Err(None) };
    let (all, seen) = best.emotions;
    if seen + 1 < all {
        return Err(Some(format!(
            "the names also fit preset `{0}`, but only {seen} of its {all} emotions occur; if this is a part of that \
             corpus, write preset = \"{0}\"",
            best.name
        )));
    }
    let title = Preset::known(best.name).map_or("", |preset| preset.title.as_str());
    let mut how = format!("preset `{}` ({title}) matches {} of {} names", best.name, best.matched, paths.len());
    let others = fits[1..].iter().filter(|other| other.matched == best.matched).map(|other| other.name);
    let others = others.collect::<Vec<_>>();
    if !others.is_empty() {
        how += &format!("; so does {}, of which fewer emotions and speakers occur", others.join(", "));
    }
    corpus.preset = Some(best.name.to_owned());
    widen_filter(&mut corpus, &paths);
    Ok(Proposal::new(corpus, &how, Vec::<Question>::new()))
}

/// Proposes the preset whose label files these are: every file that its rows name but a few is there.
pub fn by_label_files(corpus: &Corpus, name: &str, source: Source<'_>) -> Option<Proposal> {
    let title = Preset::known(name).map_or("", |preset| preset.title.as_str());
    let files = plural(source.labels.len(), "label file");
    let how = format!("preset `{name}` ({title}): {files} as it knows them");
    let corpus = Corpus { preset: Some(name.to_owned()), ..corpus.clone() };
    let mut proposal = Proposal::new(corpus, &how, Vec::new());
    proposal.complete(source, None);
    let (rows, unused) = (proposal.read.utterances.len(), proposal.unused().count());
    (proposal.refusal.is_none() && unused <= rows).then_some(proposal)
}

/// Where the filter of the preset would leave nothing, keeps what there is: RAVDESS has songs too.
fn widen_filter(corpus: &mut Corpus, paths: &[std::borrow::Cow<'_, str>]) {
    let Some(preset) = corpus.preset.as_deref().and_then(Preset::known) else { return };
    let Ok(pattern) = Pattern::of_preset(preset) else { return };
    let names = pattern.extra_names();
    for (field, wanted) in &preset.filter {
        let Some(at) = names.iter().position(|name| name == field) else { continue };
        let values = paths.iter().filter_map(|path| pattern.parse(path)?.extra[at].clone()).collect::<BTreeSet<_>>();
        if !values.is_empty() && !values.iter().any(|value| wanted.contains(value)) {
            corpus.filter.insert(field.clone(), values.into_iter().collect());
        }
    }
}
