//! From where parts wait until all are there to where readers look.

use std::collections::BTreeSet;

use super::super::{Context, StageError, output};
use super::parts::{self, Part};

/// Moves staged parts to where readers look, and takes away what is of no part any more; where they are now.
pub(super) fn publish(context: &Context, parts: &[Part]) -> Result<Vec<String>, StageError> {
    let out = context.out;
    let moves = moves(context, parts)?;
    let staged = out.list("run/extract")?.into_iter().map(|entry| entry.path).collect::<BTreeSet<_>>();
    for (from, to) in moves.iter().filter(|(from, _)| staged.contains(from)) {
        out.rename(from, to)?;
    }
    let outputs = moves.into_iter().map(|(_, to)| to).collect::<Vec<_>>();
    let kept = parts.iter().flat_map(|part| [part.rejects(), part.seal_path()]);
    let wanted = outputs.iter().cloned().chain(kept).collect::<BTreeSet<_>>();
    let former = ["features", "frames", "run/extract"].into_iter().map(|folder| out.list(folder));
    let former = former.collect::<Result<Vec<_>, _>>()?.concat();
    output::remove_others(out, former.into_iter(), &wanted, parts::is_of_a_part)?;
    Ok(outputs)
}

/// Where each file of the parts waits, and where it goes.
fn moves(context: &Context, parts: &[Part]) -> Result<Vec<(String, String)>, StageError> {
    let mut moves = parts.iter().map(|part| (part.staged(), part.published())).collect::<Vec<_>>();
    if context.parameters.pipeline.extract.frames {
        for (part, seal) in parts.iter().zip(parts::sealed(context.out, parts)?) {
            let files = seal.and_then(|seal| seal.frames).map_or(0, |files| files.len());
            moves.extend((0..files).map(|number| (part.staged_frames(number), part.frames(number))));
        }
    }
    Ok(moves)
}
