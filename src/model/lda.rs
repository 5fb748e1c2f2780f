//! Linear discriminant analysis with a shrunken covariance: Fisher, 1936; Ledoit & Wolf, A well-conditioned estimator for
//! large-dimensional covariance matrices, 2004. faer solves for the coefficients on one thread.

use faer::Mat;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::linear::{self, products};
use super::problem::{MAX_ROWS, Sample, Task, check_max_rows};
use super::tensors::Tensors;
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored, softmax};
use crate::options::{ConfigError, between};

/// `[train.lda]`: linear discriminant analysis, Gaussian classes with one covariance. Fitted only where
/// `train.models` names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lda {
    /// Share of the covariance that gives way to equal variances without correlation, 0 to 1. Default the share of
    /// Ledoit and Wolf, which needs more of it the fewer rows there are.
    pub shrinkage: Option<f64>,
    /// How likely a class is before a row is seen: equal (default) or training, its share of the training rows.
    pub priors: Priors,
    /// Most rows that the model is fitted on, 2 to 100,000,000; default 50,000. The fit needs all rows in memory in
    /// double precision, so of more rows a seeded sample is taken, in proportion to the classes, with a note.
    pub max_rows: usize,
    /// What the columns become before the fit; default all as they are, up to 1,000 of them, and the first 1,000 principal
    /// components of more (fewer of fewer rows): the time grows with the third power.
    pub inputs: Inputs,
}

/// How likely a class is before a row is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Priors {
    /// Every class the same.
    Equal,
    /// The share of the training rows.
    Training,
}

impl Default for Lda {
    fn default() -> Self {
        Self { shrinkage: None, priors: Priors::Equal, max_rows: MAX_ROWS, inputs: Inputs::default() }
    }
}

impl Algorithm for Lda {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.lda")?;
        check_max_rows("train.lda.max_rows", self.max_rows)?;
        self.shrinkage.map_or(Ok(()), |shrinkage| between("train.lda.shrinkage", shrinkage, 0.0, 1.0))
    }

    fn title(&self) -> String {
        match self.shrinkage {
            Some(shrinkage) => format!("linear discriminant analysis, shrinkage {shrinkage}"),
            None => "linear discriminant analysis".to_owned(),
        }
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn made_of(&self, rows: usize, columns: usize) -> Inputs {
        self.inputs.of_wide(rows, columns, Inputs::WIDE)
    }

    fn is_usual(&self) -> bool {
        false
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        let sample = task.sample(ModelKind::Lda, self.max_rows)?;
        let classes = Classes::new(&sample, task.classes);
        let within = classes.deviations(&sample);
        let shrinkage = self.shrinkage.unwrap_or_else(|| ledoit_wolf(within.view()));
        let mut covariance = products(within.t());
        shrink(&mut covariance, within.nrows(), shrinkage);
        let weights = solve(covariance, &classes.means)?;
        let prior = |class: usize| match self.priors {
            Priors::Equal => 1.0 / task.classes as f64,
            Priors::Training => classes.shares[class],
        };
        let bias = |class: usize| prior(class).ln() - 0.5 * weights.column(class).dot(&classes.means.row(class));
        let biases = (0..task.classes).map(bias).collect();
        let note = format!("shrinkage {shrinkage:.4} of the covariance, by the rule of Ledoit and Wolf");
        let notes = sample.notes.into_iter().chain(self.shrinkage.is_none().then_some(note)).collect();
        Ok(Learned::new(Discriminants { weights, biases }, notes))
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        let weights = tensors.matrix("lda.weight", inputs, classes)?;
        Ok(Box::new(Discriminants { weights, biases: Array1::from(tensors.get("lda.bias", &[classes])?) }))
    }
}

/// What is left of an input's variance, as a share of it, where the others say the same: rounding.
const ROUNDING: f64 = 1e-13;

/// What the training rows say of the classes.
struct Classes {
    /// `classes x inputs`.
    means: Array2<f64>,
    /// Share of the training rows: `classes`.
    shares: Vec<f64>,
}

impl Classes {
    fn new(sample: &Sample, classes: usize) -> Self {
        let mut counts = vec![0_usize; classes];
        let mut means = Array2::<f64>::zeros((classes, sample.x.ncols()));
        for (row, &class) in sample.x.rows().into_iter().zip(&*sample.y) {
            counts[class] += 1;
            means.row_mut(class).zip_mut_with(&row, |sum, &value| *sum += f64::from(value));
        }
        means.rows_mut().into_iter().zip(&counts).for_each(|(mut mean, &count)| mean /= count as f64);
        let rows = sample.y.len() as f64;
        Self { means, shares: counts.into_iter().map(|count| count as f64 / rows).collect() }
    }

    /// The training rows less the means of their classes: `rows x inputs`.
    fn deviations(&self, sample: &Sample) -> Array2<f64> {
        let mut within = sample.x_f64();
        let rows = within.rows_mut().into_iter().zip(&*sample.y);
        rows.for_each(|(mut row, &class)| row -= &self.means.row(class));
        within
    }
}

/// Share of the target in the covariance of rows `rows x inputs` of mean 0: Ledoit & Wolf, 2004, equations 8 to 14.
fn ledoit_wolf(x: ArrayView2<f64>) -> f64 {
    let (rows, inputs) = (x.nrows() as f64, x.ncols() as f64);
    let squares: Array1<f64> = x.map_axis(Axis(1), |row| row.dot(&row));
    let mean_variance = squares.sum() / rows / inputs;
    // The sum of the squares of a matrix of inner products is the same over rows and over columns.
    let by_rows = x.nrows() <= x.ncols();
    let lower = if by_rows { products(x) } else { products(x.t()) };
    let mut norm = 0.0;
    for column in 0..lower.ncols() {
        let values = &lower.col_as_slice(column)[column..];
        norm += values[0] * values[0] + 2.0 * values[1..].iter().map(|value| value * value).sum::<f64>();
    }
    let norm = norm / (rows * rows);
    let distance = norm / inputs - mean_variance * mean_variance;
    let spread = (squares.dot(&squares) / rows - norm) / (rows * inputs);
    if distance > 0.0 { (spread / distance).clamp(0.0, 1.0) } else { 1.0 }
}

