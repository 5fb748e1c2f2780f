use rayon::prelude::*;

use crate::audio;
use crate::config::ConfigError;
use crate::storage;
use crate::synth::{self, Plan};

use super::args::SynthOptions;

/// Writes a synthetic corpus, and the marker by which ingest knows it as one.
pub(super) fn run(options: &SynthOptions) -> anyhow::Result<()> {
    let plan = Plan {
        speakers: options.speakers,
        sentences: options.sentences,
        repetitions: options.repetitions,
        emotions: options.emotions.clone(),
        seed: options.seed,
        sample_rate_hz: options.sample_rate,
    };
    plan.check().map_err(|error| ConfigError::new(format!("--{}", error.what), error.value, error.problem))?;
    let folder = storage::open(&options.folder)?;
    let utterances = plan.utterances().collect::<Vec<_>>();
    folder.put(synth::MARKER, synth::marker(&plan).as_bytes())?;
    utterances.par_iter().try_for_each(|utterance| {
        let wav = audio::encode_wav(&synth::render(utterance, &plan), plan.sample_rate_hz)?;
        anyhow::Ok(folder.put(&utterance.path(), &wav)?)
    })?;
    println!("{} synthetic utterances of {} speakers in {}", utterances.len(), plan.speakers, folder.root());
    println!("pattern = '{}'", synth::PATTERN);
    Ok(())
}
