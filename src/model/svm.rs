//! Support vector machines, each class against the rest: linfa's SMO solver and its Platt scaling. The classes are
//! fitted in parallel and collected in order. Kernel values for prediction come from one matrix product for all
//! classes.

use linfa::composing::platt_scaling::platt_newton_method;
use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard, Platt};
use linfa_svm::Svm as Machine;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::problem::Task;
use super::tensors::{Tensors, corrupt};
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored, scale_to_one};
use crate::options::{ConfigError, between, positive, used};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[train.svm]`: support vector machines, one for each class against the rest, with Platt probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Svm {
    /// rbf (default) or linear.
    pub kernel: SvmKernel,
    /// Penalty of rows on the wrong side of the margin, above 0; default 3.
    pub c: f64,
    /// Width of the rbf kernel exp(-gamma |x - y|^2), above 0; default 1 / (columns x variance of all training values).
    /// Refused with the linear kernel.
    pub gamma: Option<f64>,
    /// Largest number of training rows, 2 to 20000; default 3000. With more, the model is fitted on a seeded sample
    /// that keeps the shares of the classes, and a note says so. The kernel matrix is dense and takes 8 x rows^2 bytes
    /// per thread.
    pub max_rows: usize,
    /// How the columns become inputs of the model, at most 500, because the kernel is slow. Default: up to 500 columns
    /// as they are; of more columns, the first 500 principal components.
    pub inputs: Inputs,
}

impl Default for Svm {
    fn default() -> Self {
        Self { kernel: SvmKernel::Rbf, c: 3.0, gamma: None, max_rows: 3000, inputs: Inputs::default() }
    }
}

impl Svm {
    /// Most inputs: a solver's iteration takes as long as it has columns.
    const MAX_COLUMNS: usize = 500;
}

impl Algorithm for Svm {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.svm")?;
        if let Some(columns) = self.inputs.columns {
            between("train.svm.inputs.columns", columns, 1, Self::MAX_COLUMNS)?;
        }
        positive("train.svm.c", self.c)?;
        if let Some(gamma) = self.gamma {
            used("train.svm.gamma", gamma, self.kernel == SvmKernel::Rbf, "kernel = \"rbf\"")?;
            positive("train.svm.gamma", gamma)?;
        }
        between("train.svm.max_rows", self.max_rows, 2, 20_000)
    }

    fn title(&self) -> String {
        match self.kernel {
            SvmKernel::Linear => format!("support vector machine, linear kernel, C {}", self.c),
            SvmKernel::Rbf => format!("support vector machine, RBF kernel, C {}", self.c),
        }
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn made_of(&self, _: usize, columns: usize) -> Inputs {
        self.inputs.at_most(Self::MAX_COLUMNS, columns)
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(self.kernel, tensors, inputs, classes)
    }
}

/// Kernel of the support vector machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SvmKernel {
    /// Inner product.
    Linear,
    /// Radial basis function.
    Rbf,
}

/// Largest violation of the optimality conditions that ends the solver: the default of LIBSVM.
const TOLERANCE: f64 = 1e-3;

/// Violation beyond which the solver has not found the machine. What it ends with is not quite below its tolerance, since
/// the gradient that it keeps up to date drifts.
const CONVERGED: f64 = 10.0 * TOLERANCE;

/// Shares of the decision function that are zero to the solver.
const LEAST_ALPHA: f64 = 1e-10;

/// `decision[row, class] = sum over support (kernel(row, support) alpha[support, class]) - rho[class]`, and the
/// probability of the class against the rest `1 / (1 + exp(a decision + b))`.
#[derive(Debug)]
struct Machines {
    /// Width of the rbf kernel; none for the linear one.
    gamma: Option<f64>,
    /// `support x features` for rbf; the linear kernel needs none.
    support: Array2<f64>,
    /// `support x classes`; for the linear kernel the hyperplanes, `features x classes`.
    alpha: Array2<f64>,
    /// `classes`.
    rho: Array1<f64>,
    /// Platt's `a` and `b`: `2 x classes`.
    platt: Array2<f64>,
}

/// Fits a machine a class.
fn fit(spec: &Svm, task: &Task) -> Result<Learned, ModelError> {
    let sample = task.sample(ModelKind::Svm, spec.max_rows)?;
    let (x, y, mut notes) = (sample.x_f64(), sample.y, sample.notes);
    let gamma = (spec.kernel == SvmKernel::Rbf).then(|| spec.gamma.unwrap_or_else(|| default_gamma(&x)));
    let machines: Vec<(Vec<f64>, f64)> = (0..task.classes)
        .into_par_iter()
        .map(|class| {
            one_against_rest(spec.c, gamma, &x, &y, class).map_err(|reason| failed(&task.names[class], &reason))
        })
        .collect::<Result<_, _>>()?;
    let alpha = Array2::from_shape_fn((x.nrows(), task.classes), |(row, class)| machines[class].0[row]);
    let rho = machines.iter().map(|machine| machine.1).collect();
    let mut model = Machines::new(gamma, x.view(), alpha, rho);
    let decisions = model.decisions(x.view());
    let mut unfinished = Vec::new();
    for (class, (weights, _)) in machines.iter().enumerate() {
        let labels: Array1<bool> = y.iter().map(|&label| label == class).collect();
        let left = violation(spec.c, weights, decisions.column(class), labels.view());
        if left > CONVERGED {
            unfinished.push(task.names[class].as_str());
        }
        let (coefficients, calibrated) = platt(decisions.column(class).to_owned(), labels);
        model.platt.column_mut(class).assign(&Array1::from(coefficients.to_vec()));
        if !calibrated {
            notes.push(format!(
                "Platt scaling of class {} failed: its decision value is taken as the logit",
                task.names[class]
            ));
        }
    }
    if !unfinished.is_empty() {
        let classes = unfinished.join(", ");
        notes.push(format!("the solver did not converge for class {classes} against the rest (lower train.svm.c)"));
    }
    Ok(Learned::new(model, notes))
}

/// Reads the machines back.
fn load(kernel: SvmKernel, tensors: &Tensors, features: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let rho = Array1::from(tensors.get("svm.rho", &[classes])?);
    let platt = tensors.matrix("svm.platt", 2, classes)?;
    let (gamma, support, alpha) = match kernel {
        SvmKernel::Linear => (None, Array2::zeros((0, features)), tensors.matrix("svm.hyperplane", features, classes)?),
        SvmKernel::Rbf => {
            let count = tensors.len::<f64>("svm.alpha")?;
            let alpha = tensors.matrix("svm.alpha", count, classes)?;
            let gamma: Vec<f64> = tensors.get("svm.gamma", &[1])?;
            if gamma[0] <= 0.0 {
                return Err(corrupt(format!("gamma is {}, not above 0", gamma[0])));
            }
            (Some(gamma[0]), tensors.matrix::<f64>("svm.support", count, features)?, alpha)
        }
    };
    Ok(Box::new(Machines { gamma, support, alpha, rho, platt }))
}

/// `1 / (columns x variance of all values)`: what scikit-learn calls `scale`.
fn default_gamma(x: &Array2<f64>) -> f64 {
    let variance = x.var(0.0);
    1.0 / (x.ncols() as f64 * if variance > 0.0 { variance } else { 1.0 })
}

/// Signed weights of the rows and the offset of one class' machine.
fn one_against_rest(
    c: f64,
    gamma: Option<f64>,
    x: &Array2<f64>,
    y: &[usize],
    class: usize,
) -> Result<(Vec<f64>, f64), String> {
    let labels: Array1<bool> = y.iter().map(|&label| label == class).collect();
    let params = Machine::<f64, bool>::params().eps(TOLERANCE).pos_neg_weights(c, c);
    let params = match gamma {
        None => params.linear_kernel(),
        Some(gamma) => params.gaussian_kernel(1.0 / gamma),
    };
    let machine = params.fit(&DatasetBase::new(x.view(), labels.view())).map_err(|error| error.to_string());
    machine.and_then(|machine| {
        let finite = machine.rho.is_finite() && machine.alpha.iter().all(|alpha| alpha.is_finite());
        if finite { Ok((machine.alpha, machine.rho)) } else { Err("the solution is not finite".to_owned()) }
    })
}

/// How far the signed weights of the rows are from the optimum: Keerthi et al., 2001; 0 or less at it. A row whose weight
/// may rise must not want more than one whose weight may fall.
fn violation(c: f64, alpha: &[f64], decisions: ArrayView1<f64>, labels: ArrayView1<bool>) -> f64 {
    let slack = LEAST_ALPHA * c;
    let (mut rising, mut falling) = (f64::NEG_INFINITY, f64::INFINITY);
    for ((&alpha, decision), &label) in alpha.iter().zip(decisions).zip(&labels) {
        let (sign, low, high) = if label { (1.0, 0.0, c) } else { (-1.0, -c, 0.0) };
        let want = sign - decision;
        if alpha < high - slack {
            rising = want.max(rising);
        }
        if alpha > low + slack {
            falling = want.min(falling);
        }
    }
    rising - falling
}

fn failed(class: &str, reason: &str) -> ModelError {
    ModelError::Fit { model: ModelKind::Svm, reason: format!("class `{class}` against the rest: {reason}") }
}

/// Platt's `a` and `b`, and whether they could be fitted.
fn platt(decisions: Array1<f64>, labels: Array1<bool>) -> ([f64; 2], bool) {
    let params = Platt::<f64, ()>::params();
    let checked = params.check_ref().expect("linfa's own defaults are valid");
    match platt_newton_method(decisions.view(), labels.view(), checked) {
        Ok((a, b)) if a.is_finite() && b.is_finite() => ([a, b], true),
        _ => ([-1.0, 0.0], false),
    }
}

impl Machines {
    /// Keeps the rows that any class' machine leans on; the linear kernel folds them into a hyperplane a class.
    fn new(gamma: Option<f64>, x: ArrayView2<f64>, alpha: Array2<f64>, rho: Array1<f64>) -> Self {
        let platt = Array2::zeros((2, rho.len()));
        if gamma.is_none() {
            return Self { gamma, support: Array2::zeros((0, x.ncols())), alpha: x.t().dot(&alpha), rho, platt };
        }
        let leans = |row: &usize| alpha.row(*row).iter().any(|alpha| alpha.abs() > LEAST_ALPHA);
        let kept: Vec<_> = (0..x.nrows()).filter(leans).collect();
        Self { gamma, support: x.select(Axis(0), &kept), alpha: alpha.select(Axis(0), &kept), rho, platt }
    }

    /// Decision values: `rows x classes`.
    fn decisions(&self, x: ArrayView2<f64>) -> Array2<f64> {
        match self.gamma {
            None => x.dot(&self.alpha) - &self.rho,
            Some(gamma) => rbf(x, self.support.view(), gamma).dot(&self.alpha) - &self.rho,
        }
    }
}

/// `exp(-gamma |x - s|^2)`, with `|x - s|^2 = |x|^2 + |s|^2 - 2 x s`: `rows x support`.
fn rbf(x: ArrayView2<f64>, support: ArrayView2<f64>, gamma: f64) -> Array2<f64> {
    let squares = |rows: ArrayView2<f64>| rows.map_axis(Axis(1), |row| row.dot(&row));
    let (x_squares, support_squares) = (squares(x), squares(support));
    let mut kernel = x.dot(&support.t());
    for ((row, column), value) in kernel.indexed_iter_mut() {
        let distance = (x_squares[row] + support_squares[column] - 2.0 * *value).max(0.0);
        *value = (-gamma * distance).exp();
    }
    kernel
}

impl Classifier for Machines {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut p = self.decisions(x.mapv(f64::from).view());
        for (class, mut column) in p.columns_mut().into_iter().enumerate() {
            let (a, b) = (self.platt[[0, class]], self.platt[[1, class]]);
            column.mapv_inplace(|decision| 1.0 / (1.0 + (a * decision + b).exp()));
        }
        p.rows_mut().into_iter().for_each(scale_to_one);
        p.mapv(|p| p as f32)
    }
}

impl Stored for Machines {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put("svm.rho", self.rho.shape(), self.rho.iter().copied());
        tensors.put_matrix("svm.platt", self.platt.view());
        match self.gamma {
            None => tensors.put_matrix("svm.hyperplane", self.alpha.view()),
            Some(gamma) => {
                tensors.put("svm.gamma", &[1], [gamma]);
                tensors.put_matrix("svm.support", self.support.view());
                tensors.put_matrix("svm.alpha", self.alpha.view());
            }
        }
    }
}
