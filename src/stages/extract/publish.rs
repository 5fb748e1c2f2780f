//! Moves staged parts to where readers look, when all are there.

use std::collections::BTreeSet;

use crate::stages::{Context, StageError, Written, output, written};

use super::names;
use super::plan::Plan;
use super::seal::{self, PartSeal, STAGED, Sealed};

/// Moves what is staged, and takes away what is of no part any more; the seals of all parts, and what is there now.
pub(super) fn publish<'a>(context: &Context, plan: &'a Plan) -> Result<(Vec<Sealed<'a>>, Vec<Written>), StageError> {
    let out = context.out;
    let frames = context.parameters.pipeline.extract.frames;
    let mut all = Vec::new();
    for (part, sealed) in plan.parts.iter().zip(seal::find_all(out, &plan.parts, frames)?) {
        // Every part was sealed by now: somebody else is at work here.
        let path = || format!("{}/{}", out.root(), part.seal_path(frames));
        all.push(sealed.ok_or_else(|| StageError::Altered { path: path(), stage: "extract" })?);
    }
    let places = all.iter().flat_map(|sealed| sealed.places(frames)).collect::<Vec<_>>();
    let staged = written::listed(out, &[STAGED])?;
    for place in places.iter().filter(|place| staged.contains_key(&place.staged)) {
        out.rename(&place.staged, &place.published)?;
    }
    let outputs = places.into_iter().map(|place| Written { path: place.published, file: place.file.clone() });
    let outputs = outputs.collect::<Vec<_>>();
    if !frames {
        forget_frames(context, &mut all)?;
    }
    let kept = all.iter().flat_map(|sealed| [sealed.attempt().rejects(), sealed.part.seal_path(frames)]);
    let wanted = outputs.iter().map(|written| written.path.clone()).chain(kept).collect::<BTreeSet<_>>();
    let former = written::listed(out, &["features", "frames", STAGED])?;
    output::remove_others(out, former.into_values(), &wanted, names::is_of_a_part)?;
    Ok((all, outputs))
}

/// Seals parts anew whose frames are not wanted any more: the frames are about to be removed.
fn forget_frames(context: &Context, all: &mut [Sealed]) -> Result<(), StageError> {
    for sealed in all.iter_mut().filter(|sealed| sealed.seal.frames.is_some()) {
        sealed.seal = PartSeal { frames: None, ..sealed.seal.clone() };
        sealed.attempt().seal(context.out, &sealed.seal, true)?;
    }
    Ok(())
}
