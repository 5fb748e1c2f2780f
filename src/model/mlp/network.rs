//! The network: one flat vector of parameters, and the forward and backward pass over a batch.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::activation::{Real, activate};
use super::layers::{
    Targets, activation_backward, cross_entropy, dropout, linear_backward, linear_backward_input, linear_forward,
    softmax,
};
use crate::model::Activation;

/// A multilayer perceptron with a softmax output.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct Network<F> {
    /// Features, units of the hidden layers, classes.
    pub widths: Vec<usize>,
    pub activation: Activation,
    /// Layer after layer: weights `[in, out]` row-major, then biases `[out]`.
    pub parameters: Vec<F>,
}

impl<F: Real> Network<F> {
    /// A network with zero parameters.
    pub fn zeros(widths: Vec<usize>, activation: Activation) -> Self {
        let parameters = widths.windows(2).map(|pair| pair[0] * pair[1] + pair[1]).sum();
        Self { widths, activation, parameters: vec![F::zero(); parameters] }
    }

    /// A network with seeded weights, uniform in +-sqrt(6 / in) before relu and gelu (He et al., 2015), in
    /// +-sqrt(6 / (in + out)) before tanh and softmax (Glorot and Bengio, 2010), and zero biases.
    pub fn seeded(widths: Vec<usize>, activation: Activation, rng: &mut ChaCha8Rng) -> Self {
        let mut network = Self::zeros(widths, activation);
        for layer in 0..network.layers() {
            let (inputs, outputs) = (network.widths[layer], network.widths[layer + 1]);
            let hidden = layer + 1 < network.layers();
            let fan = if hidden && activation != Activation::Tanh { inputs } else { inputs + outputs };
            let bound = (6.0 / fan as f64).sqrt();
            let (weights, _) = network.ranges(layer);
            network.parameters[weights].fill_with(|| F::of(rng.gen_range(-bound..bound)));
        }
        network
    }

    /// Layers with weights.
    pub fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Where the weights and the biases of a layer stand among the parameters.
    pub fn ranges(&self, layer: usize) -> (Range<usize>, Range<usize>) {
        let start = self.widths.windows(2).take(layer).map(|pair| pair[0] * pair[1] + pair[1]).sum();
        let (inputs, outputs) = (self.widths[layer], self.widths[layer + 1]);
        let middle = start + inputs * outputs;
        (start..middle, middle..middle + outputs)
    }

    /// Weights `[in, out]` of a layer.
    pub fn weights(&self, layer: usize) -> ArrayView2<'_, F> {
        let shape = (self.widths[layer], self.widths[layer + 1]);
        ArrayView2::from_shape(shape, &self.parameters[self.ranges(layer).0]).expect("ranges() follows the widths")
    }

    /// Biases `[out]` of a layer.
    pub fn biases(&self, layer: usize) -> ArrayView1<'_, F> {
        ArrayView1::from(&self.parameters[self.ranges(layer).1])
    }

    /// Class probabilities `[rows, classes]` of normalized rows `[rows, features]`.
    pub fn probabilities(&self, x: ArrayView2<F>) -> Array2<F> {
        self.in_blocks(x, |pass, rows, all| all.assign(&pass.forward(self, rows, None)))
    }

    /// The sums of the last layer `[rows, outputs]`.
    pub fn outputs(&self, x: ArrayView2<F>) -> Array2<F> {
        self.in_blocks(x, |pass, rows, all| all.assign(&pass.sums(self, rows, None)))
    }

    fn in_blocks(
        &self,
        x: ArrayView2<F>,
        of: impl Fn(&mut Pass<F>, ArrayView2<F>, &mut ArrayViewMut2<F>),
    ) -> Array2<F> {
        const ROWS: usize = 256;
        let mut all = Array2::zeros((x.nrows(), self.widths[self.layers()]));
        let mut pass = Pass::new(self, ROWS.min(x.nrows()));
        for start in (0..x.nrows()).step_by(ROWS) {
            let rows = start..(start + ROWS).min(x.nrows());
            let block = x.slice_axis(Axis(0), rows.clone().into());
            of(&mut pass, block, &mut all.slice_axis_mut(Axis(0), rows.into()));
        }
        all
    }
}

/// What a training pass is given besides the batch.
pub(in crate::model) struct Noise<'a> {
    /// Share of hidden units to silence.
    pub dropout: f64,
    pub rng: &'a mut ChaCha8Rng,
}

