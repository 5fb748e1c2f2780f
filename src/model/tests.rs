//! What every model must do, on small synthetic rows.

mod calibration;
mod inputs;
mod kernel_ridge;
mod perceptron;
mod saved;

use std::sync::OnceLock;

use ndarray::{ArcArray2, Array2, Axis};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::dataset::{Method, Rows, Scaler, Scaling, Scope};
use crate::model::{
    Activation, ClassWeights, Forest, Inputs, InputsMethod, KernelRidge, Logistic, Mlp, Schedule, Svm, SvmKernel,
    TrainSection,
};

/// Labelled rows as tests make and change them.
#[derive(Clone)]
pub(super) struct Plain {
    pub x: ArcArray2<f32>,
    pub y: Vec<usize>,
}

impl Plain {
    fn rows(&self) -> Rows {
        Rows { x: self.x.to_owned().into(), y: self.y.clone().into(), votes: None }
    }
}

/// Rows, labels and names that a problem can borrow.
pub(super) struct Data {
    /// Change them before the first problem is made of them.
    pub rows: Plain,
    /// What problems borrow.
    lent: OnceLock<Rows>,
    classes: Vec<String>,
    features: Vec<String>,
    /// One for all features, unless a test says otherwise.
    families: Vec<String>,
}

impl Data {
    fn new(x: Array2<f32>, y: Vec<usize>, classes: usize) -> Self {
        let names = |prefix: &str, count: usize| (0..count).map(|i| format!("{prefix}{i:03}")).collect();
        let features: Vec<_> = names("f", x.ncols());
        let families = vec!["all".to_owned(); features.len()];
        let rows = Plain { x: x.into_shared(), y };
        Self { rows, lent: OnceLock::new(), classes: names("c", classes), features, families }
    }

    pub fn lent(&self) -> &Rows {
        self.lent.get_or_init(|| self.rows.rows())
    }

    pub fn problem(&self) -> Problem<'_> {
        let Self { classes, features, families, .. } = self;
        let (train, calibration) = (self.lent(), Calibration::None);
        Problem { train, dev: None, classes, features, families, seed: 5, calibration, shared: None }
    }

    fn accuracy(&self, model: &Model) -> f64 {
        let predicted = predicted(model.probabilities(self.rows.x.view()).view());
        predicted.iter().zip(&self.rows.y).filter(|(a, b)| a == b).count() as f64 / self.rows.y.len() as f64
    }
}

