//! Altered copies of utterances for models to learn from.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Audio;
use super::resample::Resamplers;
use crate::audio::Transform;
use crate::options::hash_number;
use crate::schema::Signal;

/// Samples that come out of as many as [`Transform::Speed`] says.
const PER_MILLE: u32 = 1_000;

/// Alters utterances; keeps the resamplers between them. One a worker.
pub struct Augmenter {
    transforms: Vec<Transform>,
    resamplers: Resamplers,
}

impl Augmenter {
    /// An augmenter that makes a copy for each of the transforms.
    pub fn new(transforms: &[Transform]) -> Self {
        Self { transforms: transforms.to_vec(), resamplers: Resamplers::new(PER_MILLE) }
    }

    /// The altered copies of utterance `id`, in the order of the transforms, each made when it is asked for. Facts
    /// about the file stay; the length is that of the copy.
    ///
    /// - Speed resamples: `n` samples become `n / speed`, and a tone of `f` Hz one of `f * speed` Hz; what would lie
    ///   above half the rate is gone.
    /// - Gain multiplies every sample by `10^(dB / 20)`; nothing is clipped, so samples may exceed full scale.
    /// - Noise adds white Gaussian noise, scaled so that its power in this very copy is the utterance's divided by
    ///   `10^(dB / 10)`. Which noise depends on the seed, the id and the ratio alone.
    ///
    /// A silent utterance has no copies: a gain leaves zeros as they are, and noise in proportion to nothing is none.
    pub fn copies(&mut self, audio: &Audio, id: &str) -> impl Iterator<Item = (Transform, Audio)> {
        let Self { transforms, resamplers } = self;
        let is_silent = audio.signals.contains(&Signal::Silent);
        let transforms = transforms.iter().filter(move |_| !is_silent);
        transforms.map(|transform| (*transform, copy(audio, *transform, id, resamplers)))
    }
}

fn copy(audio: &Audio, transform: Transform, id: &str, resamplers: &mut Resamplers) -> Audio {
    let (samples, duration_s) = match transform {
        Transform::Speed { per_mille } => {
            let samples = resamplers.resample(&audio.samples, per_mille);
            (samples, audio.duration_s * f64::from(PER_MILLE) / f64::from(per_mille))
        }
        Transform::Gain { db } => (amplified(&audio.samples, db), audio.duration_s),
        Transform::Noise { snr_db, seed } => {
            let seed = hash_number(&format!("{seed} {id} {transform}"));
            (noisy(&audio.samples, snr_db, ChaCha8Rng::seed_from_u64(seed)), audio.duration_s)
        }
    };
    Audio { samples, duration_s, ..audio.clone() }
}

fn amplified(samples: &[f32], db: f64) -> Vec<f32> {
    let factor = 10.0_f64.powf(db / 20.0) as f32;
    samples.iter().map(|sample| sample * factor).collect()
}

fn noisy(samples: &[f32], snr_db: f64, mut random: ChaCha8Rng) -> Vec<f32> {
    let mut mixed = gaussian(samples.len(), &mut random);
    let factor = (power(samples) / power(&mixed) / 10.0_f64.powf(snr_db / 10.0)).sqrt();
    for (slot, sample) in mixed.iter_mut().zip(samples) {
        *slot = sample + (factor * f64::from(*slot)) as f32;
    }
    mixed
}

/// Sum of squares.
fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum()
}

