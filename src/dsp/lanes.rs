use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// Frames in a block.
pub const LANES: usize = 8;

/// One value of each frame of a block; all arithmetic is lane by lane, so a frame's result never depends on its
/// neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(align(32))]
pub struct Lanes(pub [f32; LANES]);

/// Runs `work` compiled for the best SIMD instructions of this CPU; only what is inlined into it profits.
#[inline(always)]
pub fn simd<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

impl Lanes {
    /// Eight zeros.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// Applies `f` to each lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut out = [0.0; LANES];
        for (out, value) in out.iter_mut().zip(self.0) {
            *out = f(value);
        }
        Self(out)
    }

    /// Combines two values lane by lane.
    #[inline(always)]
    pub fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = [0.0; LANES];
        for (out, (left, right)) in out.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *out = f(left, right);
        }
        Self(out)
    }

    /// The larger of each pair.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    /// The smaller of each pair.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    /// Square root of each lane.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
}

macro_rules! lanewise {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl $trait for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $operator b)
            }
        }
        impl $trait<f32> for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f32) -> Self {
                self.map(|a| a $operator other)
            }
        }
    };
}
lanewise!(Add, add, +);
lanewise!(Sub, sub, -);
lanewise!(Mul, mul, *);
lanewise!(Div, div, /);

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