/// Buffers of a pass over at most `batch` rows: nothing is allocated in a step.
pub(in crate::model) struct Pass<F> {
    layers: Vec<Buffers<F>>,
    /// Gradient of the loss, laid out like the parameters.
    pub gradient: Vec<F>,
}

/// Buffers of one layer, each `[batch, out]`.
struct Buffers<F> {
    /// What the layer puts out: activations, or probabilities for the last one.
    out: Array2<F>,
    /// Derivative of the output by the layer's sums.
    slope: Array2<F>,
    /// Gradient of the loss by the layer's sums.
    dz: Array2<F>,
}

impl<F: Real> Pass<F> {
    /// Buffers for a network and a number of rows.
    pub fn new(network: &Network<F>, batch: usize) -> Self {
        let buffers = |&width: &usize| {
            let zeros = || Array2::zeros((batch, width));
            Buffers { out: zeros(), slope: zeros(), dz: zeros() }
        };
        let layers = network.widths[1..].iter().map(buffers).collect();
        Self { layers, gradient: vec![F::zero(); network.parameters.len()] }
    }

    /// Probabilities `[rows, classes]` of a batch `x[rows, features]`.
    pub fn forward(&mut self, network: &Network<F>, x: ArrayView2<F>, noise: Option<Noise>) -> ArrayView2<'_, F> {
        let (rows, last) = (x.nrows(), network.layers() - 1);
        self.sums(network, x, noise);
        softmax(top_mut(&mut self.layers[last].out, rows));
        top(&self.layers[last].out, rows)
    }

    /// The sums `[rows, outputs]` of the last layer for a batch `x[rows, features]`.
    pub fn sums(&mut self, network: &Network<F>, x: ArrayView2<F>, mut noise: Option<Noise>) -> ArrayView2<'_, F> {
        let (rows, last) = (x.nrows(), network.layers() - 1);
        for layer in 0..=last {
            let (before, after) = self.layers.split_at_mut(layer);
            let input = before.last().map_or(x.view(), |below| top(&below.out, rows));
            let Buffers { out, slope, .. } = &mut after[0];
            linear_forward(input, network.weights(layer), network.biases(layer), top_mut(out, rows));
            if layer == last {
                break;
            }
            let (out, slope) = (flat(out, rows), flat(slope, rows));
            activate(network.activation, out, slope);
            if let Some(Noise { dropout: rate, rng }) = noise.as_mut().filter(|noise| noise.dropout > 0.0) {
                dropout(*rate, rng, out, slope);
            }
        }
        top(&self.layers[last].out, rows)
    }

    /// The gradient of the mean loss over the batch that was passed forward last; returns the summed loss.
    pub fn backward(&mut self, network: &Network<F>, x: ArrayView2<F>, of: &Targets, loss: &Loss<F>) -> f64 {
        self.backward_by(network, x, |out, mut dz| {
            dz.assign(&out);
            cross_entropy(dz, of, &loss.weights, loss.smoothing)
        })
    }

    /// The same by any loss: it is given what the network put out, writes its gradient by the sums of the last layer, and
    /// returns its sum.
    pub fn backward_by(
        &mut self,
        network: &Network<F>,
        x: ArrayView2<F>,
        loss: impl FnOnce(ArrayView2<F>, ArrayViewMut2<F>) -> f64,
    ) -> f64 {
        let (rows, last) = (x.nrows(), network.layers() - 1);
        let Buffers { out, dz, .. } = &mut self.layers[last];
        let summed = loss(top(out, rows), top_mut(dz, rows));
        for layer in (0..=last).rev() {
            let (before, after) = self.layers.split_at_mut(layer);
            let dz = top(&after[0].dz, rows);
            let input = before.last().map_or(x.view(), |below| top(&below.out, rows));
            let (dw, db) = gradient_of(&mut self.gradient, network, layer);
            linear_backward(input, dz, dw, db.into());
            if let Some(below) = before.last_mut() {
                linear_backward_input(dz, network.weights(layer), top_mut(&mut below.dz, rows));
                activation_backward(flat(&mut below.dz, rows), flat(&mut below.slope, rows));
            }
        }
        summed
    }
}

/// How rows are scored in training.
pub(in crate::model) struct Loss<F> {
    /// Weight of a row by its class.
    pub weights: Vec<F>,
    /// Share of each target spread over all classes.
    pub smoothing: f64,
}

/// Purposes that a network draws random numbers for.
const PURPOSES: u64 = 4;

/// A generator for one member of an ensemble and one purpose: streams of one seed never overlap.
pub(in crate::model) fn generator(seed: u64, member: usize, purpose: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(PURPOSES * member as u64 + purpose);
    rng
}

