use super::{LANES, Lanes, simd};

/// Sum of the squares of samples.
pub(super) fn square_sum(samples: &[f32]) -> f32 {
    simd(
        #[inline(always)]
        || sum_of(samples, |sample| sample * sample),
    )
}

/// Largest distance of a sample from `level`; 0 of none.
pub(super) fn largest_distance(samples: &[f32], level: f32) -> f32 {
    simd(
        #[inline(always)]
        || largest_of(samples, |sample| (sample - level).abs()),
    )
}

/// Sum of what `term` makes of each sample, in eight interleaved partial sums, whatever the CPU.
#[inline(always)]
pub(super) fn sum_of(samples: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let sums = chunks.iter().fold(Lanes::ZERO, |sums, chunk| sums + Lanes(*chunk).map(&term));
    sums.0.iter().sum::<f32>() + rest.iter().map(|sample| term(*sample)).sum::<f32>()
}

/// The largest of what `term`, which is 0 or above, makes of each sample; 0 of none.
#[inline(always)]
pub(super) fn largest_of(samples: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let largest = chunks.iter().fold(Lanes::ZERO, |largest, chunk| largest.max(Lanes(*chunk).map(&term)));
    let rest = rest.iter().map(|sample| term(*sample));
    largest.0.into_iter().chain(rest).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_counts_at_every_length() {
        for length in 0..40 {
            let samples: Vec<f32> = (1..=length).map(|i| -(i as f32)).collect();
            let n = length as f32;
            assert_eq!(square_sum(&samples), n * (n + 1.0) * (2.0 * n + 1.0) / 6.0, "{length}");
            assert_eq!(sum_of(&samples, |sample| sample), -n * (n + 1.0) / 2.0, "{length}");
            assert_eq!(largest_distance(&samples, 0.0), n, "{length}");
            let farthest = samples.iter().map(|sample| (sample + 12.0).abs()).fold(0.0, f32::max);
            assert_eq!(largest_distance(&samples, -12.0), farthest, "{length}");
        }
    }
}
