//! What the label table alone can refuse, refused before any audio is decoded.

use crate::config::Scope;
use crate::dataset::{self, Keys};
use crate::schema::{Columns, FeatureKeys, Table, Utterance};

use super::{Context, StageError, StageName, output};

/// Text columns that only the audio tells.
const OF_AUDIO: [&str; 2] = ["codec", "signal"];

/// Splits the utterances of ingest as the split stage will split the rows of extract, each of them taken as a recording
/// of its own. What is refused here would be refused there, hours later. Nothing is written.
///
/// # Errors
/// Those of the split, of normalization by speaker and of inner folds that do not come from the audio.
pub fn rehearse(context: &Context) -> Result<(), StageError> {
    let parameters = context.parameters;
    let (split, seed) = (&parameters.split, parameters.pipeline.seed);
    if split.columns().iter().any(|column| OF_AUDIO.contains(column)) {
        return Ok(());
    }
    let (utterances, _) = output::get_table::<Utterance>(context.out, StageName::Ingest)?;
    let keys = Keys::new(&unheard(utterances))?;
    if parameters.normalize.scope == Scope::Speaker {
        dataset::all_speakers_known(&keys)?;
    }
    let rows = dataset::assign(&keys, split, seed)?.rows;
    if let Some(tune) = &parameters.tune {
        for fold in dataset::folds(&rows) {
            dataset::inner_folds(&keys, fold, split, tune.folds, seed)?;
        }
    }
    Ok(())
}

/// The rows that extract makes of utterances, without what the audio says.
fn unheard(utterances: Table<Utterance>) -> Table<FeatureKeys> {
    let row = |row: Utterance| FeatureKeys {
        audio_hash: row.utterance_id.clone(),
        utterance_id: row.utterance_id,
        corpus: row.corpus,
        path: row.path,
        start_s: row.start_s,
        end_s: row.end_s,
        speaker: row.speaker,
        gender: row.gender,
        text_id: row.text_id,
        intensity: row.intensity,
        language: row.language,
        source_label: row.source_label,
        emotion: row.emotion,
        codec: String::new(),
        sample_rate_hz: 0,
        channels: 0,
        duration_s: 0.0,
        signal: None,
        augmented_from: None,
        transform: None,
    };
    Table { rows: utterances.rows.into_iter().map(row).collect(), text: utterances.text, float: Columns::default() }
}