/// Gaussian blobs, each class around a point of its own, `rows` a class.
fn blobs(classes: usize, rows: usize, features: usize, seed: u64) -> Data {
    let mut centers = ChaCha8Rng::seed_from_u64(99);
    let centers = Array2::from_shape_simple_fn((classes, features), || centers.gen_range(-2.0_f32..2.0));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut y: Vec<usize> = (0..classes * rows).map(|row| row % classes).collect();
    y.shuffle(&mut rng);
    let mut normal = || (0..12).map(|_| rng.r#gen::<f32>()).sum::<f32>() - 6.0;
    let x = Array2::from_shape_fn((y.len(), features), |(row, column)| centers[[y[row], column]] + 0.7 * normal());
    Data::new(x, y, classes)
}

/// 18 rows of 3 classes that lie into each other, as a script in another language can make them too.
pub(super) fn overlapping() -> Data {
    let y: Vec<usize> = (0..18).map(|row| (row * 5 % 4).min(2)).collect();
    let value = |row: usize, column: usize| ((row * 37 + column * 101) % 97) as f32 / 20.0;
    let own = |row: usize, column: usize| if y[row] == column { 1.5 } else { 0.0 };
    let x = Array2::from_shape_fn((18, 3), |(row, column)| value(row, column) + own(row, column));
    Data::new(x, y, 3)
}

fn xor(rows: usize) -> Data {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let x = Array2::from_shape_simple_fn((rows, 2), || rng.gen_range(-1.0_f32..1.0));
    let y = x.rows().into_iter().map(|row| usize::from((row[0] > 0.0) != (row[1] > 0.0))).collect();
    Data::new(x, y, 2)
}

/// A small perceptron with everything that can be left out left out, apart from the defaults, which may move.
fn plain(hidden: &[usize]) -> Mlp {
    Mlp {
        hidden: hidden.to_vec(),
        members: 1,
        activation: Activation::Relu,
        dropout: 0.0,
        l2: 0.0,
        label_smoothing: 0.0,
        class_weights: ClassWeights::None,
        schedule: Schedule::Constant,
        batch_size: 16,
        learning_rate: 0.01,
        epochs: Some(40),
        ..Mlp::default()
    }
}

/// All models, small enough for tests, the SVM with both kernels.
fn specs() -> Vec<ModelSpec> {
    let mut train = TrainSection { mlp: Mlp { dropout: 0.1, l2: 0.01, ..plain(&[16]) }, ..TrainSection::default() };
    train.forest.trees = 20;
    train.models = ModelKind::ALL.to_vec();
    let mut specs = train.check().unwrap();
    specs.push(ModelSpec::Svm(Svm { kernel: SvmKernel::Linear, ..Svm::default() }));
    specs.push(ModelSpec::KernelRidge(KernelRidge { inputs: pca(4, 0.0), ..KernelRidge::default() }));
    specs.push(ModelSpec::Mlp(Mlp { members: 3, mixup: 0.3, inputs: pca(3, 0.5), ..plain(&[16]) }));
    specs.push(ModelSpec::Logistic(Logistic { inputs: Inputs { clip: 2.0, ..select(4) }, ..Logistic::default() }));
    specs.push(ModelSpec::Forest(Forest { trees: 10, inputs: pca(5, 0.0), ..Forest::default() }));
    specs
}

fn pca(columns: usize, whiten: f64) -> Inputs {
    Inputs { whiten: Some(whiten), ..Inputs::new(InputsMethod::Pca, columns) }
}

fn select(columns: usize) -> Inputs {
    Inputs::new(InputsMethod::Select, columns)
}

fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// What stands for the recipe of the features.
fn recipe() -> String {
    "rms, mean".to_owned()
}

fn save_fit(spec: &ModelSpec, data: &Data) -> Vec<(String, Vec<u8>)> {
    let fitted = fit(spec, &data.problem()).unwrap();
    save(&saved(fitted, &data.problem()))
}

fn saved(fitted: Fitted, problem: &Problem) -> SavedModel<String> {
    SavedModel::new(fitted.spec.clone(), problem, fitted, scaler(problem.features), recipe(), "abc".into()).unwrap()
}

fn scaler(features: &[String]) -> Scaler {
    let of_each = |value| vec![value; features.len()];
    let (center, scale, rows) = (of_each(0.1), of_each(1.0 / 3.0), vec![0; features.len()]);
    let groups = [("all".to_owned(), Scaling { center, scale, rows, transductive: false })].into();
    Scaler { method: Method::ZScore, scope: Scope::Corpus, features: features.to_vec(), groups }
}

/// Lets the hashes of a card fit the weights beside it and its own text, where it is still one: what is damaged is then
/// read.
fn recard(files: &mut [(String, Vec<u8>)]) {
    let weights = blake3::hash(&files[0].1).to_hex();
    let card = &mut files[1].1;
    let mut put = |key: &str, hash: &str| {
        let at = card.windows(key.len()).position(|window| window == key.as_bytes()).map(|at| at + key.len());
        if let Some(old) = at.and_then(|at| card.get_mut(at..at + hash.len())) {
            old.copy_from_slice(hash.as_bytes());
        }
        blake3::hash(card).to_hex()
    };
    put("\"weights\": \"", &weights);
    let own = put("\"card\": \"", &"0".repeat(64));
    put("\"card\": \"", &own);
}

/// The error about a saved model whose card says something else.
pub(super) fn changed_card(spec: &ModelSpec, data: &Data, from: &str, to: &str) -> String {
    let mut files = save_fit(spec, data);
    let card = String::from_utf8(files[1].1.clone()).unwrap();
    assert!(card.contains(from), "{card}");
    files[1].1 = card.replace(from, to).into_bytes();
    recard(&mut files);
    load::<String>(&files).unwrap_err().to_string()
}

fn only_part(saved: &SavedModel<String>) -> &ModelPart {
    assert_eq!(saved.parts.len(), 1);
    &saved.parts[0]
}

#[test]
fn every_model_learns_blobs_and_gives_probabilities() {
    let (train, test) = (blobs(4, 30, 6, 1), blobs(4, 25, 6, 2));
    for spec in specs() {
        let fitted = fit(&spec, &train.problem()).unwrap();
        let p = fitted.model.probabilities(test.rows.x.view());
        assert_eq!((fitted.rows, fitted.held_out, p.dim()), (120, 0, (100, 4)), "{spec:?}");
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{spec:?}");
        assert!(p.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{spec:?}");
        let least = match spec.kind() {
            ModelKind::Majority => 0.2,
            ModelKind::Tree => 0.7,
            _ => 0.9,
        };
        assert!(test.accuracy(&fitted.model) >= least, "{spec:?}: {}", test.accuracy(&fitted.model));
    }
}

#[test]
fn curved_models_learn_xor_and_lines_do_not() {
    let data = xor(200);
    for spec in specs() {
        let accuracy = data.accuracy(&fit(&spec, &data.problem()).unwrap().model);
        let lines = matches!(&spec, ModelSpec::Svm(svm) if svm.kernel == SvmKernel::Linear);
        match spec.kind() {
            ModelKind::Mlp | ModelKind::Forest | ModelKind::KernelRidge => {
                assert!(accuracy > 0.93, "{spec:?}: {accuracy}")
            }
            ModelKind::Svm if !lines => assert!(accuracy > 0.93, "{spec:?}: {accuracy}"),
            ModelKind::Logistic | ModelKind::Majority => assert!(accuracy < 0.75, "{spec:?}: {accuracy}"),
            _ => {}
        }
    }
}

#[test]
fn refits_are_the_same_bytes_on_any_number_of_threads() {
    let data = blobs(5, 20, 12, 3);
    for spec in specs() {
        let first = in_pool(1, || save_fit(&spec, &data));
        for threads in [1, 2, 2, 3] {
            assert!(in_pool(threads, || save_fit(&spec, &data)) == first, "{spec:?}, {threads} threads");
        }
    }
}

#[test]
fn another_seed_is_another_perceptron_and_forest() {
    let data = blobs(3, 20, 4, 3);
    for spec in specs().into_iter().filter(|spec| matches!(spec.kind(), ModelKind::Mlp | ModelKind::Forest)) {
        let at =
            |seed| fit(&spec, &Problem { seed, ..data.problem() }).unwrap().model.probabilities(data.rows.x.view());
        assert_eq!(at(1), at(1));
        assert_ne!(at(1), at(2));
    }
}

#[test]
fn saved_models_come_back_bit_for_bit() {
    let data = blobs(4, 15, 7, 3);
    for spec in specs() {
        let fitted = fit(&spec, &data.problem()).unwrap();
        let files = save_fit(&spec, &data);
        let back = load::<String>(&files).unwrap();
        assert!(save(&back) == files, "{spec:?}");
        let part = only_part(&back);
        assert_eq!(
            part.model.probabilities(data.rows.x.view()),
            fitted.model.probabilities(data.rows.x.view()),
            "{spec:?}"
        );
        assert_eq!((&part.spec, &back.classes, &part.curve), (&fitted.spec, &data.classes, &fitted.curve));
        assert_eq!((part.weight, part.scaler.groups["all"].scale[0]), (1.0, 1.0 / 3.0));
        assert_eq!(part.columns_in(&data.features), Ok((0..7).collect()));
        assert_eq!(back.recipe, recipe());
    }
}

#[test]
fn damaged_files_are_refused() {
    let data = blobs(3, 8, 3, 3);
    for spec in specs() {
        let files = save_fit(&spec, &data);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..300 {
            let mut damaged = files.clone();
            let bytes = &mut damaged[rng.gen_range(0..2)].1;
            let at = rng.gen_range(0..bytes.len());
            match rng.gen_range(0..3) {
                0 => bytes.truncate(at),
                1 => bytes[at] = rng.r#gen(),
                _ => bytes[at] ^= 1 << rng.gen_range(0..8),
            }
            assert!(
                damaged == files || load::<String>(&damaged).is_err(),
                "files are what the card's hashes say, or refused"
            );
            recard(&mut damaged);
            // Most damage is seen; what is not must still give numbers for every row.
            if let Ok(saved) = load::<String>(&damaged) {
                let model = &only_part(&saved).model;
                let x = Array2::zeros((2, model.features()));
                assert_eq!(model.probabilities(x.view()).dim(), (2, saved.classes.len()));
            }
        }
    }
}

#[test]
fn other_formats_files_and_features_are_named() {
    let data = blobs(3, 8, 4, 3);
    let files = save_fit(&ModelSpec::Majority(Majority {}), &data);
    assert_eq!(load::<String>(&files[..1]).unwrap_err(), ModelError::Missing { file: "model.json" });
    assert_eq!(load::<String>(&files[1..]).unwrap_err(), ModelError::Missing { file: "weights.safetensors" });
    for found in [4, 6] {
        let other = String::from_utf8(files[1].1.clone()).unwrap();
        let other = other.replace("\"format\": 5", &format!("\"format\": {found}")).into_bytes();
        let other = load::<String>(&[files[0].clone(), (files[1].0.clone(), other)]);
        assert_eq!(other.unwrap_err(), ModelError::Version { found, known: 5 });
    }
    // Both are whole, and of two models.
    let of_rows = |rows| save_fit(&ModelSpec::Logistic(Logistic::default()), &blobs(3, rows, 4, 3));
    let mixed = load::<String>(&[of_rows(9)[0].clone(), of_rows(8)[1].clone()]).unwrap_err().to_string();
    assert!(mixed.contains("`weights.safetensors` of the saved model is corrupt: it does not have the BLAKE3 that"));
    let saved = load::<String>(&files).unwrap();
    let columns = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| name.to_string()).collect();
        only_part(&saved).columns_in(&names)
    };
    assert_eq!(columns(&["f003", "f002", "x", "f001", "f000"]), Ok(vec![4, 3, 1, 0]));
    let message = columns(&["f000", "f001", "f002"]).unwrap_err().to_string();
    assert!(message.contains("needs 4 features") && message.contains("missing: `f003`; train"), "{message}");
    let message = columns(&[]).unwrap_err().to_string();
    assert!(message.contains("`f000`, `f001`, `f002` and 1 more"), "{message}");
}