/// The first rows of a buffer.
pub(super) fn top<F>(buffer: &Array2<F>, rows: usize) -> ArrayView2<'_, F> {
    buffer.slice_axis(Axis(0), Slice::from(..rows))
}

fn top_mut<F>(buffer: &mut Array2<F>, rows: usize) -> ArrayViewMut2<'_, F> {
    buffer.slice_axis_mut(Axis(0), Slice::from(..rows))
}

fn flat<F>(buffer: &mut Array2<F>, rows: usize) -> &mut [F] {
    let width = buffer.ncols();
    let all = buffer.as_slice_mut().expect("buffers are allocated row-major");
    &mut all[..rows * width]
}

fn gradient_of<'a, F: Real>(
    gradient: &'a mut [F],
    network: &Network<F>,
    layer: usize,
) -> (ArrayViewMut2<'a, F>, &'a mut [F]) {
    let (weights, biases) = network.ranges(layer);
    let (dw, db) = gradient[weights.start..biases.end].split_at_mut(weights.len());
    let shape = (network.widths[layer], network.widths[layer + 1]);
    (ArrayViewMut2::from_shape(shape, dw).expect("ranges() follows the widths"), db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss_at(network: &Network<f64>, x: &Array2<f64>, y: &[usize], loss: &Loss<f64>, rate: f64) -> (f64, Vec<f64>) {
        let mut pass = Pass::new(network, x.nrows());
        pass.forward(network, x.view(), Some(Noise { dropout: rate, rng: &mut generator(3, 0, 2) }));
        let others: Vec<_> = y.iter().map(|class| (class + 1) % 3).collect();
        let summed = pass.backward(network, x.view(), &Targets { y, others: &others, share: 0.7 }, loss);
        (summed / x.nrows() as f64, pass.gradient)
    }

    /// Central differences on every parameter: error of order h^2 = 1e-10 plus rounding 1e-16 / h = 1e-11; relu may
    /// have no kink within h of a sum, which the seed sees to.
    fn check_gradient(activation: Activation, hidden: &[usize], smoothing: f64, dropout: f64) {
        let widths = [&[5][..], hidden, &[3]].concat();
        let mut rng = generator(7, 0, 0);
        let mut network = Network::<f64>::seeded(widths, activation, &mut rng);
        network.parameters.iter_mut().for_each(|parameter| *parameter += rng.gen_range(-0.1..0.1));
        let x = Array2::from_shape_simple_fn((6, 5), || rng.gen_range(-2.0..2.0));
        let (y, loss) = ([0, 1, 2, 2, 1, 0], Loss { weights: vec![0.5, 1.0, 2.0], smoothing });
        let (_, gradient) = loss_at(&network, &x, &y, &loss, dropout);
        let h = 1e-5;
        for (index, &slope) in gradient.iter().enumerate() {
            let at = |offset: f64| {
                let mut moved = network.clone();
                moved.parameters[index] += offset;
                loss_at(&moved, &x, &y, &loss, dropout).0
            };
            let numeric = (at(h) - at(-h)) / (2.0 * h);
            // The slope of tanh is that of tanh itself, not of its approximation: up to 1e-6 apart.
            assert!((numeric - slope).abs() < 3e-6, "{activation:?} {index}: {numeric} {slope}");
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        for activation in [Activation::Relu, Activation::Tanh, Activation::Gelu] {
            for (hidden, smoothing, dropout) in
                [(&[4][..], 0.0, 0.0), (&[7, 4], 0.1, 0.0), (&[7, 4, 3], 0.0, 0.4), (&[], 0.2, 0.0)]
            {
                check_gradient(activation, hidden, smoothing, dropout);
            }
        }
    }

    #[test]
    fn probabilities_do_not_depend_on_the_rows_beside() {
        let mut rng = generator(1, 0, 0);
        let network = Network::<f32>::seeded(vec![9, 16, 4], Activation::Gelu, &mut rng);
        let x = Array2::from_shape_simple_fn((600, 9), || rng.gen_range(-2.0..2.0));
        let together = network.probabilities(x.view());
        for row in [0, 255, 256, 599] {
            let alone = network.probabilities(x.slice_axis(Axis(0), (row..row + 1).into()));
            assert_eq!(alone.row(0), together.row(row));
        }
        assert_eq!(network.probabilities(x.slice_axis(Axis(0), (..0).into())).dim(), (0, 4));
    }
}
