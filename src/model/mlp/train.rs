//! The training loop.

use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::layers::{Targets, cross_entropy_of_shares, dropout};
use super::network::{Loss, Network, Noise, Pass, generator, top};
use super::optimizer::Optimizer;
use super::window::{Passes, Window};
use crate::dataset::Rows;
use crate::matrix::MatrixError;
use crate::model::problem::Task;
use crate::model::{ClassWeights, Epoch, Mlp, Monitor};

/// A trained network and how it came about.
pub(super) struct Trained {
    pub network: Network<f32>,
    pub curve: Vec<Epoch>,
    /// The epoch whose weights were kept, from 1.
    pub best: usize,
}

/// Trains a network of an ensemble; with held-out dev rows, until their score has not improved for `patience` epochs.
pub(super) fn train(spec: &Mlp, task: &Task, member: usize) -> Result<Trained, MatrixError> {
    let mut trainer = Trainer::new(spec, task, member);
    let mut best: Option<(f64, usize, Vec<f32>)> = None;
    let mut curve = Vec::new();
    let epochs = spec.epochs(task.train.y.len());
    for epoch in 1..=epochs {
        let learning_rate = spec.learning_rate_at(epoch - 1, epochs);
        let train_loss = trainer.epoch(learning_rate as f32)?;
        let dev = task.dev.as_ref().map(|dev| score(&trainer.network, dev, task.classes)).transpose()?;
        curve.push(Epoch::new(epoch, learning_rate, train_loss, dev.as_ref()));
        let Some(dev) = dev else { continue };
        let watched = dev.watched(spec.monitor());
        if best.as_ref().is_none_or(|(top, ..)| watched > *top) {
            best = Some((watched, epoch, trainer.network.parameters.clone()));
        } else if best.as_ref().is_some_and(|(_, at, _)| epoch - at >= spec.patience) {
            break;
        }
    }
    let (best, parameters) = match best {
        Some((_, epoch, parameters)) => (epoch, parameters),
        None => (curve.len(), std::mem::take(&mut trainer.network.parameters)),
    };
    Ok(Trained { network: Network { parameters, ..trainer.network }, curve, best })
}

/// Scores of the dev rows after an epoch.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct DevScore {
    pub loss: f64,
    pub accuracy: f64,
    pub uar: f64,
}

impl DevScore {
    /// The score to watch, the higher the better.
    fn watched(&self, monitor: Monitor) -> f64 {
        match monitor {
            Monitor::Uar => self.uar,
            Monitor::Accuracy => self.accuracy,
            Monitor::Loss => -self.loss,
        }
    }
}

/// Everything that lives through a training.
struct Trainer<'a> {
    spec: &'a Mlp,
    rows: &'a Rows,
    network: Network<f32>,
    optimizer: Optimizer,
    pass: Pass<f32>,
    loss: Loss<f32>,
    passes: Passes<'a>,
    shuffle: ChaCha8Rng,
    noise: ChaCha8Rng,
    mixing: Option<(Beta<f64>, ChaCha8Rng)>,
    batch: Batch,
}

/// A batch, with room for the largest.
struct Batch {
    /// `[batch, inputs]`
    x: Array2<f32>,
    /// Classes of the rows, and of those that they are mixed with: `[batch]`.
    y: Vec<usize>,
    others: Vec<usize>,
    /// How much of each row is its own.
    share: f64,
    /// Shares of all classes, where rows have votes: `[batch, classes]`.
    shares: Array2<f32>,
}

impl<'a> Trainer<'a> {
    fn new(spec: &'a Mlp, task: &'a Task, member: usize) -> Self {
        let rows = &task.train;
        let widths = [&[rows.x.ncols()], spec.hidden.as_slice(), &[task.classes]].concat();
        let network = Network::seeded(widths, spec.activation, &mut generator(task.seed, member, 0));
        let size = spec.batch_size.min(rows.y.len());
        let shares = Array2::zeros((if rows.votes.is_some() { size } else { 0 }, task.classes));
        let beta = (spec.mixup > 0.0).then(|| Beta::new(spec.mixup, spec.mixup).expect("mixup is above 0"));
        Self {
            spec,
            rows,
            optimizer: Optimizer::new(spec, network.parameters.len()),
            pass: Pass::new(&network, size),
            loss: Loss { weights: class_weights(spec.class_weights, task), smoothing: spec.label_smoothing },
            passes: Passes::new(&rows.x),
            shuffle: generator(task.seed, member, 1),
            noise: generator(task.seed, member, 2),
            mixing: beta.map(|beta| (beta, generator(task.seed, member, 3))),
            batch: Batch {
                x: Array2::zeros((size, rows.x.ncols())),
                y: Vec::new(),
                others: Vec::new(),
                share: 1.0,
                shares,
            },
            network,
        }
    }

    /// One pass over the rows in a new order; returns the mean loss, dropout and smoothing included.
    fn epoch(&mut self, learning_rate: f32) -> Result<f64, MatrixError> {
        let mut loss = 0.0;
        for rows in self.passes.next(&mut self.shuffle) {
            let window = self.passes.open(rows, &mut self.shuffle)?;
            for start in (0..window.rows.len()).step_by(self.batch.x.nrows()) {
                loss += self.step(&window, start, learning_rate);
            }
            self.passes.close(window);
        }
        Ok(loss / self.rows.y.len() as f64)
    }