/// Turns sums of products over `rows` rows, given by their lower half, into the shrunken covariance.
fn shrink(products: &mut Mat<f64>, rows: usize, shrinkage: f64) {
    let inputs = products.ncols();
    let trace: f64 = (0..inputs).map(|at| products[(at, at)]).sum();
    // Rows that are their class' mean have no variance: then every input counts the same.
    let target = if trace > 0.0 { shrinkage * trace / (inputs * rows) as f64 } else { 1.0 };
    for column in 0..inputs {
        let values = &mut products.col_as_slice_mut(column)[column..];
        values.iter_mut().for_each(|value| *value *= (1.0 - shrinkage) / rows as f64);
        values[0] += target;
    }
}

/// `covariance^-1 means`: `inputs x classes`. The covariance is given by its lower half.
fn solve(mut covariance: Mat<f64>, means: &Array2<f64>) -> Result<Array2<f64>, ModelError> {
    let (classes, inputs) = means.dim();
    let right = Mat::from_fn(inputs, classes, |input, class| means[[class, input]]);
    let failed = |reason: &str| ModelError::Fit { model: ModelKind::Lda, reason: reason.to_owned() };
    let dependent = || failed("the inputs depend on each other linearly; raise train.lda.shrinkage");
    let variances: Vec<f64> = (0..inputs).map(|at| covariance[(at, at)]).collect();
    let weights = linear::solve(&mut covariance, right).ok_or_else(dependent)?;
    if (0..inputs).any(|at| covariance[(at, at)].powi(2) < ROUNDING * variances[at]) {
        return Err(dependent());
    }
    if weights.iter().all(|weight| weight.is_finite()) {
        Ok(weights)
    } else {
        Err(failed("the solution is not finite"))
    }
}

/// `score[row, class] = x weights + bias`, whose softmax is the probability: `inputs x classes` and `classes`.
struct Discriminants {
    weights: Array2<f64>,
    biases: Array1<f64>,
}

impl Classifier for Discriminants {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut scores = x.mapv(f64::from).dot(&self.weights) + &self.biases;
        scores.rows_mut().into_iter().for_each(softmax);
        scores.mapv(|p| p as f32)
    }
}

impl Stored for Discriminants {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put_matrix("lda.weight", self.weights.view());
        tensors.put("lda.bias", self.biases.shape(), self.biases.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::overlapping;
    use super::*;
    use crate::model::{ModelSpec, fit};

    /// scikit-learn 1.9: `LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(x, y).predict_proba(x[:4])`
    #[test]
    fn probabilities_are_those_of_scikit_learn() {
        let data = overlapping();
        let spec = Lda { shrinkage: Some(0.3), priors: Priors::Training, inputs: Inputs::plain(), ..Lda::default() };
        let fitted = fit(&ModelSpec::Lda(spec), &data.problem()).expect("a fit");
        let want = [
            [0.942_988_2, 0.033_907_1, 0.023_104_7],
            [0.082_148_6, 0.896_172_8, 0.021_678_6],
            [0.008_775_2, 0.005_356_3, 0.985_868_5],
            [0.085_377_2, 0.003_208_1, 0.911_414_7],
        ];
        let got = fitted.model.probabilities(data.rows.x.view());
        for (got, want) in got.rows().into_iter().zip(want) {
            assert!(got.iter().zip(want).all(|(got, want): (&f32, f32)| (got - want).abs() < 1e-5), "{got} {want:?}");
        }
    }

    /// scikit-learn 1.9: `ledoit_wolf_shrinkage(x, assume_centered=True)`, of more rows than columns and of fewer
    #[test]
    fn shrinkage_is_that_of_scikit_learn() {
        let data = overlapping();
        let mut x = data.rows.x.mapv(f64::from);
        for class in 0..3 {
            let members: Vec<_> = (0..18).filter(|&row| data.rows.y[row] == class).collect();
            let mean = x.select(Axis(0), &members).mean_axis(Axis(0)).expect("rows");
            members.into_iter().for_each(|row| x.row_mut(row).zip_mut_with(&mean, |value, mean| *value -= mean));
        }
        assert!((ledoit_wolf(x.view()) - 0.099_085_951_254_882_37).abs() < 1e-9);
        let wide = Array2::from_shape_fn((5, 9), |(row, column)| ((row * 31 + column * 17) % 23) as f64 / 7.0 - 1.5);
        assert!((ledoit_wolf(wide.view()) - 0.517_512_285_468_525_2).abs() < 1e-12);
    }

    #[test]
    fn inputs_that_say_the_same_need_shrinkage() {
        let mut data = overlapping();
        data.rows.x.rows_mut().into_iter().for_each(|mut row| row[2] = row[1]);
        let of = |shrinkage| {
            let spec = Lda { shrinkage, inputs: Inputs::plain(), ..Lda::default() };
            fit(&ModelSpec::Lda(spec), &data.problem())
        };
        assert!(of(Some(0.0)).expect_err("singular").to_string().contains("raise train.lda.shrinkage"));
        assert!(of(None).expect("a fit").notes[0].starts_with("shrinkage 0."));
    }
}
