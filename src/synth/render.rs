use rand_chacha::ChaCha8Rng;

use super::plan::{CorpusPlan, Utterance};
use super::prosody::Prosody;
use super::random::{stream, white};
use super::source::Glottis;
use super::text::{Syllable, sentence};
use super::tract::{Resonator, Tract};

/// Seconds between two settings of the tract.
const STEP_S: f64 = 0.005;
/// Time constant of the glide from one vowel to the next, in seconds.
const GLIDE_S: f64 = 0.025;
/// Silence (with the noise floor) before and after the speech, in seconds.
const MARGIN_S: f64 = 0.08;
/// Level of a consonant against the vowels, as an amplitude.
const CONSONANT: f64 = 0.35;
/// Largest magnitude of a sample.
const CEILING: f64 = 0.95;

/// Renders an utterance of a plan: mono samples at the plan's rate within -0.95 to 0.95, one to two and a half seconds.
///
/// Depends on seed, rate and the utterance alone, not on what was rendered before.
pub fn render(utterance: &Utterance, plan: &CorpusPlan) -> Vec<f32> {
    let prosody = Prosody::of(utterance, plan);
    let random = &mut stream(plan.seed, &format!("samples {}", utterance.path()));
    let speech = Speaker::new(&prosody, plan.sample_rate_hz).speak(&sentence(plan.seed, utterance.sentence), random);
    level(&speech, &prosody, random)
}

/// Speech under way: what moves from sample to sample.
struct Speaker<'a> {
    prosody: &'a Prosody,
    rate_hz: u32,
    glottis: Glottis,
    tract: Tract,
    formants_hz: [f64; 4],
    speech: Vec<f64>,
}

impl<'a> Speaker<'a> {
    fn new(prosody: &'a Prosody, rate_hz: u32) -> Self {
        Self {
            prosody,
            rate_hz,
            glottis: Glottis::new(prosody, rate_hz),
            tract: Tract::default(),
            formants_hz: [500.0, 1_500.0, 2_500.0, 3_500.0].map(|formant_hz| formant_hz * prosody.tract),
            speech: Vec::new(),
        }
    }

    fn speak(mut self, syllables: &[Syllable], random: &mut ChaCha8Rng) -> Vec<f64> {
        self.pause(MARGIN_S);
        let mut place = 0.0;
        for syllable in syllables {
            let length = 1.0 / syllables.len() as f64;
            if let Some(noise_hz) = syllable.noise_hz {
                self.consonant(noise_hz, syllable.noise_s / self.prosody.rate, random);
            }
            self.vowel(syllable, place, length, random);
            self.pause(syllable.pause_s * self.prosody.pauses / self.prosody.rate);
            place += length;
        }
        self.pause(MARGIN_S);
        self.speech
    }

    fn samples(&self, seconds: f64) -> usize {
        (seconds * f64::from(self.rate_hz)).round() as usize
    }

    fn pause(&mut self, seconds: f64) {
        self.speech.resize(self.speech.len() + self.samples(seconds), 0.0);
    }

    fn consonant(&mut self, noise_hz: f64, seconds: f64, random: &mut ChaCha8Rng) {
        let mut resonator = Resonator::default();
        let centre_hz = (noise_hz * self.prosody.tract).min(0.4 * f64::from(self.rate_hz));
        resonator.tune(centre_hz, 0.25 * centre_hz, self.rate_hz);
        let samples = self.samples(seconds);
        let noise: Vec<f64> = (0..samples).map(|_| resonator.next(f64::from(white(random)))).collect();
        let gain = CONSONANT / rms(&noise).max(f64::MIN_POSITIVE);
        let faded = noise.iter().enumerate().map(|(n, sample)| gain * sample * fade(n, samples));
        self.speech.extend(faded);
    }

    /// `place` and `length` of the syllable: shares of the utterance.
    fn vowel(&mut self, syllable: &Syllable, place: f64, length: f64, random: &mut ChaCha8Rng) {
        let samples = self.samples(syllable.vowel_s / self.prosody.rate);
        let step = self.samples(STEP_S).max(1);
        let start = self.speech.len();
        let mut f0_hz = 0.0;
        for n in 0..samples {
            if n % step == 0 {
                let share = n as f64 / samples as f64;
                // An accent rises and falls within its vowel.
                let accent = syllable.accent * (std::f64::consts::PI * share).sin();
                f0_hz = self.prosody.pitch_hz(place + share * length, accent);
                self.glide(syllable.formants_hz);
            }
            let sample = self.tract.next(self.glottis.next(f0_hz, random));
            self.speech.push(sample * fade(n, samples));
        }
        // Vowels differ in natural strength; half of it, in dB, is kept.
        let strength = rms(&self.speech[start..]).max(f64::MIN_POSITIVE);
        self.speech[start..].iter_mut().for_each(|sample| *sample *= 0.4 / strength.sqrt());
    }

    /// Moves the formants one step towards those of a vowel.
    fn glide(&mut self, target_hz: [f64; 4]) {
        let share = 1.0 - (-STEP_S / GLIDE_S).exp();
        for (formant_hz, target_hz) in self.formants_hz.iter_mut().zip(target_hz) {
            *formant_hz += share * (target_hz * self.prosody.tract - *formant_hz);
        }
        self.tract.tune(self.formants_hz, self.rate_hz);
    }
}

