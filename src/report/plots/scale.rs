//! Values to pixels, and round numbers to label an axis with.

/// A linear map from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
}

impl Scale {
    /// Maps `low` to pixel `from` and `high` to pixel `to`; an empty range is widened.
    pub fn new((low, high): (f64, f64), (from, to): (i32, i32)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, from, to }
    }

    /// The pixel of a value; values outside the range are moved to its ends.
    pub fn at(&self, value: f64) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }

    /// Round values inside the range, about `wanted` of them, at steps of 1, 2 or 5 times a power of ten.
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        let step = round_step((self.high - self.low) / wanted as f64);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|index| index as f64 * step).collect()
    }
}

/// A tick's label: no more decimals than the value has.
pub(super) fn tick_label(value: f64) -> String {
    let label = format!("{value:.4}");
    label.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * 0.999).unwrap_or(10.0);
    factor * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let labels = |range| {
            let ticks = Scale::new(range, (0, 100)).ticks(5);
            ticks.into_iter().map(tick_label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels((0.0, 1.0)), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(labels((1.0, 31.0)), "10 20 30");
        assert_eq!(labels((0.13, 2.2)), "0.5 1 1.5 2");
        assert_eq!(labels((3.0, 3.0)), "3 3.2 3.4 3.6 3.8 4");
    }

    #[test]
    fn pixels_stay_inside() {
        let scale = Scale::new((0.0, 2.0), (200, 100));
        assert_eq!([-1.0, 0.0, 1.0, 2.0, 9.0].map(|value| scale.at(value)), [200, 200, 150, 100, 100]);
    }
}
