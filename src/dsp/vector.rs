use std::fmt;

use rustfft::{FftPlannerAvx, FftPlannerNeon, FftPlannerSse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The vector instructions that Fourier transforms are computed with, which rustfft chooses on each machine. Everything
/// else has the same bits on all machines of a system, so numbers of two machines of the same level are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum VectorLevel {
    /// AVX with fused multiply-add: x86-64 since about 2013.
    #[serde(rename = "avx-fma")]
    AvxFma,
    /// SSE 4.1: older x86-64, and some emulators.
    #[serde(rename = "sse4.1")]
    Sse41,
    /// NEON: 64-bit Arm.
    #[serde(rename = "neon")]
    Neon,
    /// None of these.
    #[serde(rename = "scalar")]
    Scalar,
}

impl VectorLevel {
    /// All levels.
    pub const ALL: [Self; 4] = [Self::AvxFma, Self::Sse41, Self::Neon, Self::Scalar];

    /// That of this machine: the first that rustfft can use, in its own order.
    pub fn here() -> Self {
        if FftPlannerAvx::<f32>::new().is_ok() {
            Self::AvxFma
        } else if FftPlannerSse::<f32>::new().is_ok() {
            Self::Sse41
        } else if FftPlannerNeon::<f32>::new().is_ok() {
            Self::Neon
        } else {
            Self::Scalar
        }
    }
}

impl fmt::Display for VectorLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AvxFma => "avx-fma",
            Self::Sse41 => "sse4.1",
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustfft::num_complex::Complex32;
    use rustfft::{Fft, FftPlanner, FftPlannerScalar};

    use super::*;

    fn bits(fft: &Arc<dyn Fft<f32>>) -> Vec<u32> {
        let mut line = (0..fft.len()).map(|at| Complex32::new((at as f32).sin(), 0.5)).collect::<Vec<_>>();
        fft.process(&mut line);
        line.iter().flat_map(|value| [value.re.to_bits(), value.im.to_bits()]).collect()
    }

    #[test]
    fn the_level_is_that_of_the_planner_that_rustfft_takes() {
        for n in [200, 256, 441, 1024] {
            let chosen = match VectorLevel::here() {
                VectorLevel::AvxFma => FftPlannerAvx::new().map(|mut planner| planner.plan_fft_forward(n)),
                VectorLevel::Sse41 => FftPlannerSse::new().map(|mut planner| planner.plan_fft_forward(n)),
                VectorLevel::Neon => FftPlannerNeon::new().map(|mut planner| planner.plan_fft_forward(n)),
                VectorLevel::Scalar => Ok(FftPlannerScalar::new().plan_fft_forward(n)),
            };
            assert_eq!(bits(&FftPlanner::new().plan_fft_forward(n)), bits(&chosen.expect("the level of this machine")));
        }
    }

    #[test]
    fn levels_are_spelled_as_in_a_pipeline_file() {
        for level in VectorLevel::ALL {
            assert_eq!(serde_json::to_value(level).expect("a word"), level.to_string());
        }
    }
}
