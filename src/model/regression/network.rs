//! A perceptron with one linear output, on targets of mean 0 and deviation 1.

use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::options::Regression;
use super::{RegressorSpec, standard};
use crate::matrix::Matrix;
use crate::model::mlp::{Network, Noise, Pass, Steps, generator};
use crate::model::{Mlp, ModelError, ModelKind};

/// Trained networks whose outputs are averaged, and what brings them back to the targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Networks {
    members: Vec<Network<f32>>,
    center: f64,
    scale: f64,
}

/// Trains the members beside each other.
pub(super) fn fit(
    spec: &RegressorSpec,
    section: &Regression,
    x: &Matrix,
    targets: &[f64],
    seed: u64,
) -> Result<Networks, ModelError> {
    let (center, scale) = standard(targets);
    let targets: Vec<f64> = targets.iter().map(|target| (target - center) / scale).collect();
    let held = x.whole()?;
    let train = |member: usize| train(spec, section, held.view(), &targets, (seed, member));
    let members = (0..section.mlp.members).into_par_iter().map(train).collect::<Vec<_>>();
    if members.iter().flat_map(|network| &network.parameters).any(|parameter| !parameter.is_finite()) {
        let rate = section.mlp.learning_rate;
        let reason = format!("the weights grew beyond all bounds; lower regression.mlp.learning_rate ({rate})");
        return Err(ModelError::Fit { model: ModelKind::Mlp, reason });
    }
    Ok(Networks { members, center, scale })
}

fn train(
    spec: &RegressorSpec,
    section: &Regression,
    x: ArrayView2<f32>,
    targets: &[f64],
    (seed, member): (u64, usize),
) -> Network<f32> {
    let options = &section.mlp;
    let widths = [&[x.ncols()], options.hidden.as_slice(), &[1]].concat();
    let like = Mlp { l2: spec.alpha, learning_rate: options.learning_rate, ..Mlp::default() };
    let mut network = Network::seeded(widths, like.activation, &mut generator(seed, member, 0));
    let (mut shuffle, mut noise) = (generator(seed, member, 1), generator(seed, member, 2));
    let size = options.batch_size.min(targets.len());
    let (mut pass, mut optimizer) = (Pass::new(&network, size), Steps::new(&like, network.parameters.len()));
    let mut order: Vec<usize> = (0..targets.len()).collect();
    let (mut batch, mut slope) = (Array2::zeros((size, x.ncols())), vec![0.0; size]);
    for epoch in 0..options.epochs {
        order.shuffle(&mut shuffle);
        let rate =
            options.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / options.epochs as f64).cos());
        for rows in order.chunks(size) {
            rows.iter().zip(batch.rows_mut()).for_each(|(row, mut target)| target.assign(&x.row(*row)));
            let inputs = batch.slice_axis(Axis(0), (..rows.len()).into());
            let wanted: Vec<f64> = rows.iter().map(|row| targets[*row]).collect();
            pass.sums(&network, inputs, Some(Noise { dropout: spec.dropout, rng: &mut noise }));
            pass.backward_by(&network, inputs, |outputs, mut gradient| {
                let outputs: Vec<f64> = outputs.iter().map(|output| f64::from(*output)).collect();
                let loss = options.loss.of(&outputs, &wanted, &mut slope[..outputs.len()]);
                gradient.iter_mut().zip(&slope).for_each(|(gradient, slope)| *gradient = *slope as f32);
                loss * outputs.len() as f64
            });
            optimizer.step(&mut network, &pass.gradient, rate as f32);
        }
    }
    network
}

impl Networks {
    pub(super) fn predict(&self, x: ArrayView2<f32>) -> Vec<f64> {
        let outputs: Vec<Array2<f32>> = self.members.iter().map(|member| member.outputs(x)).collect();
        let mean = |row: usize| {
            let sum: f64 = outputs.iter().map(|output| f64::from(output[[row, 0]])).sum();
            sum / outputs.len() as f64
        };
        (0..x.nrows()).map(|row| mean(row) * self.scale + self.center).collect()
    }
}
