use rand_chacha::ChaCha8Rng;

use super::prosody::Prosody;
use super::random::{normal, white};

/// Share of a period that the glottis opens for, and that it closes for (Rosenberg 1971).
const OPENING: f64 = 0.40;
const CLOSING: f64 = 0.16;

/// The glottis: a train of flow-derivative pulses with jitter and shimmer, darkened by a low-pass, and breath noise
/// while it is open. The derivative stands for the radiation at the lips.
pub struct Glottis {
    rate_hz: f64,
    jitter: f64,
    shimmer: f64,
    breath: f64,
    /// Coefficient of the low-pass, from 0 to 1.
    smooth: f64,
    low_passed: f64,
    /// Place in the period, from 0 to 1.
    phase: f64,
    /// Factor on this period's frequency and amplitude.
    period_factor: f64,
    amplitude: f64,
}

impl Glottis {
    /// A glottis at the start of a period.
    pub fn new(prosody: &Prosody, sample_rate_hz: u32) -> Self {
        let rate_hz = f64::from(sample_rate_hz);
        Self {
            rate_hz,
            jitter: prosody.jitter,
            shimmer: prosody.shimmer,
            breath: prosody.breath,
            smooth: 1.0 - (-std::f64::consts::TAU * prosody.tilt_hz / rate_hz).exp(),
            low_passed: 0.0,
            phase: 0.0,
            period_factor: 1.0,
            amplitude: 1.0,
        }
    }

    /// The next sample at a pitch of `f0_hz`.
    pub fn next(&mut self, f0_hz: f64, random: &mut ChaCha8Rng) -> f64 {
        self.phase += f0_hz * self.period_factor / self.rate_hz;
        if self.phase >= 1.0 {
            self.phase -= self.phase.floor();
            self.period_factor = 1.0 / (1.0 + self.jitter * normal(random));
            self.amplitude = 1.0 + self.shimmer * normal(random);
        }
        let pulse = self.amplitude * flow_derivative(self.phase);
        self.low_passed += self.smooth * (pulse - self.low_passed);
        let is_open = self.phase < OPENING + CLOSING;
        let breath = if is_open { self.breath } else { 0.3 * self.breath };
        self.low_passed + breath * f64::from(white(random))
    }
}

/// Derivative of Rosenberg's trigonometric pulse over a period, its minimum -1 at closure.
///
/// Flow: `(1 - cos(pi t / OPENING)) / 2` while opening, then `cos(pi (t - OPENING) / (2 CLOSING))`, then 0.
fn flow_derivative(phase: f64) -> f64 {
    let pi = std::f64::consts::PI;
    if phase < OPENING {
        CLOSING / OPENING * (pi * phase / OPENING).sin()
    } else if phase < OPENING + CLOSING {
        -(pi * (phase - OPENING) / (2.0 * CLOSING)).sin()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_ends_with_the_flow_that_it_began_with() {
        // The derivative integrates to zero over a period: Rosenberg's flow returns to zero.
        let steps = 100_000;
        let integral: f64 = (0..steps).map(|n| flow_derivative(f64::from(n) / f64::from(steps))).sum();
        assert!((integral / f64::from(steps)).abs() < 1e-5, "{integral}");
    }
}
