mod path;
mod spectra;

use super::parabola::parabolic_peak;
use super::sums::largest_distance;
use super::{EvenFft, Grid, LANES, Lanes, moments, simd};
use crate::options::{ConfigError, require};
use path::{Candidate, Lattice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spectra::VoiceSpectra;

/// Options of the pitch descriptors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pitch {
    /// Lowest pitch in Hz; frames are three of its periods long. Default: 75. Legal: 20 or above.
    pub min_hz: f64,
    /// Highest pitch in Hz. Default: 600. Legal: above `min_hz`, below a quarter of the sample rate.
    pub max_hz: f64,
}

impl Default for Pitch {
    fn default() -> Self {
        Self { min_hz: 75.0, max_hz: 600.0 }
    }
}

/// Checked options of the pitch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PitchParams {
    /// Lowest pitch in Hz.
    pub min_hz: f64,
    /// Highest pitch in Hz.
    pub max_hz: f64,
}

impl Pitch {
    /// The range of the pitch; it matters where it is `used`. Keys begin with `key`.
    ///
    /// # Errors
    /// The first limit out of range.
    pub fn check(&self, key: &str, sample_rate_hz: u32, used: bool) -> Result<PitchParams, ConfigError> {
        let params = PitchParams { min_hz: self.min_hz, max_hz: self.max_hz };
        params.check(key, sample_rate_hz, used).map(|()| params)
    }
}

impl PitchParams {
    /// Checks the range, also of what was read back from a file.
    ///
    /// # Errors
    /// As of [`Pitch::check`].
    pub fn check(&self, key: &str, sample_rate_hz: u32, used: bool) -> Result<(), ConfigError> {
        let Self { min_hz, max_hz } = *self;
        require(min_hz >= 20.0, format!("{key}.min_hz"), min_hz, "20 or above is legal")?;
        let most = if used { f64::from(sample_rate_hz) / 4.0 } else { f64::INFINITY };
        let problem = format!("above {min_hz} (`min_hz`) and at most {most} (a quarter of the sample rate) is legal");
        let legal = max_hz > min_hz && max_hz <= most && max_hz.is_finite();
        require(legal, format!("{key}.max_hz"), max_hz, problem)
    }
}

/// Boersma's costs, as Praat sets them for `To Pitch (ac)`.
const SILENCE_THRESHOLD: f64 = 0.03;
const VOICING_THRESHOLD: f64 = 0.45;
const OCTAVE_COST: f64 = 0.01;

/// The pitch of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PitchFrame {
    /// Fundamental frequency in Hz; `None` where unvoiced.
    pub f0_hz: Option<f32>,
    /// Largest normalised autocorrelation at a pitch period, 0..1, voiced or not.
    pub strength: f32,
    /// Largest magnitude near the frame's centre over that of the utterance, 0..1.
    pub level: f32,
}

/// Pitch by autocorrelation and the cheapest path through the frames' candidates (Boersma, 1993, "Accurate short-term
/// analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound"; Praat's `To Pitch
/// (ac)`).
#[derive(Debug, Clone)]
pub struct PitchTracker {
    /// Sample rate, Hz.
    rate: f64,
    grid: Grid,
    /// `log2` of the highest pitch in Hz.
    highest_octave: f64,
    spectra: VoiceSpectra,
    fft: EvenFft,
    /// `1 / autocorrelation of the window`, for lags 0..=longest + 1.
    window_gain: Vec<f32>,
    /// Of a pitch period, in samples.
    shortest_lag: usize,
    /// Power spectra of a block, scaled to an energy of 1.
    scaled: Vec<Lanes>,
    /// Normalised autocorrelation of a block at lags 0..=longest + 1.
    autocorrelation: Vec<Lanes>,
    /// The autocorrelation of a frame, and the lags of its maxima.
    lags: Vec<f32>,
    peaks: Vec<usize>,
    lattice: Lattice,
}

