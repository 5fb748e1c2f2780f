//! Decision tree and random forest. smartcore grows the trees (seeded and repeatable); they are then copied into plain
//! arrays that are checked when loaded, and each leaf gets the class shares of the training rows that reach it.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_classifier::{RandomForestClassifier, RandomForestClassifierParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_classifier::{
    DecisionTreeClassifier, DecisionTreeClassifierParameters, SplitCriterion,
};

use super::problem::{MAX_ROWS, Sample, Task, check_max_rows};
use super::tensors::{Tensors, corrupt};
use super::{Algorithm, Classifier, Inputs, Learned, ModelError, ModelKind, Stored};
use crate::options::{ConfigError, between};

/// `[train.tree]`: a decision tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
    /// Impurity measure of splits: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 12.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 5.
    pub min_leaf_rows: usize,
    /// Most rows that the model is fitted on, 2 to 100,000,000; default 50,000. The fit needs all rows in memory in
    /// double precision, so of more rows a seeded sample is taken, in proportion to the classes, with a note.
    pub max_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            criterion: Criterion::Gini,
            max_depth: 12,
            min_leaf_rows: 5,
            max_rows: MAX_ROWS,
            inputs: Inputs::default(),
        }
    }
}

impl Algorithm for Tree {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.tree")?;
        check_max_rows("train.tree.max_rows", self.max_rows)?;
        between("train.tree.max_depth", self.max_depth, 1, 1000)?;
        between("train.tree.min_leaf_rows", self.min_leaf_rows, 1, 1 << 20)
    }

    fn title(&self) -> String {
        "decision tree".to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit_tree(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(tensors, inputs, classes)
    }
}

/// `[train.forest]`: a random forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Forest {
    /// Trees, 1 to 10000; default 100.
    pub trees: usize,
    /// Impurity measure of splits: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 30.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 1.
    pub min_leaf_rows: usize,
    /// Features tried at a split, 1 or more; default the square root of their number.
    pub split_features: Option<usize>,
    /// Most rows that the model is fitted on, 2 to 100,000,000; default 50,000. The fit needs all rows in memory in
    /// double precision, so of more rows a seeded sample is taken, in proportion to the classes, with a note.
    pub max_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

impl Default for Forest {
    fn default() -> Self {
        Self {
            trees: 100,
            criterion: Criterion::Gini,
            max_depth: 30,
            min_leaf_rows: 1,
            split_features: None,
            max_rows: MAX_ROWS,
            inputs: Inputs::default(),
        }
    }
}

impl Algorithm for Forest {
    fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.forest")?;
        check_max_rows("train.forest.max_rows", self.max_rows)?;
        between("train.forest.trees", self.trees, 1, 10_000)?;
        between("train.forest.max_depth", self.max_depth, 1, 1000)?;
        between("train.forest.min_leaf_rows", self.min_leaf_rows, 1, 1 << 20)?;
        self.split_features.map_or(Ok(()), |m| between("train.forest.split_features", m, 1, 1 << 20))
    }

    fn title(&self) -> String {
        format!("random forest of {} trees", self.trees)
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn is_random(&self) -> bool {
        true
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit_forest(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        load(tensors, inputs, classes)
    }
}

/// Impurity of a tree's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// 1 minus the sum of the squared class shares.
    Gini,
    /// Shannon entropy of the class shares.
    Entropy,
}

/// One tree or many; probabilities are averaged over them.
struct Trees {
    trees: Vec<Grown>,
    classes: usize,
}

/// Nodes in an order that puts children after their parent; the first is the root.
struct Grown {
    nodes: Vec<Node>,
    /// Class shares of the rows in each node: `nodes x classes`.
    shares: Array2<f32>,
}

/// A split: rows with `feature <= threshold` go to the first child. A leaf has children 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    feature: u32,
    threshold: f64,
    children: [u32; 2],
}