#[test]
fn degenerate_problems_do_not_panic() {
    let one_each = Data::new(Array2::from_shape_fn((3, 2), |(row, column)| (row + column) as f32), vec![0, 1, 2], 3);
    let one_feature = blobs(3, 10, 1, 1);
    let constant = Data::new(Array2::zeros((12, 3)), (0..12).map(|row| row % 3).collect(), 3);
    let mut absent = blobs(3, 10, 4, 1);
    absent.rows.y.iter_mut().for_each(|class| *class = if *class == 1 { 3 } else { *class });
    absent.classes.push("c003".to_owned());
    let huge = Data::new(blobs(3, 10, 4, 1).rows.x.mapv(|value| value * 1e18), blobs(3, 10, 4, 1).rows.y, 3);
    for (name, data) in [
        ("one each", one_each),
        ("one feature", one_feature),
        ("constant", constant),
        ("absent", absent),
        ("huge", huge),
    ] {
        for spec in specs() {
            match fit(&spec, &data.problem()) {
                Ok(fitted) => {
                    let p = fitted.model.probabilities(data.rows.x.view());
                    assert!(p.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{name}: {spec:?}");
                    assert!(name != "absent" || p.column(1).iter().all(|&p| p == 0.0), "{spec:?}");
                    assert!(name != "absent" || fitted.notes[0].contains("c001"), "{spec:?}");
                    assert!(p.iter().all(|p| p.is_finite()), "{name}: {spec:?}");
                }
                Err(error) => assert!(name == "huge", "{name}: {spec:?}: {error}"),
            }
        }
    }
}

#[test]
fn impossible_problems_are_refused() {
    let data = blobs(3, 4, 2, 1);
    let good = data.problem();
    let with = |x: ArcArray2<f32>, y: &[usize]| Plain { x, y: y.to_vec() }.rows();
    let (x, y) = (&data.rows.x, &data.rows.y);
    let mut holed = x.clone();
    holed[[3, 1]] = f32::NAN;
    let (short, holed) = (with(x.clone(), &y[1..]), with(holed, y));
    let (none, one_class) = (with(x.select(Axis(0), &[]).into(), &[]), with(x.clone(), &[1; 12]));
    let unsorted = ["b".to_owned(), "a".to_owned(), "c".to_owned()];
    let cases = [
        (Problem { train: &short, ..good }, "train: 11 labels where 12 are needed"),
        (
            Problem { features: &data.features[..1], families: &data.families[..1], ..good },
            "train: 2 columns where 1 are needed",
        ),
        (Problem { families: &[], ..good }, "features: 0 families where 2 are needed"),
        (Problem { train: &holed, ..good }, "row 3 of the train rows holds NaN in feature `f001`"),
        (Problem { classes: &data.classes[..2], ..good }, "has label 2; there are 2 classes"),
        (Problem { classes: &unsorted, ..good }, "class `a` stands after `b`"),
        (Problem { train: &none, ..good }, "0 training rows"),
        (Problem { train: &one_class, ..good }, "all 12 training rows are of class `c001`"),
    ];
    for (problem, want) in cases {
        let error = fit(&specs()[0], &problem).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn majority_takes_the_first_of_equals() {
    let data = Data::new(Array2::zeros((5, 1)), vec![2, 1, 1, 2, 0], 3);
    let model = fit(&ModelSpec::Majority(Majority {}), &data.problem()).unwrap().model;
    assert_eq!(predicted(model.probabilities(data.rows.x.view()).view()), vec![1; 5]);
    let one_class = Plain { y: vec![2; 5], ..data.rows.clone() }.rows();
    assert!(fit(&ModelSpec::Majority(Majority {}), &Problem { train: &one_class, ..data.problem() }).is_ok());
}

#[test]
fn dev_is_held_out_only_to_stop_early() {
    let (train, dev) = (blobs(3, 20, 4, 1), blobs(3, 5, 4, 2));
    let problem = Problem { dev: Some(dev.lent()), ..train.problem() };
    for spec in specs() {
        assert_eq!(fit(&spec, &problem).unwrap().rows, 75, "{spec:?}");
    }
    let patient = ModelSpec::Mlp(Mlp { patience: 3, epochs: Some(200), ..plain(&[8]) });
    let fitted = fit(&patient, &problem).unwrap();
    assert_eq!((fitted.rows, fitted.held_out), (60, 15));
    assert!(fitted.curve.len() < 200 && fitted.notes[0].contains("stopped early on dev"), "{:?}", fitted.notes);
    let best = fitted.curve.iter().map(|epoch| epoch.dev_uar.unwrap()).fold(0.0, f64::max);
    assert_eq!(dev.accuracy(&fitted.model), best, "balanced dev rows: accuracy is the recall watched");
    let alone = fit(&patient, &train.problem()).unwrap();
    assert_eq!((alone.curve.len(), alone.held_out), (200, 0));
    assert!(alone.notes[0].contains("no dev rows"));
}

/// Two classes that overlap in one of four columns.
#[test]
fn solvers_that_do_not_converge_say_so() {
    let mut data = blobs(3, 30, 4, 1);
    data.rows.x *= 0.2;
    let notes = |spec: ModelSpec| fit(&spec, &data.problem()).unwrap().notes.join("; ");
    let logistic = |max_iterations| {
        notes(ModelSpec::Logistic(Logistic { alpha: Some(1.0), max_iterations, ..Logistic::default() }))
    };
    assert_eq!(logistic(200), "");
    assert!(logistic(1).contains("did not converge") && logistic(1).contains("train.logistic.max_iterations"));
    let svm = |kernel, c| notes(ModelSpec::Svm(Svm { kernel, c, ..Svm::default() }));
    for kernel in [SvmKernel::Linear, SvmKernel::Rbf] {
        for c in [0.1, 3.0, 100.0] {
            assert_eq!(svm(kernel, c), "", "{kernel:?} {c}");
        }
    }
    let mlp = |epochs| notes(ModelSpec::Mlp(Mlp { epochs, ..Mlp::default() }));
    assert_eq!(mlp(None), "");
    assert!(mlp(Some(2)).contains("did not converge"), "{}", mlp(Some(2)));
}

#[test]
fn kernels_are_of_a_sample_above_their_cap() {
    let data = blobs(3, 30, 6, 1);
    let svm = ModelSpec::Svm(Svm { max_rows: 45, ..Svm::default() });
    let ridge = ModelSpec::KernelRidge(KernelRidge { max_rows: 45, ..KernelRidge::default() });
    for spec in [svm, ridge] {
        let fitted = fit(&spec, &data.problem()).unwrap();
        let note = format!("fitted on a seeded sample of 45 of 90 rows (train.{}.max_rows)", spec.kind());
        assert_eq!(fitted.notes, [note]);
        assert!(data.accuracy(&fitted.model) > 0.9, "{}", data.accuracy(&fitted.model));
    }
}