impl PitchTracker {
    /// Plans the analysis of the frames of a grid.
    pub fn new(params: &PitchParams, sample_rate_hz: u32, grid: Grid) -> Self {
        let rate = f64::from(sample_rate_hz);
        let spectra = VoiceSpectra::new(params, sample_rate_hz, grid);
        let n_fft = spectra.n_fft();
        let longest_lag = ((rate / params.min_hz) as usize).min(n_fft / 2 - 1);
        Self {
            rate,
            grid,
            highest_octave: params.max_hz.log2(),
            fft: EvenFft::new(n_fft),
            window_gain: window_gain(spectra.window(), longest_lag + 1),
            spectra,
            shortest_lag: ((rate / params.max_hz).ceil() as usize).max(2),
            scaled: vec![Lanes::ZERO; n_fft / 2 + 1],
            autocorrelation: vec![Lanes::ZERO; longest_lag + 2],
            lags: vec![0.0; longest_lag + 2],
            peaks: Vec::new(),
            lattice: Lattice::default(),
        }
    }

    /// Replaces `out` by the pitch of each frame of `samples`.
    pub fn track(&mut self, samples: &[f32], out: &mut Vec<PitchFrame>) {
        out.clear();
        self.lattice.clear();
        let frames = self.grid.frames(samples.len());
        let global_peak = peak_around_mean(samples);
        for first_frame in (0..frames).step_by(LANES) {
            let peaks = self.autocorrelate(samples, first_frame);
            for lane in 0..LANES.min(frames - first_frame) {
                let level = if global_peak > 0.0 { (peaks.0[lane] / global_peak).min(1.0) } else { 0.0 };
                out.push(PitchFrame { f0_hz: None, strength: self.find_candidates(lane, level), level });
            }
        }
        for (frame, f0_hz) in out.iter_mut().zip(self.lattice.best_path(self.grid.hop as f64 / self.rate)) {
            frame.f0_hz = *f0_hz;
        }
    }

    /// The spectra that the pitch of a block of the last utterance, whose samples are `samples`, was found in.
    pub fn spectra(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        self.spectra.again(samples, first_frame)
    }

    /// Length of the FFT of these spectra.
    pub fn n_fft(&self) -> usize {
        self.spectra.n_fft()
    }

    /// Leaves the normalised autocorrelation of a block in `autocorrelation`; returns each frame's peak near its
    /// centre.
    fn autocorrelate(&mut self, samples: &[f32], first_frame: usize) -> Lanes {
        let (power, peaks) = self.spectra.block(samples, first_frame);
        simd(
            #[inline(always)]
            || scale_to_one(power, &mut self.scaled),
        );
        self.fft.transform(&self.scaled, &mut self.autocorrelation);
        simd(
            #[inline(always)]
            || {
                for (row, gain) in self.autocorrelation.iter_mut().zip(&self.window_gain) {
                    *row = *row * *gain;
                }
            },
        );
        peaks
    }

    /// Adds the candidates of a frame: the unvoiced one, then the maxima of the autocorrelation. Returns the largest.
    fn find_candidates(&mut self, lane: usize, intensity: f32) -> f32 {
        for (lag, row) in self.lags.iter_mut().zip(&self.autocorrelation) {
            *lag = row.0[lane];
        }
        let unvoiced = 2.0 - f64::from(intensity) * (1.0 + VOICING_THRESHOLD) / SILENCE_THRESHOLD;
        self.lattice.begin_frame(VOICING_THRESHOLD + unvoiced.max(0.0));
        self.peaks.clear();
        if intensity > 0.0 {
            self.find_peaks();
        }
        let mut strongest = 0.0_f64;
        for &lag in &self.peaks {
            let (position, height) = parabolic_peak([lag - 1, lag, lag + 1].map(|lag| f64::from(self.lags[lag])));
            // Only short frames give values above 1, which count as their inverse, as in Praat.
            let height = if height > 1.0 { 1.0 / height } else { height };
            strongest = strongest.max(height);
            if height > 0.5 * VOICING_THRESHOLD {
                let f0_hz = self.rate / (lag as f64 + position);
                let octave = f0_hz.log2();
                let merit = height - OCTAVE_COST * (self.highest_octave - octave);
                self.lattice.add(Candidate { f0_hz: Some(f0_hz), octave, merit });
            }
        }
        strongest.min(1.0) as f32
    }