/// Grows a tree.
fn fit_tree(spec: &Tree, task: &Task) -> Result<Learned, ModelError> {
    let parameters = DecisionTreeClassifierParameters {
        criterion: criterion(spec.criterion),
        max_depth: Some(spec.max_depth),
        min_samples_leaf: spec.min_leaf_rows,
        min_samples_split: 2,
        seed: Some(task.seed),
    };
    let sample = task.sample(ModelKind::Tree, spec.max_rows)?;
    let (x, y) = smartcore_rows(ModelKind::Tree, &sample)?;
    let grown = DecisionTreeClassifier::fit(&x, &y, parameters).map_err(failed(ModelKind::Tree))?;
    let tree = Grown::new(read(ModelKind::Tree, &grown)?, &vec![true; y.len()], &sample, task.classes);
    Ok(Learned::new(Trees { trees: vec![tree], classes: task.classes }, sample.notes))
}

/// Grows a forest, a tree at a time in parallel, each with a seed of its own.
fn fit_forest(spec: &Forest, task: &Task) -> Result<Learned, ModelError> {
    let mut rng = ChaCha8Rng::seed_from_u64(task.seed);
    let seeds: Vec<u64> = (0..spec.trees).map(|_| rng.next_u64()).collect();
    let sample = task.sample(ModelKind::Forest, spec.max_rows)?;
    let (x, y) = smartcore_rows(ModelKind::Forest, &sample)?;
    let features = task.train.x.ncols();
    let tried = spec.split_features.unwrap_or((features as f64).sqrt() as usize).clamp(1, features);
    let grow = |&seed: &u64| {
        let parameters = RandomForestClassifierParameters {
            criterion: criterion(spec.criterion),
            max_depth: Some(spec.max_depth),
            min_samples_leaf: spec.min_leaf_rows,
            min_samples_split: 2,
            n_trees: 1,
            m: Some(tried),
            keep_samples: true,
            seed,
        };
        let grown = RandomForestClassifier::fit(&x, &y, parameters).map_err(failed(ModelKind::Forest))?;
        let GrownForest { trees: [tree], samples: [in_bag] } = read(ModelKind::Forest, &grown)?;
        Ok::<_, ModelError>(Grown::new(tree, &in_bag, &sample, task.classes))
    };
    let trees = seeds.par_iter().map(grow).collect::<Result<_, _>>()?;
    Ok(Learned::new(Trees { trees, classes: task.classes }, sample.notes))
}

/// Reads trees back.
fn load(tensors: &Tensors, features: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
    let sizes: Vec<u32> = tensors.get("trees.size", &[tensors.len::<u32>("trees.size")?])?;
    let count = tensors.len::<u32>("trees.feature")?;
    if sizes.is_empty() || sizes.contains(&0) || sizes.iter().map(|&size| u64::from(size)).sum::<u64>() != count as u64
    {
        return Err(corrupt(format!("the tree sizes do not sum to the {count} nodes")));
    }
    let split: Vec<u32> = tensors.get("trees.feature", &[count])?;
    let threshold: Vec<f64> = tensors.get("trees.threshold", &[count])?;
    let children: Vec<u32> = tensors.get("trees.children", &[count, 2])?;
    let shares: Array2<f32> = tensors.matrix("trees.share", count, classes)?;
    let node = |i: usize| Node {
        feature: split[i],
        threshold: threshold[i],
        children: [children[2 * i], children[2 * i + 1]],
    };
    let mut trees = Vec::with_capacity(sizes.len());
    let mut start = 0;
    for size in sizes.into_iter().map(|size| size as usize) {
        let nodes: Vec<Node> = (start..start + size).map(node).collect();
        check_nodes(&nodes, features)?;
        trees.push(Grown { nodes, shares: shares.slice_axis(Axis(0), (start..start + size).into()).to_owned() });
        start += size;
    }
    Ok(Box::new(Trees { trees, classes }))
}

/// A walk from the root ends, within the nodes and the features.
fn check_nodes(nodes: &[Node], features: usize) -> Result<(), ModelError> {
    for (index, node) in nodes.iter().enumerate() {
        let onward = node.children.iter().all(|&child| child as usize > index && (child as usize) < nodes.len());
        if !(node.is_leaf() || onward && (node.feature as usize) < features) {
            return Err(corrupt(format!("tree node {index} points outside its tree")));
        }
    }
    Ok(())
}

fn criterion(criterion: Criterion) -> SplitCriterion {
    match criterion {
        Criterion::Gini => SplitCriterion::Gini,
        Criterion::Entropy => SplitCriterion::Entropy,
    }
}