/// Draws from the standard normal distribution, two at a time (Box and Muller 1958).
fn gaussian(len: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut draws = Vec::with_capacity(len + 1);
    while draws.len() < len {
        let radius = (-2.0 * (1.0 - random.r#gen::<f64>()).ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * random.r#gen::<f64>()).sin_cos();
        draws.extend([(radius * cosine) as f32, (radius * sine) as f32]);
    }
    draws.truncate(len);
    draws
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 16_000;

    fn audio(samples: Vec<f32>) -> Audio {
        let duration_s = samples.len() as f64 / f64::from(RATE_HZ);
        Audio {
            samples,
            codec: "flac".to_owned(),
            sample_rate_hz: RATE_HZ,
            channels: 2,
            duration_s,
            signals: Vec::new(),
        }
    }

    fn sine(hz: f64, len: usize) -> Vec<f32> {
        let phase = |n: usize| std::f64::consts::TAU * hz * n as f64 / f64::from(RATE_HZ);
        (0..len).map(|n| (0.5 * phase(n).sin()) as f32).collect()
    }

    fn one(audio: &Audio, transform: Transform, id: &str) -> Audio {
        let mut augmenter = Augmenter::new(&[transform]);
        augmenter.copies(audio, id).next().expect("a copy").1
    }

    #[test]
    fn speed_moves_pitch_and_length_by_its_factor() {
        for per_mille in [500, 900, 937, 1_100, 2_000] {
            let speed = f64::from(per_mille) / 1_000.0;
            let fast = one(&audio(sine(1_000.0, 32_000)), Transform::Speed { per_mille }, "c/a");
            assert_eq!(fast.samples.len(), (32_000.0 / speed).round() as usize);
            assert!((fast.duration_s - 2.0 / speed).abs() < 1e-9, "{}", fast.duration_s);
            let want = sine(1_000.0 * speed, fast.samples.len());
            let inner = 2_000..fast.samples.len() - 2_000;
            let worst = inner.map(|n| (fast.samples[n] - want[n]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{speed}: {worst}");
        }
    }

    #[test]
    fn a_gain_multiplies_and_clips_nothing() {
        let original = audio(sine(440.0, 1_000));
        let louder = one(&original, Transform::Gain { db: 20.0 }, "c/a");
        assert!(louder.samples.iter().zip(&original.samples).all(|(got, sample)| *got == 10.0 * sample));
        assert!(louder.samples.iter().any(|sample| *sample > 4.9));
        assert_eq!((louder.duration_s, louder.channels, louder.codec), (original.duration_s, 2, original.codec));
    }

    #[test]
    fn noise_has_the_ratio_that_was_asked_for() {
        for (len, snr_db) in [(1, 0.0), (2, 20.0), (777, -10.0), (16_000, 20.0), (16_000, 40.0)] {
            let original = audio(sine(300.0, len + 1)[1..].to_vec());
            let noisy = one(&original, Transform::Noise { snr_db, seed: 1 }, "c/a");
            let noise: Vec<f32> =
                noisy.samples.iter().zip(&original.samples).map(|(got, sample)| got - sample).collect();
            let measured = 10.0 * (power(&original.samples) / power(&noise)).log10();
            assert!((measured - snr_db).abs() < 0.01, "{len} samples: {measured} instead of {snr_db}");
        }
    }

    #[test]
    fn noise_is_white_and_gaussian() {
        let draws = gaussian(40_001, &mut ChaCha8Rng::seed_from_u64(3));
        assert_eq!(draws.len(), 40_001);
        let mean = |value: fn(f64) -> f64| draws.iter().map(|draw| value(f64::from(*draw))).sum::<f64>() / 40_001.0;
        let moments = [mean(|x| x), mean(|x| x * x), mean(|x| x * x * x), mean(|x| x.powi(4))];
        // Four standard errors of each: sqrt of 1, 2, 15 and 96 over n.
        for (got, want, within) in [(0, 0.0, 0.02), (1, 1.0, 0.029), (2, 0.0, 0.078), (3, 3.0, 0.196)] {
            let error: f64 = moments[got] - want;
            assert!(error.abs() < within, "moment {}: {}", got + 1, moments[got]);
        }
        for lag in [1, 2, 17] {
            let products = draws.iter().zip(&draws[lag..]).map(|(a, b)| f64::from(a * b));
            let correlation = products.sum::<f64>() / 40_001.0;
            assert!(correlation.abs() < 0.02, "lag {lag}: {correlation}");
        }
    }

    #[test]
    fn noise_depends_on_seed_utterance_and_ratio_alone() {
        let original = audio(sine(300.0, 800));
        let noise = |seed, snr_db, id| one(&original, Transform::Noise { snr_db, seed }, id).samples;
        let mut used = Augmenter::new(&[Transform::Noise { snr_db: 10.0, seed: 1 }]);
        used.copies(&audio(sine(100.0, 5_000)), "c/other").for_each(drop);
        let again = used.copies(&original, "c/a").next().expect("a copy").1.samples;
        assert_eq!(noise(1, 10.0, "c/a"), again);
        assert_ne!(noise(1, 10.0, "c/a"), noise(2, 10.0, "c/a"));
        assert_ne!(noise(1, 10.0, "c/a"), noise(1, 10.0, "c/b"));
        let other: Vec<f32> =
            noise(1, -10.0, "c/a").iter().zip(&original.samples).map(|(got, s)| (got - s) / 10.0).collect();
        let same: Vec<f32> = noise(1, 10.0, "c/a").iter().zip(&original.samples).map(|(got, s)| got - s).collect();
        assert!(other.iter().zip(&same).any(|(a, b)| (a - b).abs() > 1e-3), "another ratio draws other noise");
    }

    #[test]
    fn copies_come_in_the_order_of_the_transforms_and_silence_has_none() {
        let all = [
            Transform::Speed { per_mille: 900 },
            Transform::Gain { db: -6.0 },
            Transform::Noise { snr_db: 20.0, seed: 1 },
        ];
        let mut augmenter = Augmenter::new(&all);
        let copies: Vec<_> = augmenter.copies(&audio(vec![0.1]), "c/a").collect();
        assert_eq!(copies.iter().map(|(transform, _)| *transform).collect::<Vec<_>>(), all);
        assert!(copies.iter().all(|(_, copy)| copy.samples.len() == 1));
        let silent = Audio { signals: vec![Signal::Silent], ..audio(vec![0.0; 800]) };
        assert_eq!(augmenter.copies(&silent, "c/a").count(), 0);
    }
}
