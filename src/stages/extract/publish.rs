//! From where parts wait until all are there to where readers look.

use std::collections::BTreeSet;

use super::super::{Context, StageError, Written, output};
use super::parts::{self, Part, PartFile};

/// Moves staged parts to where readers look, and takes away what is of no part any more; what is there now.
pub(super) fn publish(context: &Context, parts: &[Part]) -> Result<Vec<Written>, StageError> {
    let out = context.out;
    let seals = parts::sealed(out, parts)?;
    let frames = context.parameters.pipeline.extract.frames;
    let mut places = Vec::<PartFile>::new();
    for (part, seal) in parts.iter().zip(&seals) {
        // Every part was sealed by now: somebody else is at work here.
        let path = || format!("{}/{}", out.root(), part.seal_path());
        let seal = seal.as_ref().ok_or_else(|| StageError::Altered { path: path(), stage: "extract" })?;
        places.extend(part.places(seal, frames));
    }
    let staged = out.list("run/extract")?.into_iter().map(|entry| entry.path).collect::<BTreeSet<_>>();
    for place in places.iter().filter(|place| staged.contains(&place.staged)) {
        out.rename(&place.staged, &place.published)?;
    }
    let outputs = places.into_iter().map(|place| Written { path: place.published, file: place.file.clone() });
    let outputs = outputs.collect::<Vec<_>>();
    let kept = parts.iter().flat_map(|part| [part.rejects(), part.seal_path()]);
    let wanted = outputs.iter().map(|written| written.path.clone()).chain(kept).collect::<BTreeSet<_>>();
    let former = ["features", "frames", "run/extract"].into_iter().map(|folder| out.list(folder));
    let former = former.collect::<Result<Vec<_>, _>>()?.concat();
    output::remove_others(out, former.into_iter(), &wanted, parts::is_of_a_part)?;
    Ok(outputs)
}
