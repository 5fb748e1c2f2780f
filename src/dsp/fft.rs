//! Fourier transforms of real sequences: those of a block at a time, each with the trick that its sequences allow, and
//! one alone. All rest on rustfft and realfft.

mod block;
mod complex;
mod even;
mod pair;
mod single;
#[cfg(test)]
mod testing;

use super::{LANES, Lanes, simd};
use complex::ComplexFft;

pub use block::BlockFft;
pub use even::EvenFft;
pub use pair::PairFft;
pub use single::RealFft;

/// Cosine and sine of `2 pi i / n` for i in 0..n / 2.
fn waves(length: usize) -> Vec<(f32, f32)> {
    let angle = |i: usize| std::f64::consts::TAU * i as f64 / length as f64;
    (0..length / 2).map(|i| (angle(i).cos() as f32, angle(i).sin() as f32)).collect()
}
