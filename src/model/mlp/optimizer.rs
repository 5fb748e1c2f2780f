//! Adam, AdamW and SGD over flat slices: one pass over the parameters a step.

use pulp::Arch;

use super::network::Network;
use crate::model::Mlp;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// An optimizer and what it remembers of past gradients.
pub(in crate::model) struct Optimizer {
    kind: super::Optimizer,
    l2: f32,
    momentum: f32,
    /// Running mean of the gradient (Adam) or velocity (SGD), one a parameter.
    first: Vec<f32>,
    /// Running mean of the squared gradient, one a parameter (Adam).
    second: Vec<f32>,
    steps: i32,
}

impl Optimizer {
    /// An optimizer at rest.
    pub fn new(spec: &Mlp, parameters: usize) -> Self {
        Self {
            kind: spec.optimizer,
            l2: spec.l2 as f32,
            momentum: spec.momentum() as f32,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
            steps: 0,
        }
    }

    /// Moves the parameters against the gradient; the penalty is on the weights, not on the biases.
    pub fn step(&mut self, network: &mut Network<f32>, gradient: &[f32], learning_rate: f32) {
        self.steps = self.steps.saturating_add(1);
        for layer in 0..network.layers() {
            let (weights, biases) = network.ranges(layer);
            for (range, l2) in [(weights, self.l2), (biases, 0.0)] {
                let slices = Slices {
                    parameters: &mut network.parameters[range.clone()],
                    gradient: &gradient[range.clone()],
                    first: &mut self.first[range.clone()],
                    second: &mut self.second[range],
                };
                match self.kind {
                    super::Optimizer::Sgd => sgd(slices, learning_rate, l2, self.momentum),
                    super::Optimizer::Adam => adam(slices, &AdamStep::new(self.steps, learning_rate, l2, 0.0)),
                    super::Optimizer::Adamw => adam(slices, &AdamStep::new(self.steps, learning_rate, 0.0, l2)),
                }
            }
        }
    }
}

/// The same stretch of everything that has a value for each parameter.
struct Slices<'a> {
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

/// Numbers that are the same for all parameters of a step.
struct AdamStep {
    rate: f32,
    epsilon: f32,
    l2: f32,
    /// What AdamW keeps of a weight: 1 - learning rate x decay.
    keep: f32,
}

impl AdamStep {
    /// Kingma and Ba, 2015, end of section 2: both bias corrections go into the rate and epsilon.
    fn new(step: i32, learning_rate: f32, l2: f32, decay: f32) -> Self {
        let correction1 = 1.0 - f64::from(BETA1).powi(step);
        let correction2 = (1.0 - f64::from(BETA2).powi(step)).sqrt();
        Self {
            rate: (f64::from(learning_rate) * correction2 / correction1) as f32,
            epsilon: (f64::from(EPSILON) * correction2) as f32,
            l2,
            keep: 1.0 - learning_rate * decay,
        }
    }
}

fn adam(slices: Slices, step: &AdamStep) {
    let Slices { parameters, gradient, first, second } = slices;
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (((w, g), m), v) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
                let g = g + step.l2 * *w;
                *m = BETA1 * *m + (1.0 - BETA1) * g;
                *v = BETA2 * *v + (1.0 - BETA2) * g * g;
                *w = step.keep * *w - step.rate * *m / (v.sqrt() + step.epsilon);
            }
        },
    );
}

fn sgd(slices: Slices, learning_rate: f32, l2: f32, momentum: f32) {
    let Slices { parameters, gradient, first, .. } = slices;
    for ((w, g), velocity) in parameters.iter_mut().zip(gradient).zip(first) {
        *velocity = momentum * *velocity + g + l2 * *w;
        *w -= learning_rate * *velocity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Activation, Optimizer as Kind};

    /// One weight at 1 and one bias at 1, each with gradient 0.5, for two steps.
    fn two_steps(kind: Kind, l2: f64) -> Vec<f32> {
        let spec = Mlp { optimizer: kind, l2, ..Mlp::default() };
        let mut network = Network::zeros(vec![1, 1], Activation::Relu);
        network.parameters.fill(1.0);
        let mut optimizer = Optimizer::new(&spec, 2);
        optimizer.step(&mut network, &[0.5, 0.5], 0.1);
        optimizer.step(&mut network, &[0.5, 0.5], 0.1);
        network.parameters
    }

    #[test]
    fn steps_follow_the_papers() {
        let cases = [
            // A constant gradient moves Adam by the learning rate, whatever its size.
            (Kind::Adam, 0.0, [0.8, 0.8]),
            // Gradients 0.9 and 0.86: the second step is 0.1 * 0.8789 / sqrt(0.7748).
            (Kind::Adam, 0.4, [0.800_15, 0.8]),
            // 1 * 0.98 - 0.1, then 0.88 * 0.98 - 0.1
            (Kind::Adamw, 0.2, [0.7624, 0.8]),
            // v = 0.5, then 0.9 * 0.5 + 0.5
            (Kind::Sgd, 0.0, [0.855, 0.855]),
            // v = 0.7, w = 0.93; v = 0.63 + 0.5 + 0.186
            (Kind::Sgd, 0.2, [0.7984, 0.855]),
        ];
        for (kind, l2, want) in cases {
            for (got, want) in two_steps(kind, l2).into_iter().zip(want) {
                assert!((got - want).abs() < 2e-5, "{kind:?} {l2}: {got} {want}");
            }
        }
    }
}
