//! Named arrays of numbers in and out of safetensors bytes. JSON carries no number that a prediction depends on: its
//! decimal floats need not come back bit for bit.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::ModelError;

/// The file that holds the tensors.
pub(super) const WEIGHTS_FILE: &str = "weights.safetensors";

/// A number that a tensor can hold.
pub(super) trait Element: Copy {
    const DTYPE: Dtype;
    fn write(self, bytes: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Self;
    fn is_sound(self) -> bool;
}

macro_rules! element {
    ($type:ty, $dtype:ident, $sound:expr) => {
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
            fn read(bytes: &[u8]) -> Self {
                let mut word = [0; size_of::<$type>()];
                word.copy_from_slice(bytes);
                Self::from_le_bytes(word)
            }
            fn is_sound(self) -> bool {
                let sound: fn($type) -> bool = $sound;
                sound(self)
            }
        }
    };
}
element!(f32, F32, f32::is_finite);
element!(f64, F64, f64::is_finite);
element!(u32, U32, |_| true);

#[derive(Debug, Clone, PartialEq)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Tensors by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tensors(BTreeMap<String, Tensor>);

impl Tensors {
    /// Adds values in row-major order.
    pub fn put<T: Element>(&mut self, name: impl Into<String>, shape: &[usize], values: impl IntoIterator<Item = T>) {
        let mut bytes = Vec::new();
        values.into_iter().for_each(|value| value.write(&mut bytes));
        self.0.insert(name.into(), Tensor { dtype: T::DTYPE, shape: shape.to_vec(), bytes });
    }

    /// Adds a matrix.
    pub fn put_matrix<T: Element>(&mut self, name: impl Into<String>, matrix: ArrayView2<T>) {
        self.put(name, matrix.shape(), matrix.iter().copied());
    }

    /// Adds tensors, `prefix` before their names.
    pub fn put_under(&mut self, prefix: &str, tensors: Self) {
        self.0.extend(tensors.0.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }

    /// Takes out the tensors whose names begin with `prefix`, under the rest of their names.
    pub fn take_under(&mut self, prefix: &str) -> Self {
        let (own, others) = std::mem::take(&mut self.0).into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.0 = others;
        let own: BTreeMap<String, Tensor> = own;
        Self(own.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect())
    }

    /// The values of a tensor of known shape, row-major; floats must be finite.
    pub fn get<T: Element>(&self, name: &str, shape: &[usize]) -> Result<Vec<T>, ModelError> {
        let tensor = self.find::<T>(name)?;
        if tensor.shape != shape {
            return Err(corrupt(format!("tensor `{name}` has shape {:?}, not {shape:?}", tensor.shape)));
        }
        let values: Vec<T> = tensor.bytes.chunks_exact(size_of::<T>()).map(T::read).collect();
        if values.iter().all(|value| value.is_sound()) {
            Ok(values)
        } else {
            Err(corrupt(format!("tensor `{name}` holds a value that is not finite")))
        }
    }

    /// A matrix of known shape.
    pub fn matrix<T: Element>(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<T>, ModelError> {
        let values = self.get(name, &[rows, columns])?;
        Array2::from_shape_vec((rows, columns), values).map_err(|error| corrupt(format!("tensor `{name}`: {error}")))
    }

    /// The length of a tensor's first axis.
    pub fn len<T: Element>(&self, name: &str) -> Result<usize, ModelError> {
        let tensor = self.find::<T>(name)?;
        tensor.shape.first().copied().ok_or_else(|| corrupt(format!("tensor `{name}` has no axis")))
    }

    /// The bytes of the file: the same tensors give the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let views = self.0.iter().map(|(name, tensor)| {
            let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes);
            (name.as_str(), view.expect("put() writes as many values as the shape says"))
        });
        serialize(views, None).expect("the header of a model's few tensors is far below the limit")
    }

    /// The tensors of a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt(error.to_string()))?;
        let owned = |view: TensorView| Tensor {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        Ok(Self(file.tensors().into_iter().map(|(name, view)| (name, owned(view))).collect()))
    }

    fn find<T: Element>(&self, name: &str) -> Result<&Tensor, ModelError> {
        let tensor = self.0.get(name).ok_or_else(|| corrupt(format!("tensor `{name}` is missing")))?;
        if tensor.dtype == T::DTYPE {
            Ok(tensor)
        } else {
            Err(corrupt(format!("tensor `{name}` is of type {:?}, not {:?}", tensor.dtype, T::DTYPE)))
        }
    }
}

/// An error about the tensor file.
pub(super) fn corrupt(reason: String) -> ModelError {
    ModelError::Corrupt { file: WEIGHTS_FILE, reason }
}