/// Column-major doubles: the midpoint of two singles is exact there.
fn smartcore_rows(model: ModelKind, sample: &Sample) -> Result<(DenseMatrix<f64>, Vec<u32>), ModelError> {
    let (rows, features) = sample.x.dim();
    let values = sample.x.t().iter().map(|&value| f64::from(value)).collect();
    let x = DenseMatrix::new(rows, features, values, true).map_err(failed(model))?;
    Ok((x, sample.y.iter().map(|&class| class as u32).collect()))
}

fn failed(model: ModelKind) -> impl Fn(smartcore::error::Failed) -> ModelError {
    move |error| ModelError::Fit { model, reason: error.to_string() }
}

/// smartcore's trees, whose fields are private, as they serialise themselves.
#[derive(Deserialize)]
struct GrownForest {
    trees: [GrownTree; 1],
    /// Whether each row was drawn for the tree.
    samples: [Vec<bool>; 1],
}

#[derive(Deserialize)]
struct GrownTree {
    nodes: Vec<GrownNode>,
}

#[derive(Deserialize)]
struct GrownNode {
    split_feature: u32,
    split_value: Option<f64>,
    true_child: Option<u32>,
    false_child: Option<u32>,
}

fn read<T: for<'de> Deserialize<'de>>(model: ModelKind, grown: &impl Serialize) -> Result<T, ModelError> {
    let value = serde_json::to_value(grown).and_then(serde_json::from_value);
    value.map_err(|error| ModelError::Fit { model, reason: error.to_string() })
}

impl Node {
    fn new(grown: &GrownNode) -> Self {
        match (grown.split_value, grown.true_child, grown.false_child) {
            (Some(threshold), Some(yes), Some(no)) => {
                Self { feature: grown.split_feature, threshold, children: [yes, no] }
            }
            _ => Self { feature: 0, threshold: 0.0, children: [0, 0] },
        }
    }

    fn is_leaf(&self) -> bool {
        self.children == [0, 0]
    }
}

impl Grown {
    fn new(grown: GrownTree, in_bag: &[bool], sample: &Sample, classes: usize) -> Self {
        let nodes: Vec<Node> = grown.nodes.iter().map(Node::new).collect();
        let mut tree = Self { shares: Array2::zeros((nodes.len(), classes)), nodes };
        for (row, &class) in sample.y.iter().enumerate().filter(|(row, _)| in_bag[*row]) {
            let leaf = tree.leaf(sample.x.row(row));
            tree.shares[[leaf, class]] += 1.0;
        }
        for mut shares in tree.shares.rows_mut() {
            let sum = shares.sum();
            shares.mapv_inplace(|count| if sum > 0.0 { count / sum } else { 0.0 });
        }
        tree
    }

    /// The leaf that a row ends in.
    fn leaf(&self, x: ArrayView1<f32>) -> usize {
        let mut index = 0;
        while !self.nodes[index].is_leaf() {
            let Node { feature, threshold, children } = self.nodes[index];
            index = children[usize::from(f64::from(x[feature as usize]) > threshold)] as usize;
        }
        index
    }
}

impl Classifier for Trees {
    fn probabilities(&self, x: ArrayView2<f32>) -> Array2<f32> {
        let mut sums = Array2::<f64>::zeros((x.nrows(), self.classes));
        for tree in &self.trees {
            for (mut sum, row) in sums.rows_mut().into_iter().zip(x.rows()) {
                sum += &tree.shares.row(tree.leaf(row)).mapv(f64::from);
            }
        }
        sums.rows_mut().into_iter().for_each(super::scale_to_one);
        sums.mapv(|p| p as f32)
    }
}

impl Stored for Trees {
    fn store(&self, tensors: &mut Tensors) {
        let nodes = || self.trees.iter().flat_map(|tree| &tree.nodes);
        let count = nodes().count();
        tensors.put("trees.size", &[self.trees.len()], self.trees.iter().map(|tree| tree.nodes.len() as u32));
        tensors.put("trees.feature", &[count], nodes().map(|node| node.feature));
        tensors.put("trees.threshold", &[count], nodes().map(|node| node.threshold));
        tensors.put("trees.children", &[count, 2], nodes().flat_map(|node| node.children));
        let shares = self.trees.iter().flat_map(|tree| tree.shares.iter().copied());
        tensors.put("trees.share", &[count, self.classes], shares);
    }
}
