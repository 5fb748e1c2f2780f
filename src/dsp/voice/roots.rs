use super::{LANES, simd};
use rustfft::num_traits::Float;

/// One double of each frame of a block.
pub(super) type Wide = [f64; LANES];

/// Iterations after which a root counts as found: convergence is cubic, and ten are rarely needed.
const MOST_ITERATIONS: usize = 40;

/// Squared step below which a root counts as found.
const CLOSE_ENOUGH: f64 = 1e-20;

/// Iterations in single precision, which come near at a third of the cost, and the squared step at which they end.
const ROUGH_ITERATIONS: usize = 12;
const NEAR: f32 = 1e-8;

/// All complex roots of eight real polynomials at a time, by the Aberth-Ehrlich iteration (Aberth 1973).
#[derive(Debug, Clone)]
pub(super) struct Roots {
    found: Points<f64>,
    rough: Points<f32>,
    rough_coefficients: Vec<[f32; LANES]>,
}

/// A point of the complex plane each root, eight side by side.
#[derive(Debug, Clone)]
struct Points<T> {
    re: Vec<[T; LANES]>,
    im: Vec<[T; LANES]>,
}

impl Roots {
    /// Room for the roots of polynomials of degree `degree`.
    pub fn new(degree: usize) -> Self {
        Self { found: Points::new(degree), rough: Points::new(degree), rough_coefficients: Vec::new() }
    }

    /// Finds the roots of `z^n + c[1] z^(n-1) + ... + c[n]`, `c` being `degree + 1` coefficients with `c[0]` = 1, in
    /// the lanes that are `active`; the others keep no meaning.
    pub fn solve(&mut self, coefficients: &[Wide], active: [bool; LANES]) {
        self.rough_coefficients.clear();
        self.rough_coefficients.extend(coefficients.iter().map(|wide| wide.map(|value| value as f32)));
        let degree = self.found.re.len();
        for k in 0..degree {
            let (re, im) = start(k, degree);
            (self.rough.re[k], self.rough.im[k]) = ([re as f32; LANES], [im as f32; LANES]);
        }
        self.rough.approach(&self.rough_coefficients, active, ROUGH_ITERATIONS, NEAR);
        for k in 0..degree {
            for lane in 0..LANES {
                let (re, im) = (self.rough.re[k][lane], self.rough.im[k][lane]);
                let is_near = re.is_finite() && im.is_finite();
                (self.found.re[k][lane], self.found.im[k][lane]) =
                    if is_near { (f64::from(re), f64::from(im)) } else { start(k, degree) };
            }
        }
        self.found.approach(coefficients, active, MOST_ITERATIONS, CLOSE_ENOUGH);
    }

    /// Real and imaginary parts of the roots of a lane, in no order.
    pub fn of(&self, lane: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.found.re.iter().zip(&self.found.im).map(move |(re, im)| (re[lane], im[lane]))
    }
}

/// Where root `k` of `degree` is looked for first: off the real axis' symmetry, which the iteration would keep.
fn start(k: usize, degree: usize) -> (f64, f64) {
    let angle = std::f64::consts::TAU * (k as f64 + 0.35) / degree as f64;
    (0.9 * angle.cos(), 0.9 * angle.sin())
}

impl<T: Float> Points<T> {
    fn new(roots: usize) -> Self {
        Self { re: vec![[T::zero(); LANES]; roots], im: vec![[T::zero(); LANES]; roots] }
    }

    /// Moves the roots of the `active` lanes until their squared steps are below `close`, at most `iterations` times.
    fn approach(&mut self, coefficients: &[[T; LANES]], active: [bool; LANES], iterations: usize, close: T) {
        let mut moving = active.map(|active| if active { T::one() } else { T::zero() });
        for _ in 0..iterations {
            let largest = simd(
                #[inline(always)]
                || iterate(coefficients, (&mut *self.re, &mut *self.im), &moving),
            );
            for (moving, largest) in moving.iter_mut().zip(largest) {
                if largest < close {
                    *moving = T::zero();
                }
            }
            if moving == [T::zero(); LANES] {
                break;
            }
        }
    }
}

/// Moves every root of the `moving` lanes once; the largest squared step of each lane.
#[inline(always)]
fn iterate<T: Float>(
    coefficients: &[[T; LANES]],
    (re, im): (&mut [[T; LANES]], &mut [[T; LANES]]),
    moving: &[T; LANES],
) -> [T; LANES] {
    let mut largest = [T::zero(); LANES];
    for k in 0..re.len() {
        let newton = newton_step(coefficients, &re[k], &im[k]);
        let pull = pull(re, im, k);
        for lane in 0..LANES {
            // step = w / (1 - w s)
            let (w_re, w_im) = (newton.0[lane], newton.1[lane]);
            let (s_re, s_im) = (pull.0[lane], pull.1[lane]);
            let (d_re, d_im) = (T::one() - (w_re * s_re - w_im * s_im), -(w_re * s_im + w_im * s_re));
            let norm = moving[lane] / at_least_tiny(d_re * d_re + d_im * d_im);
            let step_re = (w_re * d_re + w_im * d_im) * norm;
            let step_im = (w_im * d_re - w_re * d_im) * norm;
            re[k][lane] = re[k][lane] - step_re;
            im[k][lane] = im[k][lane] - step_im;
            let squared = step_re * step_re + step_im * step_im;
            largest[lane] = if squared > largest[lane] { squared } else { largest[lane] };
        }
    }
    largest
}

