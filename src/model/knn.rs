//! k nearest neighbours: Cover & Hart, Nearest neighbor pattern classification, 1967. linfa finds them by Euclidean
//! distance. It looks at every training row: trees save little where there are dozens of columns, and grow as deep as they
//! have rows where many rows are equal.

use linfa_nn::distance::L2Dist;
use linfa_nn::{LinearSearch, NearestNeighbour};
use ndarray::{Array2, ArrayView1, ArrayView2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{Sample, Task};
use super::tensors::{Tensors, corrupt};
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored, scale_to_one};
use crate::options::{ConfigError, between};

/// `[train.knn]`: the classes of the training rows that lie nearest. Fitted only where `train.models`
/// names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Knn {
    /// Neighbours that vote, 1 to 1000; default 15. All training rows where there are fewer.
    pub neighbours: usize,
    /// What a vote weighs: uniform (default) or distance.
    pub votes: Votes,
    /// Most training rows, 2 to 1000000, default 20000: a saved model holds them all, and every prediction searches
    /// them. Above it a seeded sample, in proportion to the classes, is kept, and a note says so.
    pub max_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

/// What the vote of a neighbour weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Votes {
    /// Every neighbour counts the same.
    Uniform,
    /// One over the distance; neighbours at the same place outvote all others.
    Distance,
}

impl Default for Knn {
    fn default() -> Self {
        Self { neighbours: 15, votes: Votes::Uniform, max_rows: 20_000, inputs: Inputs::default() }
    }
}

impl Algorithm for Knn {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.knn")?;
        between("train.knn.neighbours", self.neighbours, 1, 1000)?;
        between("train.knn.max_rows", self.max_rows, 2, 1_000_000)
    }

    fn title(&self) -> String {
        format!("{} nearest neighbours", self.neighbours)
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn is_usual(&self) -> bool {
        false
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        let Sample { x, y, notes } = task.sample(ModelKind::Knn, self.max_rows)?;
        let (rows, classes_of) = (x.into_owned(), y.into_owned());
        let model = Neighbours { options: self.clone(), rows, classes_of, classes: task.classes };
        Ok(Learned::new(model, notes))
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        let count = tensors.len::<f32>("knn.row")?;
        let rows = tensors.matrix("knn.row", count, inputs)?;
        let classes_of: Vec<u32> = tensors.get("knn.class", &[count])?;
        let classes_of: Vec<usize> = classes_of.into_iter().map(|class| class as usize).collect();
        self.check().map_err(|error| corrupt(error.to_string()))?;
        if count == 0 || classes_of.iter().any(|class| *class >= classes) {
            return Err(corrupt(format!("its {count} training rows are not all of {classes} classes")));
        }
        Ok(Box::new(Neighbours { options: self.clone(), rows, classes_of, classes }))
    }
}

/// The training rows `rows x inputs`, and the class of each.
struct Neighbours {
    options: Knn,
    rows: Array2<f32>,
    classes_of: Vec<usize>,
    classes: usize,
}

impl Neighbours {
    /// Weight of the vote of training row `neighbour` for a row, given the distance of the nearest one.
    fn vote(&self, row: ArrayView1<f32>, neighbour: usize, nearest: f64) -> f64 {
        match self.options.votes {
            Votes::Uniform => 1.0,
            Votes::Distance => match self.distance(row, neighbour) {
                distance if distance > 0.0 && nearest > 0.0 => nearest / distance,
                0.0 => 1.0,
                _ => 0.0,
            },
        }
    }

    fn distance(&self, row: ArrayView1<f32>, neighbour: usize) -> f64 {
        let pairs = row.iter().zip(self.rows.row(neighbour));
        pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
    }
}

impl Classifier for Neighbours {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let index = LinearSearch.from_batch(&self.rows, L2Dist).expect("a model has an input");
        let mut shares = Array2::<f64>::zeros((x.nrows(), self.classes));
        for (row, mut shares) in x.rows().into_iter().zip(shares.rows_mut()) {
            let near = index.k_nearest(row, self.options.neighbours).expect("rows have the inputs of the model");
            let nearest = near.first().map_or(0.0, |(_, first)| self.distance(row, *first));
            near.iter().for_each(|(_, at)| shares[self.classes_of[*at]] += self.vote(row, *at, nearest));
            scale_to_one(shares);
        }
        shares.mapv(|share| share as f32)
    }
}

