//! Permutation importance of families of features on held-out rows (Breiman, 2001, section 10; families as in
//! Gregorutti, Michel and Saint-Pierre, 2015).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::fit_data::{FitData, families};
use super::plan::FoldPlan;
use super::saved;
use super::scores::Scores;
use crate::dataset::Examples;
use crate::eval::Confusion;
use crate::model::{self, Classifier};
use crate::schema::{FeatureInfo, Importance};
use crate::stages::StageError;

/// True against predicted classes of test rows: as they are, and for each family and swap.
#[derive(Default)]
pub struct Counts {
    whole: Option<Confusion>,
    swapped: BTreeMap<String, Vec<Confusion>>,
}

/// A part of the model, and what it sees of the test rows.
struct HeldOutPart {
    saved: model::ModelPart,
    test: Examples,
}

/// Counts of one fold for a model, or for those that it is made of.
pub fn fold(data: &FitData, plan: &FoldPlan, model: &str) -> Result<Counts, StageError> {
    let parts = parts(data, plan, model)?;
    let families = families(&data.dictionary);
    let as_it_is = |part: &HeldOutPart, rows: Range<usize>| Ok(part.test.rows.x.block(rows)?.into_owned());
    let mut counts = Counts { whole: Some(confusion(&parts, as_it_is)?), ..Counts::default() };
    for family in families.values().copied().collect::<BTreeSet<_>>() {
        for swap in 0..data.context.parameters.pipeline.evaluate.importance {
            data.context.check_stop()?;
            let order = order(data, plan, family, swap, parts[0].test.at.len());
            let swapped = |part: &HeldOutPart, rows: Range<usize>| {
                let mut block = part.test.rows.x.block(rows.clone())?.into_owned();
                let others = part.test.rows.x.select(&order[rows])?;
                let names = part.saved.scaler.features.iter().enumerate();
                for (column, _) in names.filter(|(_, name)| families.get(name.as_str()) == Some(&family)) {
                    block.column_mut(column).assign(&others.column(column));
                }
                Ok(block)
            };
            counts.swapped.entry(family.to_owned()).or_default().push(confusion(&parts, swapped)?);
        }
    }
    Ok(counts)
}

/// The rows of the importance table for the counts of all folds.
pub fn rows(folds: &[Counts], model: &str, dictionary: &[FeatureInfo]) -> Vec<Importance> {
    let uar = |matrices: &mut dyn Iterator<Item = &Confusion>| {
        let mut sum: Option<Confusion> = None;
        for matrix in matrices {
            match &mut sum {
                Some(sum) => sum.merge(matrix),
                None => sum = Some(matrix.clone()),
            }
        }
        sum.and_then(|sum| Some((sum.class_counts().uar()?, sum.class_counts().total())))
    };
    let Some((whole, n)) = uar(&mut folds.iter().filter_map(|fold| fold.whole.as_ref())) else { return Vec::new() };
    let Some(first) = folds.first() else { return Vec::new() };
    let row = |(family, swaps): (&String, &Vec<Confusion>)| {
        let drop = |swap: usize| {
            let swapped = uar(&mut folds.iter().map(|fold| &fold.swapped[family][swap]));
            whole - swapped.map_or(whole, |(uar, _)| uar)
        };
        let drops: Vec<f64> = (0..swaps.len()).map(drop).collect();
        let mean = drops.iter().sum::<f64>() / drops.len() as f64;
        let variance = drops.iter().map(|drop| (drop - mean) * (drop - mean)).sum::<f64>() / drops.len() as f64;
        Importance {
            model: model.to_owned(),
            family: family.clone(),
            features: dictionary.iter().filter(|info| info.family == *family).count() as i64,
            drop: mean,
            deviation: variance.sqrt(),
            repeats: drops.len() as i64,
            n: n as i64,
        }
    };
    first.swapped.iter().map(row).collect()
}

fn parts(data: &FitData, plan: &FoldPlan, model: &str) -> Result<Vec<HeldOutPart>, StageError> {
    let mut parts = Vec::new();
    for (name, weight) in plan.parts(model) {
        let Some(choice) = plan.choices.iter().find(|choice| choice.spec.kind().as_str() == name) else { continue };
        let (sides, _) = data.outer(plan.training_set, &choice.view)?;
        let saved = saved::get(data.context.out, name, plan.training_set)?.parts.into_iter();
        parts.extend(
            saved.map(|part| HeldOutPart { saved: model::ModelPart { weight, ..part }, test: sides.test.clone() }),
        );
    }
    Ok(parts)
}

/// What the parts together say of the test rows; `seen` is what a part sees of some of them.
fn confusion(
    parts: &[HeldOutPart],
    seen: impl Fn(&HeldOutPart, Range<usize>) -> Result<Array2<f32>, StageError>,
) -> Result<Confusion, StageError> {
    let truth = &parts[0].test.rows.y;
    let weights: Vec<f64> = parts.iter().map(|part| part.saved.weight).collect();
    let mut scored = Vec::new();
    for part in parts {
        let mut scores = Scores { truth: truth.to_vec(), ..Scores::default() };
        for rows in part.test.rows.x.blocks() {
            scores.probabilities.extend(part.saved.model.probabilities(seen(part, rows)?.view()));
        }
        scored.push(scores);
    }
    Ok(Scores::mix(&scored.iter().collect::<Vec<_>>(), &weights).confusion())
}

/// A seeded order of the test rows.
fn order(data: &FitData, plan: &FoldPlan, family: &str, swap: usize, rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    let seed = data.seed(&format!("importance {} {family} {swap}", plan.training_set));
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order
}
