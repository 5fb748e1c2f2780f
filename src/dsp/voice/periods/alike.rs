use crate::dsp::parabola::parabolic_peak;
use crate::dsp::sums::{largest_distance, square_sum};
use crate::dsp::{LANES, Lanes, simd};

/// Where a neighbouring period is looked for at the nearest, in periods.
pub const NEAREST: f64 = 0.8;
/// Where a neighbouring period is looked for at the farthest, in periods.
const FARTHEST: f64 = 1.25;

/// The place most like a period, and how like it is.
pub struct Match {
    /// Time in samples.
    pub at: f64,
    /// Normalised correlation of its surroundings with those of the period, -1..1.
    pub correlation: f64,
    /// Largest magnitude of its surroundings.
    pub peak: f64,
}

/// The place a period (of so many samples) away from `at` whose surroundings, one period long, are most like those of
/// `at`: the maximum of the normalised correlation, between samples by a parabola. `direction` is -1 or 1. `None` where
/// there is no room or no maximum.
pub fn most_alike(samples: &[f32], at: f64, period: f64, direction: f64) -> Option<Match> {
    let length = period.round() as usize + 1;
    let start = nearest_sample(at - period / 2.0)?;
    let here = samples.get(start..start + length)?;
    let (near, far) = (at + direction * NEAREST * period, at + direction * FARTHEST * period);
    let first = nearest_sample((near.min(far) - period / 2.0).floor())?;
    let last = nearest_sample((near.max(far) - period / 2.0).ceil())?;
    let room = samples.get(first..last + length)?;
    let (offset, three) = highest_correlation(here, room)?;
    let (shift, correlation) = parabolic_peak(three);
    Some(Match {
        at: at + (first + offset) as f64 - start as f64 + shift,
        correlation,
        peak: f64::from(largest_distance(&room[offset..offset + length], 0.0)),
    })
}

/// The sample nearest to a time; `None` before the first.
fn nearest_sample(at: f64) -> Option<usize> {
    (at >= 0.0).then(|| at.round() as usize)
}

/// The offset in `room` at which the normalised correlation with `here` has its largest maximum, and the correlations
/// before, at and after it.
fn highest_correlation(here: &[f32], room: &[f32]) -> Option<(usize, [f64; 3])> {
    let length = here.len();
    let energy = f64::from(square_sum(here));
    let mut there = f64::from(square_sum(&room[..length]));
    let (mut best, mut place) = ([0.0, -1.0, 0.0], 0);
    let (mut three, mut products) = ([0.0; 3], Lanes::ZERO);
    for offset in 0..=room.len() - length {
        if offset % LANES == 0 {
            products = products_at(here, &room[offset..]);
        }
        let norm = (energy * there).sqrt();
        let correlation = if norm > 0.0 { f64::from(products.0[offset % LANES]) / norm } else { 0.0 };
        three = [three[1], three[2], correlation];
        if offset > 0 && three[1] > best[1] && three[1] >= three[0] && three[1] >= three[2] {
            (best, place) = (three, offset - 1);
        }
        if let Some(next) = room.get(offset + length) {
            there = (there + f64::from(*next).powi(2) - f64::from(room[offset]).powi(2)).max(0.0);
        }
    }
    (best[1] > -1.0).then_some((place, best))
}

/// Sums of the products of `here` with `room` at the offsets 0 to 7; those for which there is no room are less.
fn products_at(here: &[f32], room: &[f32]) -> Lanes {
    let whole = (room.len() + 1).saturating_sub(LANES).min(here.len());
    simd(
        #[inline(always)]
        || {
            let mut sums = Lanes::ZERO;
            for (sample, there) in here[..whole].iter().zip(room.windows(LANES)) {
                sums += Lanes(std::array::from_fn(|lane| there[lane])) * *sample;
            }
            for (start, sample) in here.iter().enumerate().skip(whole) {
                for (sum, there) in sums.0.iter_mut().zip(&room[start.min(room.len())..]) {
                    *sum += sample * there;
                }
            }
            sums
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(period: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| (0.5 * (std::f64::consts::TAU * i as f64 / period).sin()) as f32).collect()
    }

    #[test]
    fn a_sine_is_most_like_itself_a_period_away() {
        for (period, direction) in [(40.3, 1.0), (40.3, -1.0), (111.7, 1.0)] {
            let found = most_alike(&sine(period, 1000), 500.0, period, direction).expect("there is room");
            assert!((found.at - 500.0 - direction * period).abs() < 0.02, "{} for {period}", found.at);
            assert!(found.correlation > 0.999 && (found.peak - 0.5).abs() < 1e-2);
        }
    }

    #[test]
    fn without_room_nothing_is_alike() {
        assert!(most_alike(&sine(40.0, 100), 70.0, 40.0, 1.0).is_none());
        assert!(most_alike(&sine(40.0, 100), 30.0, 40.0, -1.0).is_none());
    }

    #[test]
    fn products_are_those_of_the_definition_as_far_as_there_is_room() {
        let (here, room) = (sine(7.0, 21), sine(5.0, 40));
        for length in 0..=room.len() {
            let got = products_at(&here, &room[..length]);
            for (offset, got) in got.0.into_iter().enumerate() {
                let want: f32 = here.iter().zip(room[..length].iter().skip(offset)).map(|(a, b)| a * b).sum();
                assert!((got - want).abs() < 1e-5, "{length} at {offset}: {got} for {want}");
            }
        }
    }
}