    /// One step on the batch that begins at row `start` of a window; returns the summed loss.
    fn step(&mut self, window: &Window, start: usize, learning_rate: f32) -> f64 {
        let size = self.gather(window, start);
        let x = top(&self.batch.x, size);
        let noise = Noise { dropout: self.spec.dropout, rng: &mut self.noise };
        self.pass.forward(&self.network, x, Some(noise));
        let Batch { y, others, share, shares, .. } = &self.batch;
        let loss = match self.rows.votes {
            None => self.pass.backward(&self.network, x, &Targets { y, others, share: *share }, &self.loss),
            Some(_) => self.pass.backward_by(&self.network, x, |probabilities, mut dz| {
                dz.assign(&probabilities);
                cross_entropy_of_shares(dz, top(shares, size), &self.loss.weights, self.loss.smoothing)
            }),
        };
        self.optimizer.step(&mut self.network, &self.pass.gradient, learning_rate);
        loss
    }

    /// Copies the rows of a batch together, mixes them and silences inputs; returns the number of rows.
    fn gather(&mut self, window: &Window, start: usize) -> usize {
        let Batch { x, y, others, share, shares } = &mut self.batch;
        let members = start..(start + x.nrows()).min(window.rows.len());
        y.clear();
        y.extend(window.rows[members.clone()].iter().map(|&row| self.rows.y[row]));
        others.clone_from(y);
        for (at, mut target) in members.clone().zip(x.rows_mut()) {
            target.assign(&window.row(at));
        }
        if let Some((beta, rng)) = &mut self.mixing {
            // The rows are in random order: the next one is as good as one drawn.
            others.rotate_left(1);
            *share = beta.sample(rng);
            let (own, other) = (*share as f32, (1.0 - *share) as f32);
            for (at, mut target) in members.clone().cycle().skip(1).zip(x.rows_mut()).take(members.len()) {
                target.zip_mut_with(&window.row(at), |value, next| *value = own * *value + other * next);
            }
        }
        if let Some(votes) = &self.rows.votes {
            let classes = shares.ncols();
            let of = |at: usize| &votes[window.rows[at] * classes..(window.rows[at] + 1) * classes];
            // Without mixing all of a row is its own.
            let (own, other) = (*share as f32, (1.0 - *share) as f32);
            let next = members.clone().cycle().skip(1);
            for ((at, next), mut target) in members.clone().zip(next).zip(shares.rows_mut()) {
                let mixed = of(at).iter().zip(of(next)).map(|(a, b)| own * a + other * b);
                target.iter_mut().zip(mixed).for_each(|(target, share)| *target = share);
            }
        }
        if self.spec.input_dropout > 0.0 {
            let width = x.ncols();
            let values = x.as_slice_mut().expect("the batch is allocated row-major");
            dropout(self.spec.input_dropout, &mut self.noise, &mut values[..members.len() * width], &mut []);
        }
        members.len()
    }
}

/// Weight of a row by its class. With votes, the rows of a class are its shares of all rows.
fn class_weights(weights: ClassWeights, task: &Task) -> Vec<f32> {
    let counts: Vec<f64> = match &task.train.votes {
        None => task.counts().into_iter().map(|count| count as f64).collect(),
        Some(votes) => {
            let shares = |class: usize| votes.chunks(task.classes).map(|row| f64::from(row[class])).sum();
            (0..task.classes).map(shares).collect()
        }
    };
    match weights {
        ClassWeights::None => vec![1.0; task.classes],
        ClassWeights::Balanced => balanced(&counts),
    }
}

/// Weights under which all classes weigh the same, 1 on average over the rows; a class without rows has none.
fn balanced(counts: &[f64]) -> Vec<f32> {
    let rows: f64 = counts.iter().sum();
    let weight = |count: &f64| if *count > 0.0 { (rows / (counts.len() as f64 * count)) as f32 } else { 0.0 };
    counts.iter().map(weight).collect()
}

/// Cross-entropy without weights and smoothing, accuracy and unweighted average recall.
fn score(network: &Network<f32>, rows: &Rows, classes: usize) -> Result<DevScore, MatrixError> {
    let probabilities = rows.x.to_array(classes, |x| network.probabilities(x))?;
    let loss: f64 = rows.y.iter().zip(probabilities.rows()).map(|(&class, row)| -log(row[class])).sum();
    let (right, total) = hits(probabilities.view(), &rows.y, classes);
    let recalls: Vec<f64> =
        right.iter().zip(&total).filter(|(_, total)| **total > 0).map(|(&r, &t)| r as f64 / t as f64).collect();
    let count = rows.y.len() as f64;
    Ok(DevScore {
        loss: loss / count,
        accuracy: right.iter().sum::<usize>() as f64 / count,
        uar: recalls.iter().sum::<f64>() / recalls.len() as f64,
    })
}

fn log(probability: f32) -> f64 {
    f64::from(probability.max(f32::MIN_POSITIVE)).ln()
}

/// Rows of each class that are predicted right, and all rows of it.
fn hits(probabilities: ArrayView2<f32>, y: &[usize], classes: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut right, mut total) = (vec![0; classes], vec![0; classes]);
    for (predicted, &class) in crate::model::predicted(probabilities).into_iter().zip(y) {
        total[class] += 1;
        right[class] += usize::from(predicted == class);
    }
    (right, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_classes_weigh_the_same() {
        assert_eq!(balanced(&[1.0, 3.0]), [2.0, 2.0 / 3.0]);
        let counts = [190.0, 10.0, 300.0];
        let mass =
            balanced(&counts).iter().zip(&counts).map(|(weight, count)| f64::from(*weight) * count).collect::<Vec<_>>();
        assert!(mass.iter().all(|mass| (mass - 500.0 / 3.0).abs() < 1e-3), "{mass:?}");
        assert_eq!(balanced(&[2.0, 0.0]), [0.5, 0.0], "nobody voted for the second");
    }
}
