//! Rows a second of MLP training, 256-256-128-8, batch 64, Adam, one thread: the shape that scikit-learn's
//! MLPClassifier can be timed at beside it; and whole fits, of kernel ridge regression too. `cargo bench --bench mlp`

use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ser_etl::dataset::Rows;
use ser_etl::model::{
    Activation, Calibration, Inputs, InputsMethod, KernelRidge, Mlp, ModelSpec, Optimizer, Problem, Schedule, Shared,
    fit,
};

const ROWS: usize = 20_000;
const FEATURES: usize = 256;
const CLASSES: usize = 8;
/// As many as the ready feature sets have.
const FAMILIES: usize = 7;

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
        epochs: Some(1),
        ..Mlp::default()
    });
    let data = Data::new(ROWS, FEATURES);
    let problem = data.problem();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| fit(&spec, &problem).expect("the problem is sound"));
}

/// Probabilities of the same rows.
#[divan::bench(sample_count = 10)]
fn predict(bencher: Bencher) {
    let data = Data::new(ROWS, FEATURES);
    let problem = data.problem();
    let spec = ModelSpec::Mlp(Mlp { epochs: Some(1), ..Mlp::default() });
    let model = fit(&spec, &problem).expect("the problem is sound").model;
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| model.probabilities_of(&data.rows.x).expect("held"));
}

/// A whole fit as the search over parameters makes many: 30 epochs on 1,400 rows of 500 columns.
#[divan::bench(sample_count = 5, args = ["plain", "mixup and input dropout"])]
fn fit_of_30_epochs(bencher: Bencher, case: &str) {
    let noisy = case != "plain";
    let (mixup, input_dropout) = if noisy { (0.4, 0.2) } else { (0.0, 0.0) };
    let spec = ModelSpec::Mlp(Mlp { epochs: Some(30), mixup, input_dropout, ..Mlp::default() });
    let data = Data::new(1400, 500);
    bencher.bench_local(|| fit(&spec, &data.problem()).expect("the problem is sound"));
}

/// Kernel ridge regression on as many rows and columns.
#[divan::bench(sample_count = 5)]
fn fit_of_kernel_ridge(bencher: Bencher) {
    let spec = ModelSpec::KernelRidge(KernelRidge::default());
    let data = Data::new(1400, 500);
    bencher.bench_local(|| fit(&spec, &data.problem()).expect("the problem is sound"));
}

/// A fit of one epoch on the first 200 principal components of 1,400 rows of 6,000 columns, alone and where another fit
/// on the same rows was there before.
#[divan::bench(sample_count = 3, args = ["alone", "shared"])]
fn fit_on_components(bencher: Bencher, case: &str) {
    let inputs = Inputs::new(InputsMethod::Pca, 200);
    let spec = ModelSpec::Mlp(Mlp { epochs: Some(1), inputs, ..Mlp::default() });
    let data = Data::new(1400, 6000);
    let shared = Shared::new(&data.problem());
    let problem = Problem { shared: (case == "shared").then_some(&shared), ..data.problem() };
    fit(&spec, &problem).expect("the problem is sound");
    bencher.bench_local(|| fit(&spec, &problem).expect("the problem is sound"));
}

struct Data {
    rows: Rows,
    classes: Vec<String>,
    features: Vec<String>,
    families: Vec<String>,
}

impl Data {
    fn new(rows: usize, features: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let x = Array2::from_shape_simple_fn((rows, features), || rng.gen_range(-1.7..1.7));
        let y = (0..rows).map(|_| rng.gen_range(0..CLASSES)).collect();
        let names = |prefix: &str, count: usize| (0..count).map(|i| format!("{prefix}{i:04}")).collect();
        let families = (0..features).map(|column| (column % FAMILIES).to_string()).collect();
        Self {
            rows: Rows { x: x.into(), y, votes: None },
            classes: names("c", CLASSES),
            features: names("f", features),
            families,
        }
    }

    fn problem(&self) -> Problem<'_> {
        Problem {
            train: &self.rows,
            dev: None,
            classes: &self.classes,
            features: &self.features,
            families: &self.families,
            seed: 1,
            calibration: Calibration::None,
            shared: None,
        }
    }
}
