//! The preset `htk` against the formulas of the HTK Book (Young et al., chapter 5), computed slowly in 64 bits.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use ser_etl::features::{FeatureSet, FeaturesSection};

const RATE_HZ: u32 = 16000;
const WINDOW: usize = 400;
const HOP: usize = 160;
const N_FFT: usize = 512;
const BANDS: usize = 26;
const COEFFICIENTS: usize = 13;

/// What the book makes of one frame.
struct Frame {
    mel_energy: Vec<f64>,
    log_mel: Vec<f64>,
    mfcc: Vec<f64>,
}

#[test]
fn bands_and_cepstra_follow_the_formulas_of_the_htk_book() {
    for length in [300, 400, 8000] {
        let integers = speech_like(length);
        let want = book(&integers);
        let got = contours(&integers);
        for (frame, want) in want.iter().enumerate() {
            for (name, want) in [("mel_energy", &want.mel_energy), ("log_mel", &want.log_mel), ("mfcc", &want.mfcc)] {
                for (channel, want) in want.iter().enumerate() {
                    let row = &got[&format!("{name}{channel:02}")];
                    assert_eq!(row.len(), frames(length));
                    let got = f64::from(row[frame]);
                    let close = (got - want).abs() < 1e-3 * want.abs().max(1.0);
                    assert!(close, "{name}{channel:02} of frame {frame} of {length}: {got} for {want}");
                }
            }
        }
    }
}

#[test]
fn silence_has_the_book_s_least_band_value() {
    let got = contours(&[0; 1000]);
    for (name, row) in &got {
        assert!(row.iter().all(|value| *value == 0.0), "{name} of silence is {row:?}");
    }
}

fn frames(samples: usize) -> usize {
    1 + samples.saturating_sub(WINDOW) / HOP
}

fn book(integers: &[i16]) -> Vec<Frame> {
    let frame = |t: usize| -> Vec<f64> {
        let sample = |i: usize| integers.get(t * HOP + i).map_or(0.0, |sample| f64::from(*sample));
        (0..WINDOW).map(sample).collect()
    };
    (0..frames(integers.len())).map(|t| analyse(&frame(t))).collect()
}

fn analyse(samples: &[f64]) -> Frame {
    let emphasised = |n: usize| samples[n] - 0.97 * samples[n.saturating_sub(1)];
    let hamming = |n: usize| 0.54 - 0.46 * (2.0 * PI * n as f64 / (WINDOW - 1) as f64).cos();
    let ready: Vec<f64> = (0..WINDOW).map(|n| emphasised(n) * hamming(n)).collect();
    let magnitudes: Vec<f64> = (0..=N_FFT / 2).map(|bin| magnitude(&ready, bin)).collect();
    let mel_energy: Vec<f64> = (0..BANDS).map(|band| band_value(&magnitudes, band)).collect();
    // HTK's source (HSigP.c) has a least value of 1 before the logarithm
    let log_mel: Vec<f64> = mel_energy.iter().map(|value| value.max(1.0).ln()).collect();
    let mfcc = (0..COEFFICIENTS).map(|i| liftered_cepstrum(&log_mel, i)).collect();
    Frame { mel_energy, log_mel, mfcc }
}

fn magnitude(samples: &[f64], bin: usize) -> f64 {
    let angle = |n: usize| 2.0 * PI * ((bin * n) % N_FFT) as f64 / N_FFT as f64;
    let (re, im) = samples
        .iter()
        .enumerate()
        .fold((0.0, 0.0), |(re, im), (n, sample)| (re + sample * angle(n).cos(), im - sample * angle(n).sin()));
    f64::hypot(re, im)
}

/// Equation 5.13 and figure 5.3: triangles equally spaced along the mel scale, here from 0 Hz to half the rate.
fn band_value(magnitudes: &[f64], band: usize) -> f64 {
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let step = mel(f64::from(RATE_HZ) / 2.0) / (BANDS + 1) as f64;
    let centre = step * (band + 1) as f64;
    let weight = |bin: usize| {
        let distance = (mel(bin as f64 * f64::from(RATE_HZ) / N_FFT as f64) - centre).abs();
        (1.0 - distance / step).max(0.0)
    };
    magnitudes.iter().enumerate().map(|(bin, magnitude)| weight(bin) * magnitude).sum()
}

/// Equations 5.14 (whose coefficient 0 is HTK's C0) and 5.12 with L = 22.
fn liftered_cepstrum(log_mel: &[f64], i: usize) -> f64 {
    let cosine = |j: usize| (PI * i as f64 / BANDS as f64 * (j as f64 + 0.5)).cos();
    let sum: f64 = log_mel.iter().enumerate().map(|(j, level)| level * cosine(j)).sum();
    (2.0 / BANDS as f64).sqrt() * sum * (1.0 + 11.0 * (PI * i as f64 / 22.0).sin())
}

/// A tone with harmonics over noise, then silence.
fn speech_like(length: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let mut sample = |index: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(state) / f64::from(u32::MAX) - 0.5;
        let phase = 2.0 * PI * 140.0 * index as f64 / f64::from(RATE_HZ);
        let tone: f64 = (1..=20).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum();
        if index < 6000 { (5000.0 * tone + 300.0 * noise) as i16 } else { 0 }
    };
    (0..length).map(&mut sample).collect()
}

/// The contours of the preset by name.
fn contours(integers: &[i16]) -> BTreeMap<String, Vec<f32>> {
    let toml = "set = \"htk\"\n[sets.htk]\nmfcc.preset = \"htk\"\nlog_mel.preset = \"htk\"\n\
                groups = [{ descriptors = [\"mfcc\", \"log_mel\", \"mel_energy\"], functionals = [\"mean\"] }]";
    let features: FeaturesSection = toml::from_str(toml).expect("legal TOML");
    let set = FeatureSet::new(&features.check(RATE_HZ).expect("a legal set"), RATE_HZ);
    let samples: Vec<f32> = integers.iter().map(|sample| f32::from(*sample) / 32768.0).collect();
    let mut extractor = set.extractor();
    let contours = extractor.contours(&samples);
    let names = set.contour_names().iter().enumerate();
    names.map(|(row, name)| (name.clone(), contours.row(row).to_vec())).collect()
}