impl Stored for Neighbours {
    fn store(&self, tensors: &mut Tensors) {
        tensors.put_matrix("knn.row", self.rows.view());
        let classes = self.classes_of.iter().map(|&class| class as u32);
        tensors.put("knn.class", &[self.classes_of.len()], classes);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::model::ModelSpec;

    fn model(neighbours: usize, votes: Votes) -> Neighbours {
        let options = Knn { neighbours, votes, ..Knn::default() };
        let rows = array![[0.0_f32, 0.0], [0.0, 2.0], [0.0, 6.0], [8.0, 0.0]];
        Neighbours { options, rows, classes_of: vec![0, 1, 1, 2], classes: 3 }
    }

    /// Distances of (0, 1) to the rows: 1, 1, 5, the root of 65. Of (0, 0): 0, 2, 6, 8.
    #[test]
    fn the_nearest_vote() {
        let x = array![[0.0_f32, 1.0], [0.0, 0.0]];
        let uniform = model(3, Votes::Uniform).probabilities(x.view());
        assert_eq!(uniform, array![[1.0 / 3.0, 2.0 / 3.0, 0.0], [1.0 / 3.0, 2.0 / 3.0, 0.0]]);
        let weighted = model(3, Votes::Distance).probabilities(x.view());
        assert_eq!(weighted.row(1), array![1.0, 0.0, 0.0], "the row itself outvotes all others");
        let (own, other) = (1.0 / 2.2, 1.2 / 2.2);
        assert!((weighted[[0, 0]] - own).abs() < 1e-6 && (weighted[[0, 1]] - other).abs() < 1e-6, "{weighted}");
        assert_eq!(model(9, Votes::Uniform).probabilities(x.view()).row(0), array![0.25, 0.5, 0.25], "all there are");
    }

    /// scikit-learn 1.9: `KNeighborsClassifier(5, weights=...).fit(x, y).predict_proba(...)`
    #[test]
    fn votes_are_those_of_scikit_learn() {
        let data = super::super::tests::overlapping();
        let x = array![[1.0_f32, 2.0, 3.0], [4.0, 0.5, 2.5]];
        let want = [
            (Votes::Uniform, [[0.0_f32, 0.2, 0.8], [0.6, 0.2, 0.2]]),
            (Votes::Distance, [[0.0, 0.099_697_5, 0.900_302_5], [0.623_233_7, 0.199_198_5, 0.177_567_8]]),
        ];
        for (votes, want) in want {
            let options = Knn { neighbours: 5, votes, ..Knn::default() };
            let (rows, classes_of) = (data.rows.x.to_owned(), data.rows.y.clone());
            let got = Neighbours { options, rows, classes_of, classes: 3 }.probabilities(x.view());
            for (got, want) in got.rows().into_iter().zip(want) {
                assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{got} {want:?}");
            }
        }
    }

    #[test]
    fn neighbours_are_those_that_a_sort_of_all_rows_finds() {
        let value = |row: usize, column: usize| ((row * 37 + column * 101) % 97) as f32 / 9.0 + (row as f32).sin();
        let rows = Array2::from_shape_fn((200, 6), |(row, column)| value(row, column));
        let classes_of = (0..200).map(|row| row % 4).collect();
        let model = Neighbours { options: Knn::default(), rows, classes_of, classes: 4 };
        let x = Array2::from_shape_fn((50, 6), |(row, column)| value(3 * row + 1, column + 2) + 0.01);
        for (row, got) in x.rows().into_iter().zip(model.probabilities(x.view()).rows()) {
            let mut order: Vec<usize> = (0..200).collect();
            order.sort_by(|&a, &b| model.distance(row, a).total_cmp(&model.distance(row, b)));
            let mut want = [0.0_f32; 4];
            order[..15].iter().for_each(|&at| want[at % 4] += 1.0 / 15.0);
            assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{got} {want:?}");
        }
    }

    #[test]
    fn equal_rows_and_far_ones_are_judged() {
        let rows = Array2::from_shape_fn((5000, 2), |(row, _)| if row < 3000 { 0.0 } else { 1e19 });
        let classes_of = (0..5000).map(|row| usize::from(row >= 3000)).collect();
        let model = Neighbours { options: Knn::default(), rows, classes_of, classes: 2 };
        let got = model.probabilities(array![[0.5_f32, 0.0], [3e38, 3e38]].view());
        assert_eq!(got.row(0), array![1.0, 0.0]);
        assert!(got.row(1).iter().all(|share| share.is_finite()));
    }

    #[test]
    fn a_saved_model_with_options_that_no_check_lets_through_is_refused() {
        let data = super::super::tests::overlapping();
        let spec = ModelSpec::Knn(Knn { neighbours: 5, ..Knn::default() });
        let error = super::super::tests::changed_card(&spec, &data, "\"neighbours\": 5", "\"neighbours\": 0");
        assert!(error.contains("`train.knn.neighbours` is 0"), "{error}");
    }
}
