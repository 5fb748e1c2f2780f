use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of chance of its own for `name`: the same for the same seed and name, whatever was drawn before.
pub fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(name.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// A draw from the standard normal distribution (Box and Muller 1958), cut at three deviations.
pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.r#gen::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * random.r#gen::<f64>();
    (radius * angle.cos()).clamp(-3.0, 3.0)
}

/// White noise of deviation 1, uniform.
pub fn white(random: &mut ChaCha8Rng) -> f32 {
    (random.r#gen::<f32>() - 0.5) * 12.0_f32.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_and_name_alone() {
        let draw = |seed, name| stream(seed, name).r#gen::<u64>();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn draws_have_mean_zero_and_deviation_one() {
        let mut random = stream(7, "normal");
        let normals: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        let whites: Vec<f64> = (0..20_000).map(|_| f64::from(white(&mut random))).collect();
        for draws in [normals, whites] {
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / draws.len() as f64;
            assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        }
    }
}
