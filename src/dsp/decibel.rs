use super::{Lanes, simd};

/// Decibels of a power ratio in one unit of natural logarithm: `10 / ln 10`.
pub const LN_TO_DB: f32 = 10.0 / std::f32::consts::LN_10;

/// Power below which a bin counts as empty: librosa's `amin` of levels and of spectral flatness.
pub(super) const POWER_FLOOR: f32 = 1e-10;

/// Replaces each value by the natural logarithm of the larger of it and `floor` (a positive normal number).
///
/// Relative error below 1e-6, absolute below 1e-7 near 1. The argument is split into `m * 2^e` with m in
/// [sqrt(1/2), sqrt(2)); `ln m` is the polynomial of Moshier's Cephes `logf`. Straight-line code, so SIMD.
pub fn ln_in_place(rows: &mut [Lanes], floor: f32) {
    scaled_ln(rows, floor, 1.0);
}

/// Replaces each power by `10 log10(max(floor, power))`, in dB.
pub fn power_to_db(rows: &mut [Lanes], floor: f32) {
    scaled_ln(rows, floor, LN_TO_DB);
}

fn scaled_ln(rows: &mut [Lanes], floor: f32, scale: f32) {
    simd(
        #[inline(always)]
        || {
            for row in rows.iter_mut() {
                *row = row.map(|value| scale * ln(if value > floor { value } else { floor }));
            }
        },
    );
}

#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (shifted as i32) >> 23;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF_BITS)) - 1.0;
    let squared = m * m;
    let mut polynomial = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        polynomial = polynomial * m + coefficient;
    }
    // ln 2 in two parts, the first exact in few bits
    let exponent = exponent as f32;
    let low = polynomial * m * squared - 2.121_944_4e-4 * exponent - 0.5 * squared;
    m + low + 0.693_359_4 * exponent
}

/// Replaces each value by its exponential; relative error below 1e-6 from -87 to 88, outside of which values are cut.
///
/// The argument is split into `n ln 2 + r`, |r| below 0.35; `exp r` is the polynomial of Moshier's Cephes `expf`.
pub fn exp_in_place(rows: &mut [Lanes]) {
    simd(
        #[inline(always)]
        || {
            for row in rows.iter_mut() {
                *row = row.map(exp);
            }
        },
    );
}

#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = if x < 88.0 { x } else { 88.0 };
    let x = if x > -87.0 { x } else { -87.0 };
    // 1.5 * 2^23: adding and subtracting it rounds to the nearest integer
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let power = shifted - 12_582_912.0;
    let r = x - power * 0.693_359_4 + power * 2.121_944_4e-4;
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = polynomial * r + coefficient;
    }
    let scale = f32::from_bits((shifted.to_bits().wrapping_sub(0x4b40_0000).wrapping_add(127)) << 23);
    (polynomial * r * r + r + 1.0) * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_is_within_a_millionth() {
        let mut inputs: Vec<f32> = (0..400_000).map(|i| 1e-10 * 1.000_13_f32.powi(i)).filter(|x| *x < 1e12).collect();
        inputs.extend([1.0, 2.0, 0.5, 1e-10, f32::MIN_POSITIVE, f32::MAX]);
        let mut logs: Vec<Lanes> = inputs.iter().map(|x| Lanes::splat(*x)).collect();
        ln_in_place(&mut logs, f32::MIN_POSITIVE);
        for (x, Lanes([got, ..])) in inputs.iter().zip(&logs) {
            let want = f64::from(*x).ln();
            let error = (f64::from(*got) - want).abs();
            assert!(error <= 1e-6 * want.abs().max(0.1), "ln({x}) is {got} for {want}");
        }
    }

    #[test]
    fn exponential_is_within_a_millionth() {
        for x in (-8600..8700).map(|i| i as f32 * 0.01) {
            let mut rows = [Lanes::splat(x)];
            exp_in_place(&mut rows);
            let want = f64::from(x).exp();
            assert!((f64::from(rows[0].0[3]) / want - 1.0).abs() < 1e-6, "exp({x}) is {} for {want}", rows[0].0[3]);
        }
        let mut rows = [Lanes([-1000.0, 1000.0, f32::NEG_INFINITY, f32::INFINITY, 0.0, 0.0, 0.0, 0.0])];
        exp_in_place(&mut rows);
        assert!(rows[0].0.iter().all(|value| value.is_finite()) && rows[0].0[4] == 1.0);
    }

    #[test]
    fn powers_have_a_floor() {
        let mut rows = [Lanes([0.0, 1e-12, 1e-10, 1.0, 100.0, -1.0, f32::NAN, 10.0])];
        power_to_db(&mut rows, 1e-10);
        for (got, want) in rows[0].0.iter().zip([-100.0, -100.0, -100.0, 0.0, 20.0, -100.0, -100.0, 10.0]) {
            assert!((got - want).abs() < 1e-4, "{got} for {want}");
        }
    }
}
