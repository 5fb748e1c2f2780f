//! A run on some dates: the utterances of other dates stay as the output has them.

use crate::corpus::{self, LabelledCorpus};
use crate::options::ConfigError;
use crate::schema::{FileStamp, Packed, Texts, Utterance, plural};
use crate::stages::{Context, Dates, StageError, output};
use crate::storage::Store;

use super::{FILES, Taken};

/// What is taken in on these dates, and what the output has of all others. Labels and rejects say what the sources hold;
/// the counts of labels that are kept are those of these utterances.
///
/// # Errors
/// The output was made of other corpora.
pub(super) fn with_others(
    context: &Context,
    dates: &Dates,
    taken: Taken,
    config_hash: &str,
) -> Result<Taken, StageError> {
    let Taken { corpus, stamps } = taken;
    let column = context.parameters.pipeline.partition.as_deref().unwrap_or_default();
    let (others, their_stamps) = others(context.out, config_hash)?;
    let is_chosen = |utterances: &Packed<Utterance>| {
        let at = utterances.names().iter().position(|name| name == column);
        let cells = at.map(|at| &utterances.texts()[at]);
        (0..utterances.len())
            .map(|row| cells.and_then(|cells| cells.get(row)).is_some_and(|date| dates.hold(date)))
            .collect::<Vec<_>>()
    };
    let (mut fresh, mut stamps) = (corpus.utterances, stamps);
    let chosen = rows(&is_chosen(&fresh), true);
    let known = others.column("utterance_id");
    let ids = fresh.column("utterance_id");
    let later = rows(&is_chosen(&fresh), false).into_iter().filter(|row| find(known, ids.get(*row)).is_none()).count();
    fresh.reorder(&chosen);
    stamps.reorder(&chosen);
    let mut kept = rows(&is_chosen(&others), false);
    kept.retain(|row| find(fresh.column("utterance_id"), known.get(*row)).is_none());
    let (mut others, mut their_stamps) = (others, their_stamps);
    others.reorder(&kept);
    their_stamps.reorder(&kept);
    let [fresh_ids, other_ids] = [&fresh, &others].map(|rows| rows.column("utterance_id").clone());
    let parts = [fresh, others].map(|utterances| LabelledCorpus { utterances, ..LabelledCorpus::default() });
    let utterances = corpus::merge(parts.into())?.utterances;
    let stamp = |id| {
        let of_others = || their_stamps.get(find(&other_ids, id)?);
        find(&fresh_ids, id).map_or_else(of_others, |row| stamps.get(row))
    };
    let stamps = utterances.column("utterance_id").iter().map(stamp).collect();
    let mut corpus = LabelledCorpus { utterances, ..corpus };
    corpus::recount(&mut corpus.labels, &corpus.utterances);
    corpus.warnings.extend((later > 0).then(|| {
        let count = plural(later, "utterance");
        format!("{count} of other dates than {dates} are not taken in; a run without --from and --to takes in all")
    }));
    Ok(Taken { corpus, stamps })
}

/// The numbers of the rows that are `wanted`.
fn rows(is_chosen: &[bool], wanted: bool) -> Vec<usize> {
    (0..is_chosen.len()).filter(|row| is_chosen[*row] == wanted).collect()
}

/// Where an id stands among others, which are sorted.
fn find(ids: &Texts, id: Option<&str>) -> Option<usize> {
    let at = ids.partition_point(|other| other < id);
    (at < ids.len() && ids.get(at) == id).then_some(at)
}

/// The utterances of the output with their stamps; none where there are none yet. The files are read as they lie there,
/// since a run that was killed leaves no record. It may have left one of them from before: what has no stamp is left
/// out, and is taken in again with its date.
fn others(out: &dyn Store, config_hash: &str) -> Result<(Packed<Utterance>, Texts), StageError> {
    let path = output::path::<Utterance>();
    let Some(entry) = out.stat(&path)? else { return Ok(Default::default()) };
    if output::footer::<Utterance>(out, &path, entry.bytes)?.config_hash != config_hash {
        let problem = "the utterances of the output were read with another [[corpus]] section or `partition`";
        let hint = "run once without --from and --to: that reads all of them anew";
        return Err(ConfigError::new("--from or --to", "refused", problem).hint(hint).into());
    }
    let (mut ids, mut stamps) = (Texts::default(), Texts::default());
    output::each::<FileStamp>(out, FILES, |rows| {
        for row in &rows.rows {
            ids.push(Some(&row.utterance_id));
            stamps.push(Some(&row.stamp));
        }
    })?;
    let (mut utterances, mut their_stamps) = (None::<Packed<Utterance>>, Texts::default());
    output::each::<Utterance>(out, &path, |rows| {
        let utterances = utterances.get_or_insert_with(|| Packed::new(rows.text.names.clone()));
        for (at, row) in rows.rows.iter().enumerate() {
            if let Some(stamped) = find(&ids, Some(&row.utterance_id)) {
                utterances.push(row, rows.text.row(at).iter().map(Option::as_deref));
                their_stamps.push(stamps.get(stamped));
            }
        }
    })?;
    Ok((utterances.unwrap_or_default(), their_stamps))
}
