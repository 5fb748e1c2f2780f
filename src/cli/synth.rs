use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::audio;
use crate::options::ConfigError;
use crate::schema::plural;
use crate::storage::{self, Storage};
use crate::synth::{self, CorpusPlan};

use super::args::SynthOptions;
use super::output;

/// Writes a synthetic corpus, and the marker by which ingest knows it as one.
pub(super) fn run(options: &SynthOptions) -> anyhow::Result<()> {
    let plan = CorpusPlan {
        speakers: options.speakers,
        sentences: options.sentences,
        repetitions: options.repetitions,
        emotions: options.emotions.clone(),
        seed: options.seed,
        sample_rate_hz: options.sample_rate,
    };
    plan.check().map_err(|error| ConfigError::new(format!("--{}", error.what), error.value, error.problem))?;
    let folder = storage::open(&options.folder, &Storage::default())?;
    let utterances = plan.utterances().collect::<Vec<_>>();
    // In every folder that could be a corpus of its own.
    let speakers = utterances.iter().map(|utterance| utterance.path()).collect::<Vec<_>>();
    let folders = speakers.iter().filter_map(|path| Some(format!("{}/", path.rsplit_once('/')?.0)));
    for place in folders.chain([String::new()]).collect::<BTreeSet<_>>() {
        folder.put(&format!("{place}{}", synth::SYNTHETIC_FILE), synth::marker(&plan).as_bytes())?;
    }
    utterances.par_iter().try_for_each(|utterance| {
        let wav = audio::encode_wav(&synth::render(utterance, &plan), plan.sample_rate_hz)?;
        anyhow::Ok(folder.put(&utterance.path(), &wav)?)
    })?;
    let (made, speakers) = (plural(utterances.len(), "synthetic utterance"), plural(plan.speakers as usize, "speaker"));
    let lines = format!("{made} of {speakers} in {}\npattern = '{}'\n", folder.root(), synth::PATTERN);
    Ok(output::print(&lines)?)
}
