//! From normalized columns to what an algorithm is given: clipped, then all of them, selected, or turned into principal components.
//! Fitted on the rows that the model is fitted on, saved with it, and applied before every prediction.

use ndarray::{Array1, Array2, ArrayView2, Axis, CowArray, Ix2};

use super::bounds::Bounds;
use super::pca::project;
use super::shared::TrainingRows;
use super::tensors::{Tensors, corrupt};
use super::{Inputs, InputsMethod, ModelError};
use crate::dataset::Rows;
use crate::matrix::{Matrix, MatrixError};

/// A fitted transform of rows `rows x features` to `rows x inputs`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FittedInputs {
    bounds: Option<Bounds>,
    method: Method,
}

#[derive(Debug, Clone, PartialEq)]
enum Method {
    All,
    /// The columns that are kept, in order.
    Select(Vec<usize>),
    /// `(x - center) components scale`: `features`, `features x components`, `components`.
    Pca {
        center: Array1<f32>,
        components: Array2<f32>,
        scale: Array1<f32>,
    },
}

/// The transform, the rows in it: `rows x inputs`, and what a reader should know.
pub(super) fn fit(spec: &Inputs, part: &TrainingRows) -> Result<(FittedInputs, Matrix, Vec<String>), MatrixError> {
    let wanted = spec.columns.unwrap_or(usize::MAX);
    let (method, x, notes) = match spec.method() {
        InputsMethod::All => (Method::All, part.rows.x.clone(), Vec::new()),
        InputsMethod::Select => select(part, wanted)?,
        InputsMethod::Pca => pca(part, wanted, spec.whiten())?,
    };
    Ok((FittedInputs { bounds: part.bounds.clone(), method }, x, notes))
}

fn select(part: &TrainingRows, wanted: usize) -> Result<(Method, Matrix, Vec<String>), MatrixError> {
    let values = part.f_values()?;
    let mut columns: Vec<_> = (0..values.len()).collect();
    columns.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    let notes = fewer(columns.len(), wanted, "columns").into_iter().collect();
    columns.truncate(wanted);
    columns.sort_unstable();
    let x = part.rows.x.pick(&columns)?;
    Ok((Method::Select(columns), x, notes))
}

fn pca(part: &TrainingRows, wanted: usize, whiten: f64) -> Result<(Method, Matrix, Vec<String>), MatrixError> {
    let decomposition = part.decomposition()?;
    let mut notes: Vec<_> = fewer(decomposition.count(), wanted, "principal components").into_iter().collect();
    if decomposition.rows < part.rows.y.len() {
        let rows = part.rows.y.len();
        notes.push(format!("principal components of {} of {rows} rows, at even distances", decomposition.rows));
    }
    let projection = part.projection(wanted.min(decomposition.count()))?;
    let scale = scale(&projection.variances, whiten);
    let x = projection.scores.map(scale.len(), |scores, mut scaled| scaled.assign(&(&scores * &scale)))?;
    let (center, components) = (projection.center.clone(), projection.components.clone());
    Ok((Method::Pca { center, components, scale }, x, notes))
}

fn fewer(there: usize, wanted: usize, what: &str) -> Option<String> {
    (there < wanted).then(|| format!("there are only {there} {what}, where {wanted} were asked for"))
}

/// Factor of each component: its standard deviation to the power of `-whiten`, times what makes the mean square 1.
fn scale(variances: &[f64], whiten: f64) -> Array1<f32> {
    let whitened = |&variance: &f64| if variance > 0.0 { variance.powf(-whiten / 2.0) } else { 1.0 };
    let squares: f64 = variances.iter().map(|variance| variance * whitened(variance).powi(2)).sum();
    let common = if squares > 0.0 { (variances.len() as f64 / squares).sqrt() } else { 1.0 };
    variances.iter().map(|variance| (whitened(variance) * common) as f32).collect()
}

/// F value of each column in a one-way analysis of variance: mean square between classes over mean square within. A
/// column that is constant has 0; one that is constant within each class only, infinity.
pub(super) fn f_values(rows: &Rows) -> Result<Vec<f64>, MatrixError> {
    let (count, columns) = rows.x.dim();
    let classes = rows.y.iter().max().map_or(0, |&class| class + 1);
    let (mut sums, mut counts) = (Array2::<f64>::zeros((classes, columns)), vec![0.0; classes]);
    rows.x.each_row(|at, row| {
        counts[rows.y[at]] += 1.0;
        sums.row_mut(rows.y[at]).zip_mut_with(&row, |sum, &value| *sum += f64::from(value));
    })?;
    let means = Array2::from_shape_fn((classes, columns), |(class, column)| sums[[class, column]] / counts[class]);
    let mean = sums.sum_axis(Axis(0)) / count as f64;
    let mut within = Array1::<f64>::zeros(columns);
    rows.x.each_row(|at, row| {
        let deviations = row.iter().zip(means.row(rows.y[at])).map(|(&value, mean)| f64::from(value) - mean);
        within.iter_mut().zip(deviations).for_each(|(sum, deviation)| *sum += deviation * deviation);
    })?;
    let present: Vec<_> = (0..classes).filter(|&class| counts[class] > 0.0).collect();
    let degrees = (present.len().max(2) as f64 - 1.0, (count as f64 - present.len() as f64).max(1.0));
    let value = |column: usize| {
        let between: f64 =
            present.iter().map(|&class| counts[class] * (means[[class, column]] - mean[column]).powi(2)).sum();
        if between > 0.0 { (between / degrees.0) / (within[column] / degrees.1) } else { 0.0 }
    };
    Ok((0..columns).map(value).collect())
}

