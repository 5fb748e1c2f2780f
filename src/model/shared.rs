//! What fits on the same rows have in common, computed once, when it is first asked for.
//!
//! Nothing in here runs in parallel: a thread that waited for a part of its own work while it holds a cell could be
//! handed another fit that asks for the same cell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::bounds::Bounds;
use super::kernel::Pairs;
use super::pca::{Decomposition, Projection};
use super::{Inputs, InputsMethod, Problem};
use crate::dataset::Rows;
use crate::matrix::MatrixError;

/// Work that fits on the same rows share: joined and clipped rows, F values, principal components, kernels. A fit gives
/// the same bits with it and without it; whoever fits many models on the same rows puts one into each [`Problem`].
pub struct Shared {
    train: Rows,
    dev: Option<Rows>,
    /// By whether dev rows are among them, and the bits of how far values may lie from their mean.
    parts: Memo<(bool, Option<u64>), TrainingRows>,
}

impl Shared {
    /// Nothing is computed yet.
    pub fn new(problem: &Problem) -> Self {
        Self { train: problem.train.clone(), dev: problem.dev.cloned(), parts: Memo::default() }
    }

    /// Whether this was made of the problem's rows: the very same numbers.
    pub(super) fn is_of(&self, problem: &Problem) -> bool {
        let same = |a: &Rows, b: &Rows| a.x.is_same(&b.x) && a.y == b.y && a.votes == b.votes;
        let dev = match (&self.dev, problem.dev) {
            (Some(own), Some(other)) => same(own, other),
            (own, other) => own.is_none() && other.is_none(),
        };
        dev && same(&self.train, problem.train)
    }

    /// The training rows, dev rows behind them where asked for, values clipped `clip` standard deviations from the mean.
    pub(super) fn part(&self, with_dev: bool, clip: Option<f64>) -> Result<Arc<TrainingRows>, MatrixError> {
        let with_dev = with_dev && self.dev.is_some();
        self.parts.get((with_dev, clip.map(f64::to_bits)), || match clip {
            None => Ok(TrainingRows::new(self.joined(with_dev)?, None)),
            Some(clip) => {
                let rows = self.part(with_dev, None)?.rows.clone();
                let bounds = Bounds::of(&rows.x, clip)?;
                let clipped = rows.x.map(rows.x.ncols(), |rows, mut clipped| {
                    clipped.assign(&rows);
                    bounds.clip(clipped);
                })?;
                Ok(TrainingRows::new(Rows { x: clipped, ..rows }, Some(bounds)))
            }
        })
    }

    fn joined(&self, with_dev: bool) -> Result<Rows, MatrixError> {
        match self.dev.as_ref().filter(|_| with_dev) {
            None => Ok(self.train.clone()),
            Some(dev) => {
                let votes = self.train.votes.as_ref().zip(dev.votes.as_ref());
                Ok(Rows {
                    x: self.train.x.followed_by(&dev.x)?,
                    y: [&self.train.y[..], &dev.y].concat().into(),
                    votes: votes.map(|(train, dev)| [&train[..], dev].concat().into()),
                })
            }
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({:?} training rows and features)", self.train.x.dim())
    }
}

/// Rows that models are fitted on, and what was computed of them.
pub(super) struct TrainingRows {
    pub rows: Rows,
    /// What the rows were clipped to.
    pub bounds: Option<Bounds>,
    f_values: Memo<(), Vec<f64>>,
    decomposition: Memo<(), Decomposition>,
    projections: Memo<usize, Projection>,
    /// By what was made of the columns.
    kernels: Memo<(InputsMethod, Option<usize>, Option<u64>), Kernels>,
}

impl TrainingRows {
    fn new(rows: Rows, bounds: Option<Bounds>) -> Self {
        let (f_values, decomposition) = (Memo::default(), Memo::default());
        Self { rows, bounds, f_values, decomposition, projections: Memo::default(), kernels: Memo::default() }
    }

    /// The F value of each column.
    pub fn f_values(&self) -> Result<Arc<Vec<f64>>, MatrixError> {
        self.f_values.get((), || super::fitted_inputs::f_values(&self.rows))
    }

    /// The principal components.
    pub fn decomposition(&self) -> Result<Arc<Decomposition>, MatrixError> {
        self.decomposition.get((), || Decomposition::new(&self.rows.x))
    }

    /// The first `count` principal components, and the rows in them.
    pub fn projection(&self, count: usize) -> Result<Arc<Projection>, MatrixError> {
        self.projections.get(count, || self.decomposition()?.projection(&self.rows.x, count))
    }

    /// Where kernels between the rows stand, in these inputs, once a fit needs them.
    pub fn kernels(&self, inputs: &Inputs) -> Result<Arc<Kernels>, MatrixError> {
        let key = (inputs.method(), inputs.columns, inputs.whiten.map(f64::to_bits));
        self.kernels.get(key, || Ok(Kernels::default()))
    }
}

/// Kernels between the same rows, by the bits of their gamma. Each takes 4 x rows^2 bytes.
pub(super) type Kernels = Memo<u64, Pairs>;

/// Values by key; each is computed once, by the thread that asks first, while others that want it wait.
#[derive(Debug)]
pub(super) struct Memo<K, V>(Mutex<BTreeMap<K, Cell<V>>>);

/// A value that is computed once, or why it could not be.
type Cell<V> = Arc<OnceLock<Result<Arc<V>, MatrixError>>>;

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V> Memo<K, V> {
    pub fn get(&self, key: K, compute: impl FnOnce() -> Result<V, MatrixError>) -> Result<Arc<V>, MatrixError> {
        let cell = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        cell.get_or_init(|| compute().map(Arc::new)).clone()
    }
}