    /// Finds the lags of the maxima. Where they are is hard to predict, so nothing branches on it.
    fn find_peaks(&mut self) {
        self.peaks.resize(self.lags.len(), 0);
        let mut count = 0;
        for (lag, three) in (self.shortest_lag..).zip(self.lags[self.shortest_lag - 1..].windows(3)) {
            self.peaks[count] = lag;
            count += usize::from((three[1] > three[0]) & (three[1] >= three[2]));
        }
        self.peaks.truncate(count);
    }
}

/// Semitones above 27.5 Hz (the lowest A of a piano).
pub fn semitones(hz: f32) -> f32 {
    12.0 * (hz / 27.5).log2()
}

/// `r(0) / r(lag)` of the window for lags 0..=longest.
fn window_gain(window: &[f32], longest: usize) -> Vec<f32> {
    let product = |lag: usize| -> f64 {
        window.iter().zip(&window[lag.min(window.len())..]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    (0..=longest).map(|lag| (product(0) / product(lag)) as f32).collect()
}

/// Scales power spectra to an autocorrelation of 1 at lag 0; silence stays silent.
#[inline(always)]
fn scale_to_one(power: &[Lanes], scaled: &mut [Lanes]) {
    let half = power.len() - 1;
    let twice = power[1..half].iter().fold(Lanes::ZERO, |sum, row| sum + *row) * 2.0;
    let energy = twice + power[0] + power[half];
    let share = energy.map(|energy| if energy > f32::MIN_POSITIVE { 1.0 / energy } else { 0.0 });
    for (scaled, power) in scaled.iter_mut().zip(power) {
        *scaled = *power * share;
    }
}

/// Largest distance of a sample from the mean.
fn peak_around_mean(samples: &[f32]) -> f32 {
    if samples.is_empty() { 0.0 } else { largest_distance(samples, moments(samples).mean as f32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Edges;
    use crate::dsp::testing::noise;

    const GRID: Grid = Grid { window: 400, hop: 160, edges: Edges::Centre };

    fn track(samples: &[f32]) -> Vec<PitchFrame> {
        let mut out = Vec::new();
        PitchTracker::new(&PitchParams { min_hz: 75.0, max_hz: 600.0 }, 16000, GRID).track(samples, &mut out);
        out
    }

    fn harmonics(hz: f32, samples: usize) -> Vec<f32> {
        let phase =
            |i: usize, k: usize| std::f32::consts::TAU * ((i as f64 * f64::from(hz) * k as f64 / 16000.0) % 1.0) as f32;
        (0..samples).map(|i| (1..=8).map(|k| phase(i, k).cos() / k as f32).sum::<f32>() * 0.1).collect()
    }

    #[test]
    fn a_harmonic_tone_has_its_frequency() {
        for hz in [82.0, 120.0, 211.3, 350.0, 523.25] {
            for frame in &track(&harmonics(hz, 16000))[3..97] {
                let f0_hz = frame.f0_hz.expect("a harmonic tone is voiced");
                assert!((f0_hz / hz - 1.0).abs() < 2e-3, "{f0_hz} for {hz}");
                assert!(frame.strength > 0.95, "strength {} at {hz}", frame.strength);
            }
        }
    }

    #[test]
    fn silence_and_noise_are_unvoiced() {
        let mut noise = noise();
        let noise: Vec<f32> = (0..16000).map(|_| noise()).collect();
        let voiced = track(&noise).iter().filter(|frame| frame.f0_hz.is_some()).count();
        assert!(voiced <= 3, "{voiced} frames of noise are voiced");
        for samples in [vec![0.0; 4000], vec![0.3; 4000], vec![0.5], vec![0.1; 159]] {
            let frames = track(&samples);
            assert_eq!(frames.len(), 1 + samples.len() / 160);
            assert!(frames.iter().all(|frame| frame.strength.is_finite()));
        }
        assert!(track(&[0.0; 4000]).iter().all(|frame| frame.f0_hz.is_none() && frame.strength == 0.0));
    }

    #[test]
    fn octaves_have_twelve_semitones() {
        assert!((semitones(55.0) - 12.0).abs() < 1e-5 && (semitones(440.0) - 48.0).abs() < 1e-5);
    }
}
