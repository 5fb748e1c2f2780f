use rand::Rng;

use super::random::stream;

/// First four formants of a vowel of an adult male voice in Hz.
///
/// F1 to F3: means for men of Peterson and Barney (1952), table II; F4: 3500 Hz.
const VOWELS: [[f64; 4]; 7] = [
    [270.0, 2_290.0, 3_010.0, 3_500.0], // i, heed
    [390.0, 1_990.0, 2_550.0, 3_500.0], // ɪ, hid
    [530.0, 1_840.0, 2_480.0, 3_500.0], // ɛ, head
    [660.0, 1_720.0, 2_410.0, 3_500.0], // æ, had
    [730.0, 1_090.0, 2_440.0, 3_500.0], // ɑ, hod
    [570.0, 840.0, 2_410.0, 3_500.0],   // ɔ, hawed
    [300.0, 870.0, 2_240.0, 3_500.0],   // u, who'd
];
/// Centre of a consonant's noise in Hz: nearly s, sh, h.
const NOISES_HZ: [f64; 3] = [5_200.0, 2_900.0, 1_500.0];

/// A syllable: perhaps a consonant of noise, then a vowel, then perhaps a pause. Durations in seconds at rate 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Syllable {
    /// Centre of the consonant's noise in Hz.
    pub noise_hz: Option<f64>,
    /// Length of the consonant; 0 without one.
    pub noise_s: f64,
    /// F1 to F4 in Hz for a vocal tract of scale 1.
    pub formants_hz: [f64; 4],
    /// Length of the vowel.
    pub vowel_s: f64,
    /// Pause behind it; 0 within a word.
    pub pause_s: f64,
    /// Pitch accent, from 0 to 1.
    pub accent: f64,
}

/// The syllables of a sentence, five to seven: the same for every speaker and emotion.
pub fn sentence(seed: u64, sentence: u32) -> Vec<Syllable> {
    let random = &mut stream(seed, &format!("sentence {sentence}"));
    let syllables = random.gen_range(5..=7);
    (0..syllables)
        .map(|place| {
            let noise_hz = random.gen_bool(0.6).then(|| NOISES_HZ[random.gen_range(0..NOISES_HZ.len())]);
            let is_word_end = place + 1 < syllables && random.gen_bool(0.35);
            Syllable {
                noise_hz,
                noise_s: if noise_hz.is_some() { random.gen_range(0.04..0.08) } else { 0.0 },
                formants_hz: VOWELS[random.gen_range(0..VOWELS.len())],
                vowel_s: random.gen_range(0.12..0.20),
                pause_s: if is_word_end { random.gen_range(0.03..0.07) } else { 0.0 },
                accent: if random.gen_bool(0.4) { random.gen_range(0.5..1.0) } else { 0.0 },
            }
        })
        .collect()
}
