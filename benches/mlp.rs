//! Rows a second of MLP training, 256-256-128-8, batch 64, Adam, one thread: the shape of scikit-learn's MLPClassifier
//! in the comparison of README.md. `cargo bench --bench mlp`

use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ser_etl::config::train::{Activation, Mlp, ModelSpec, Optimizer, Schedule};
use ser_etl::model::{Classifier, Problem, fit};

const ROWS: usize = 20_000;
const FEATURES: usize = 256;
const CLASSES: usize = 8;

fn main() {
    divan::main();
}

/// One epoch of training.
#[divan::bench(sample_count = 10, args = ["relu", "tanh", "gelu", "relu with dropout"])]
fn epoch(bencher: Bencher, case: &str) {
    let activation = match case {
        "tanh" => Activation::Tanh,
        "gelu" => Activation::Gelu,
        _ => Activation::Relu,
    };
    let spec = ModelSpec::Mlp(Mlp {
        activation,
        dropout: if case.ends_with("dropout") { 0.3 } else { 0.0 },
        label_smoothing: 0.0,
        optimizer: Optimizer::Adam,
        schedule: Schedule::Constant,
        l2: 1e-4,
        epochs: 1,
        ..Mlp::default()
    });
    let (x, y, classes, features) = rows();
    let problem = Problem { train: (x.view(), &y), dev: None, classes: &classes, features: &features, seed: 1 };
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| fit(&spec, &problem).expect("the problem is sound"));
}

/// Probabilities of the same rows.
#[divan::bench(sample_count = 10)]
fn predict(bencher: Bencher) {
    let (x, y, classes, features) = rows();
    let problem = Problem { train: (x.view(), &y), dev: None, classes: &classes, features: &features, seed: 1 };
    let spec = ModelSpec::Mlp(Mlp { epochs: 1, ..Mlp::default() });
    let model = fit(&spec, &problem).expect("the problem is sound").model;
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| model.probabilities(x.view()));
}

fn rows() -> (Array2<f32>, Vec<usize>, Vec<String>, Vec<String>) {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let x = Array2::from_shape_simple_fn((ROWS, FEATURES), || rng.gen_range(-1.7..1.7));
    let y = (0..ROWS).map(|_| rng.gen_range(0..CLASSES)).collect();
    let names = |prefix: &str, count: usize| (0..count).map(|i| format!("{prefix}{i:03}")).collect();
    (x, y, names("c", CLASSES), names("f", FEATURES))
}