impl FittedInputs {
    /// How many inputs there are of `features` columns.
    pub fn count(&self, features: usize) -> usize {
        match &self.method {
            Method::All => features,
            Method::Select(columns) => columns.len(),
            Method::Pca { scale, .. } => scale.len(),
        }
    }

    /// The family of each input, by those of the features; principal components are a family of their own.
    pub fn families<'a>(&self, features: &'a [String]) -> Vec<&'a str> {
        match &self.method {
            Method::All => features.iter().map(String::as_str).collect(),
            Method::Select(columns) => columns.iter().map(|&column| features[column].as_str()).collect(),
            Method::Pca { scale, .. } => vec![""; scale.len()],
        }
    }

    /// Rows `rows x features` to `rows x inputs`.
    pub fn apply<'a>(&self, x: ArrayView2<'a, f32>) -> CowArray<'a, f32, Ix2> {
        let mut x = CowArray::from(x);
        if let Some(bounds) = &self.bounds {
            bounds.clip(x.view_mut());
        }
        match &self.method {
            Method::All => x,
            Method::Select(columns) => x.select(Axis(1), columns).into(),
            Method::Pca { center, components, scale } => (project(x.view(), center, components) * scale).into(),
        }
    }

    /// The share of the values of `rows x features` that are clipped; none where nothing ever is, or without rows.
    pub fn clipped(&self, x: ArrayView2<f32>) -> Option<f64> {
        let bounds = self.bounds.as_ref().filter(|_| !x.is_empty())?;
        Some(bounds.beyond(x) as f64 / x.len() as f64)
    }

    /// The same of a matrix.
    pub fn clipped_of(&self, x: &Matrix) -> Result<Option<f64>, MatrixError> {
        let Some(bounds) = self.bounds.as_ref().filter(|_| !x.is_empty()) else { return Ok(None) };
        let mut beyond = 0;
        x.each_row(|_, row| beyond += bounds.beyond_in(row))?;
        Ok(Some(beyond as f64 / (x.nrows() * x.ncols()) as f64))
    }

    /// Adds every number that `apply` depends on.
    pub fn store(&self, tensors: &mut Tensors) {
        if let Some(bounds) = &self.bounds {
            bounds.store(tensors);
        }
        match &self.method {
            Method::All => {}
            Method::Select(columns) => {
                tensors.put("inputs.column", &[columns.len()], columns.iter().map(|&column| column as u32));
            }
            Method::Pca { center, components, scale } => {
                tensors.put("inputs.center", center.shape(), center.iter().copied());
                tensors.put_matrix("inputs.component", components.view());
                tensors.put("inputs.scale", scale.shape(), scale.iter().copied());
            }
        }
    }

    /// Reads a transform of `features` columns back.
    pub fn load(spec: &Inputs, tensors: &Tensors, features: usize) -> Result<Self, ModelError> {
        let method = match spec.method() {
            InputsMethod::All => Method::All,
            InputsMethod::Select => Method::Select(load_columns(tensors, features)?),
            InputsMethod::Pca => {
                let count = tensors.len::<f32>("inputs.scale")?;
                if count == 0 {
                    return Err(corrupt("there is no principal component".to_owned()));
                }
                Method::Pca {
                    center: Array1::from(tensors.get("inputs.center", &[features])?),
                    components: tensors.matrix("inputs.component", features, count)?,
                    scale: Array1::from(tensors.get("inputs.scale", &[count])?),
                }
            }
        };
        let bounds = spec.clip().map(|_| Bounds::load(tensors, features)).transpose()?;
        Ok(Self { bounds, method })
    }
}

fn load_columns(tensors: &Tensors, features: usize) -> Result<Vec<usize>, ModelError> {
    let columns: Vec<u32> = tensors.get("inputs.column", &[tensors.len::<u32>("inputs.column")?])?;
    let columns: Vec<_> = columns.into_iter().map(|column| column as usize).collect();
    let ordered = columns.windows(2).all(|pair| pair[0] < pair[1]);
    if ordered && columns.last().is_some_and(|&last| last < features) {
        Ok(columns)
    } else {
        Err(corrupt(format!("the selected columns are not some of the {features} columns in order")))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Checked by hand: group means 2 and 5, within 2 + 2, between 2 (1.5^2) 2 = 9.
    #[test]
    fn f_values_are_those_of_an_analysis_of_variance() {
        let x = array![[1.0_f32, 7.0, 1.0], [3.0, 7.0, 1.0], [4.0, 7.0, 2.0], [6.0, 7.0, 2.0]].into();
        let values = f_values(&Rows { x, y: [0, 0, 2, 2].into(), votes: None }).expect("held");
        assert_eq!(values, [9.0 / (4.0 / 2.0), 0.0, f64::INFINITY]);
    }

    #[test]
    fn components_are_scaled_to_a_mean_square_of_one() {
        for whiten in [0.0, 0.5, 1.0] {
            let (variances, scale) = ([9.0, 4.0, 0.25], scale(&[9.0, 4.0, 0.25], whiten));
            let squares = variances.iter().zip(&scale).map(|(v, s)| v * f64::from(*s).powi(2));
            assert!((squares.sum::<f64>() / 3.0 - 1.0).abs() < 1e-6);
            assert!((scale[0] / scale[1] - (2.0_f32 / 3.0).powf(whiten as f32)).abs() < 1e-6);
        }
        assert_eq!(scale(&[0.0], 1.0), array![1.0]);
    }
}
