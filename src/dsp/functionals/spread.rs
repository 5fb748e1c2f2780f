/// Count, mean and standard deviation of numbers that are seen one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    /// Takes one more number.
    #[inline(always)]
    pub fn push(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// How many numbers there were.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Arithmetic mean; of none `otherwise`.
    pub fn mean_or(&self, otherwise: f64) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { otherwise }
    }

    /// Standard deviation, dividing by n; 0 of none.
    pub fn std(&self) -> f64 {
        let mean = self.mean_or(0.0);
        (self.squares / self.count.max(1.0) - mean * mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_seen_one_by_one_have_their_mean_and_deviation() {
        let mut spread = Spread::default();
        assert_eq!((spread.count(), spread.mean_or(7.0), spread.std()), (0.0, 7.0, 0.0));
        [-1.0, -2.0, -6.0].into_iter().for_each(|value| spread.push(value));
        assert_eq!((spread.count(), spread.mean_or(7.0)), (3.0, -3.0));
        assert!((spread.std() - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
