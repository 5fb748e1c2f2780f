use rand_chacha::ChaCha8Rng;

use super::plan::{CorpusPlan, Gender, Utterance};
use super::random::{normal, stream};

/// How an utterance is spoken: the emotion's habits through a voice, with chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Prosody {
    /// Median pitch in Hz, about which accents and contour turn.
    pub f0_hz: f64,
    /// Height of a full pitch accent in semitones.
    pub range_st: f64,
    /// Rise from the first to the last syllable in semitones.
    pub rise_st: f64,
    /// Speed: durations are divided by it.
    pub rate: f64,
    /// Factor on the length of pauses.
    pub pauses: f64,
    /// Level of the voiced parts in dB below full scale (a negative number).
    pub level_db: f64,
    /// Corner of the source's low-pass in Hz: lower is darker.
    pub tilt_hz: f64,
    /// Breath noise against the voice, as an amplitude.
    pub breath: f64,
    /// Deviation of a period, as a share of it.
    pub jitter: f64,
    /// Deviation of a pulse's amplitude, as a share of it.
    pub shimmer: f64,
    /// Factor on formant frequencies: above 1 for short tracts and spread lips.
    pub tract: f64,
    /// Level of the recording's noise floor in dB below full scale (a negative number).
    pub noise_db: f64,
}

/// Where an emotion moves a voice, on scales on which moves add up.
#[derive(Debug, Clone, Copy)]
struct Moves {
    f0_st: f64,
    /// Natural logarithms of factors.
    range: f64,
    rise_st: f64,
    rate: f64,
    pauses: f64,
    level_db: f64,
    /// Octaves of the low-pass corner.
    tilt_oct: f64,
    breath: f64,
    /// Of jitter and shimmer.
    rough: f64,
    tract: f64,
}

impl Moves {
    fn values(&self) -> [f64; 10] {
        let Self { f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract } = *self;
        [f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract]
    }

    fn from_values(values: [f64; 10]) -> Self {
        let [f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract] = values;
        Self { f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract }
    }

    /// `self + strength * other + sum of scale * spread * normal draw`.
    fn moved(self, strength: f64, other: Self, scale: f64, random: &mut ChaCha8Rng) -> Self {
        let (base, other, spread) = (self.values(), other.values(), SPREAD.values());
        Self::from_values(std::array::from_fn(|n| base[n] + strength * other[n] + scale * spread[n] * normal(random)))
    }
}

const NEUTRAL: Moves = Moves {
    f0_st: 0.0,
    range: 0.0,
    rise_st: 0.0,
    rate: 0.0,
    pauses: 0.0,
    level_db: 0.0,
    tilt_oct: 0.0,
    breath: 0.0,
    rough: 0.0,
    tract: 0.0,
};

/// One deviation between speakers.
const SPREAD: Moves = Moves {
    f0_st: 1.8,
    range: 0.25,
    rise_st: 1.2,
    rate: 0.10,
    pauses: 0.30,
    level_db: 2.5,
    tilt_oct: 0.35,
    breath: 0.35,
    rough: 0.35,
    tract: 0.03,
};
/// Deviation of a speaker's own way with an emotion, as a share of [`SPREAD`].
const OWN_WAY: f64 = 0.35;
/// Deviation from one utterance to the next, as a share of [`SPREAD`].
const CHANCE: f64 = 0.35;

/// Signs and orders follow the reviews of Murray and Arnott (1993) and Juslin and Laukka (2003); sizes are chosen so
/// that classes overlap between speakers.
fn emotion_moves(emotion: &str) -> Moves {
    let [f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract] = match emotion {
        "anger" => [2.5, 0.35, -1.5, 0.15, -0.5, 6.5, 1.2, -0.8, 0.7, -0.01],
        "happiness" => [4.5, 0.60, 1.5, 0.08, -0.2, 3.0, 0.5, -0.3, -0.2, 0.05],
        "sadness" => [-1.5, -0.50, -1.5, -0.20, 0.6, -5.0, -0.8, 0.6, 0.2, -0.01],
        "fear" => [4.0, -0.20, 0.5, 0.22, 0.2, -2.0, 0.1, 0.7, 0.9, 0.02],
        "disgust" => [-2.5, 0.00, -2.5, -0.20, 0.6, 0.5, 0.4, 0.2, 1.1, -0.06],
        "surprise" => [5.0, 0.70, 5.0, 0.00, -0.2, 2.0, 0.2, 0.2, 0.0, 0.01],
        "calm" => [-0.8, -0.40, 0.0, -0.10, 0.2, -3.0, -0.4, 0.2, -0.4, 0.00],
        "boredom" => [-2.0, -0.70, 0.0, -0.25, 0.5, -3.0, -0.3, 0.0, 0.0, -0.01],
        _ => return NEUTRAL,
    };
    Moves { f0_st, range, rise_st, rate, pauses, level_db, tilt_oct, breath, rough, tract }
}

impl Prosody {
    /// The prosody of an utterance: voice, emotion and chance, each from a stream of its own.
    pub fn of(utterance: &Utterance, plan: &CorpusPlan) -> Self {
        let speaker = utterance.speaker;
        let voice = &mut stream(plan.seed, &format!("speaker {speaker}"));
        let strength = 1.0 + 0.2 * normal(voice);
        let noise_db = -62.0 + 4.0 * normal(voice);
        let moves = NEUTRAL.moved(0.0, NEUTRAL, 1.0, voice);
        let own_way = &mut stream(plan.seed, &format!("speaker {speaker} {}", utterance.emotion));
        let moves = moves.moved(strength, emotion_moves(&utterance.emotion), OWN_WAY, own_way);
        let chance = &mut stream(plan.seed, &format!("prosody {}", utterance.path()));
        Self::new(utterance.gender(), moves.moved(0.0, NEUTRAL, CHANCE, chance), noise_db)
    }

    fn new(gender: Gender, moves: Moves, noise_db: f64) -> Self {
        // Typical adult voices; female tracts are about a sixth shorter.
        let (f0_hz, tract) = match gender {
            Gender::Female => (200.0, 1.16),
            Gender::Male => (115.0, 1.0),
        };
        Self {
            f0_hz: (f0_hz * semitones(moves.f0_st)).clamp(60.0, 450.0),
            range_st: (3.0 * moves.range.exp()).min(9.0),
            rise_st: (moves.rise_st - 2.0).clamp(-9.0, 9.0),
            rate: moves.rate.exp().clamp(0.6, 1.6),
            pauses: moves.pauses.exp(),
            level_db: (moves.level_db - 26.0).clamp(-45.0, -14.0),
            tilt_hz: (900.0 * moves.tilt_oct.exp2()).clamp(200.0, 4_000.0),
            breath: 0.06 * moves.breath.exp(),
            jitter: (0.006 * moves.rough.exp()).min(0.04),
            shimmer: (0.04 * moves.rough.exp()).min(0.25),
            tract: tract * (1.0 + moves.tract),
            noise_db,
        }
    }

    /// Pitch in Hz at `place` of the utterance (from 0 to 1) under an accent (from 0 to 1).
    pub fn pitch_hz(&self, place: f64, accent: f64) -> f64 {
        // Half an accent below zero keeps the median at `f0_hz`.
        let st = self.rise_st * (place - 0.5) + self.range_st * (accent - 0.25);
        self.f0_hz * semitones(st)
    }
}

/// Factor of frequency of so many semitones.
fn semitones(st: f64) -> f64 {
    (st / 12.0).exp2()
}