/// Sum of `1 / (z_k - z_j)` over the other roots.
#[inline(always)]
fn pull<T: Float>(re: &[[T; LANES]], im: &[[T; LANES]], k: usize) -> ([T; LANES], [T; LANES]) {
    let (mut sum_re, mut sum_im) = ([T::zero(); LANES], [T::zero(); LANES]);
    for j in (0..re.len()).filter(|j| *j != k) {
        for lane in 0..LANES {
            let (re, im) = (re[k][lane] - re[j][lane], im[k][lane] - im[j][lane]);
            let norm = T::one() / at_least_tiny(re * re + im * im);
            sum_re[lane] = sum_re[lane] + re * norm;
            sum_im[lane] = sum_im[lane] - im * norm;
        }
    }
    (sum_re, sum_im)
}

/// Keeps a divisor from being 0.
#[inline(always)]
fn at_least_tiny<T: Float>(value: T) -> T {
    if value > T::min_positive_value() { value } else { T::min_positive_value() }
}

/// Value over derivative of the polynomial at `re + i im`, by Horner's rule.
#[inline(always)]
fn newton_step<T: Float>(coefficients: &[[T; LANES]], re: &[T; LANES], im: &[T; LANES]) -> ([T; LANES], [T; LANES]) {
    let zero = [T::zero(); LANES];
    let (mut p_re, mut p_im, mut d_re, mut d_im) = (coefficients[0], zero, zero, zero);
    for coefficient in &coefficients[1..] {
        for lane in 0..LANES {
            let (x, y) = (re[lane], im[lane]);
            let (old_re, old_im) = (d_re[lane], d_im[lane]);
            d_re[lane] = old_re * x - old_im * y + p_re[lane];
            d_im[lane] = old_re * y + old_im * x + p_im[lane];
            let (old_re, old_im) = (p_re[lane], p_im[lane]);
            p_re[lane] = old_re * x - old_im * y + coefficient[lane];
            p_im[lane] = old_re * y + old_im * x;
        }
    }
    let (mut step_re, mut step_im) = (zero, zero);
    for lane in 0..LANES {
        let norm = T::one() / at_least_tiny(d_re[lane] * d_re[lane] + d_im[lane] * d_im[lane]);
        step_re[lane] = (p_re[lane] * d_re[lane] + p_im[lane] * d_im[lane]) * norm;
        step_im[lane] = (p_im[lane] * d_re[lane] - p_re[lane] * d_im[lane]) * norm;
    }
    (step_re, step_im)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coefficients of the real polynomial with the given roots and their conjugates.
    fn polynomial(pairs: &[(f64, f64)]) -> Vec<f64> {
        let mut coefficients = vec![1.0];
        for (radius, angle) in pairs {
            let factor = [1.0, -2.0 * radius * angle.cos(), radius * radius];
            let mut product = vec![0.0; coefficients.len() + 2];
            for (i, c) in coefficients.iter().enumerate() {
                for (j, f) in factor.iter().enumerate() {
                    product[i + j] += c * f;
                }
            }
            coefficients = product;
        }
        coefficients
    }

    #[test]
    fn roots_are_those_the_polynomial_was_made_of() {
        let pairs = |lane: usize| -> Vec<(f64, f64)> {
            (1..=5)
                .map(|k| (0.99 - 0.03 * k as f64 - 0.01 * lane as f64, 0.5 * k as f64 + 0.03 * lane as f64))
                .collect()
        };
        let polynomials: Vec<Vec<f64>> = (0..LANES).map(|lane| polynomial(&pairs(lane))).collect();
        let coefficients: Vec<Wide> = (0..11).map(|c| std::array::from_fn(|lane| polynomials[lane][c])).collect();
        let mut roots = Roots::new(10);
        roots.solve(&coefficients, [true; LANES]);
        for lane in 0..LANES {
            for (radius, angle) in pairs(lane) {
                for sign in [1.0, -1.0] {
                    let (re, im) = (radius * angle.cos(), sign * radius * angle.sin());
                    let distance = |found: (f64, f64)| (found.0 - re).hypot(found.1 - im);
                    let nearest = roots.of(lane).map(distance).fold(f64::INFINITY, f64::min);
                    assert!(nearest < 1e-9, "lane {lane}: {radius} at {angle} is {nearest} away");
                }
            }
        }
    }

    #[test]
    fn lanes_do_not_depend_on_each_other() {
        let one = polynomial(&[(0.97, 0.3), (0.95, 0.9), (0.9, 2.0)]);
        let other = polynomial(&[(0.5, 1.3), (0.5, 1.4), (0.99, 3.0)]);
        let solve = |rest: &[f64]| {
            let mut roots = Roots::new(6);
            let value = |c: usize, lane: usize| if lane == 2 { one[c] } else { rest[c] };
            let coefficients: Vec<Wide> = (0..7).map(|c| std::array::from_fn(|lane| value(c, lane))).collect();
            roots.solve(&coefficients, [true; LANES]);
            roots.of(2).map(|(re, im)| (re.to_bits(), im.to_bits())).collect::<Vec<_>>()
        };
        assert_eq!(solve(&one), solve(&other));
    }
}