/// Rises over the first and falls over the last fifth, as half a cosine.
fn fade(n: usize, samples: usize) -> f64 {
    let edge = (0.2 * samples as f64).max(1.0);
    let distance = (n.min(samples - 1 - n) as f64 + 0.5) / edge;
    if distance >= 1.0 { 1.0 } else { 0.5 - 0.5 * (std::f64::consts::PI * distance).cos() }
}

fn rms(samples: &[f64]) -> f64 {
    (samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

/// Brings speech to the level of its prosody, adds the noise floor and keeps below the ceiling.
fn level(speech: &[f64], prosody: &Prosody, random: &mut ChaCha8Rng) -> Vec<f32> {
    let peak = speech.iter().fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
    let gain = decibels(prosody.level_db) / rms(speech).max(f64::MIN_POSITIVE);
    let gain = gain.min(CEILING / peak.max(f64::MIN_POSITIVE));
    let noise = decibels(prosody.noise_db);
    speech
        .iter()
        .map(|sample| (gain * sample + noise * f64::from(white(random))).clamp(-CEILING, CEILING) as f32)
        .collect()
}

fn decibels(db: f64) -> f64 {
    10.0_f64.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::CANONICAL_EMOTIONS;

    fn plan(seed: u64, sample_rate_hz: u32) -> CorpusPlan {
        let emotions = CANONICAL_EMOTIONS.map(str::to_owned).to_vec();
        CorpusPlan { speakers: 4, sentences: 2, repetitions: 1, emotions, seed, sample_rate_hz }
    }

    /// Pitch of a frame in Hz from the highest peak of its normalised autocorrelation; `None` where it is low.
    fn pitch_hz(frame: &[f32], rate_hz: usize) -> Option<f64> {
        let correlation = |lag: usize| {
            let (a, b) = (&frame[..frame.len() - lag], &frame[lag..]);
            let product = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum::<f64>();
            product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-12)
        };
        let correlations: Vec<f64> = (rate_hz / 600..rate_hz / 50).map(correlation).collect();
        let best = correlations.iter().copied().fold(0.0, f64::max);
        // The first lag near the best: longer ones are its multiples.
        let lag = (1..correlations.len() - 1).find(|n| {
            correlations[*n] > 0.9 * best
                && correlations[*n] >= correlations[n - 1]
                && correlations[*n] >= correlations[n + 1]
        })?;
        (best > 0.6).then(|| rate_hz as f64 / (lag + rate_hz / 600) as f64)
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    #[test]
    fn the_pitch_that_is_heard_is_the_pitch_that_is_planned() {
        let plan = CorpusPlan { speakers: 2, sentences: 1, ..plan(3, 16_000) };
        for utterance in plan.utterances() {
            let samples = render(&utterance, &plan);
            let frames = samples.windows(800).step_by(400);
            let pitches: Vec<f64> = frames.filter_map(|frame| pitch_hz(frame, 16_000)).collect();
            assert!(pitches.len() > 5, "{utterance:?}: {} voiced frames", pitches.len());
            let (got, want) = (median(pitches), Prosody::of(&utterance, &plan).f0_hz);
            assert!((got / want).log2().abs() < 2.5 / 12.0, "{utterance:?}: {got} Hz for {want} Hz");
        }
    }

    #[test]
    fn samples_are_finite_and_never_clip() {
        for rate_hz in [8_000, 16_000, 44_100] {
            let plan = CorpusPlan { speakers: 2, ..plan(5, rate_hz) };
            for utterance in plan.utterances() {
                let samples = render(&utterance, &plan);
                let seconds = samples.len() as f64 / f64::from(rate_hz);
                assert!((0.8..3.5).contains(&seconds), "{utterance:?}: {seconds} s");
                let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                assert!(
                    samples.iter().all(|sample| sample.is_finite()) && peak <= CEILING as f32,
                    "{utterance:?}: {peak}"
                );
                let at_ceiling = samples.iter().filter(|sample| sample.abs() >= 0.949).count();
                assert!(at_ceiling <= 2, "{utterance:?}: {at_ceiling}");
            }
        }
    }

    #[test]
    fn an_utterance_depends_on_seed_and_name_alone() {
        let (one, two) = (plan(1, 16_000), plan(2, 16_000));
        let all: Vec<Utterance> = one.utterances().collect();
        let forwards: Vec<Vec<f32>> = all.iter().map(|utterance| render(utterance, &one)).collect();
        for (utterance, samples) in all.iter().zip(&forwards).rev() {
            assert_eq!(&render(utterance, &one), samples);
            assert_ne!(&render(utterance, &two), samples);
        }
        let fewer = CorpusPlan { speakers: 2, emotions: vec!["fear".to_owned()], ..one.clone() };
        for utterance in fewer.utterances() {
            assert_eq!(render(&utterance, &fewer), render(&utterance, &one));
        }
    }

    #[test]
    fn loud_emotions_are_louder() {
        let plan = CorpusPlan { speakers: 8, sentences: 1, ..plan(1, 16_000) };
        let level = |emotion: &str| {
            let of_emotion = plan.utterances().filter(|utterance| utterance.emotion == emotion);
            let levels: Vec<f64> = of_emotion
                .map(|utterance| {
                    rms(&render(&utterance, &plan).iter().map(|sample| f64::from(*sample)).collect::<Vec<_>>())
                })
                .collect();
            median(levels)
        };
        assert!(level("anger") > 1.5 * level("neutral") && level("neutral") > 1.2 * level("sadness"));
    }
}
