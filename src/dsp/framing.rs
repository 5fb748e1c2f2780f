use super::{LANES, Lanes, Window, simd};
use crate::options::{ConfigError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How frames are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Frame {
    /// Shape of the window, which is periodic. All mel presets except `librosa` use their own. Default: `hann`.
    pub window: Window,
    /// Length of a frame in milliseconds, rounded to samples at the configured rate. Default: 25. Legal: above 0, up to
    /// 1000.
    pub window_ms: f64,
    /// Time from one frame to the next in milliseconds, rounded to samples. Default: 10. Legal: above 0, up to 1000.
    pub hop_ms: f64,
    /// Length of the FFT in samples: a power of two, no shorter than the window. Default: the smallest possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_fft: Option<usize>,
    /// Where the frames lie in the signal, for all descriptors of the set. Default: that of the mel preset in use
    /// (`librosa`: `centre`, `kaldi` and `htk`: `snip`, `psf`: `pad-end`); without a mel preset, `centre`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<Edges>,
}

impl Default for Frame {
    fn default() -> Self {
        Self { window: Window::Hann, window_ms: 25.0, hop_ms: 10.0, n_fft: None, edges: None }
    }
}

/// Checked frame cutting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameParams {
    /// Shape of the window.
    pub window: Window,
    /// Length of a frame in samples.
    pub window_samples: usize,
    /// Samples from one frame to the next.
    pub hop_samples: usize,
    /// Length of the FFT: a power of two, at least `window_samples`.
    pub n_fft: usize,
    /// Which samples the frames hold.
    pub edges: Edges,
}

impl Frame {
    /// The frames in samples.
    ///
    /// # Errors
    /// A length out of range; keys begin with `key`.
    pub fn check(&self, key: &str, sample_rate_hz: u32, edges: Edges) -> Result<FrameParams, ConfigError> {
        let samples = |name: &str, ms: f64, least: usize| {
            let samples = (ms * f64::from(sample_rate_hz) / 1000.0).round();
            let legal = ms > 0.0 && ms <= 1000.0 && samples >= least as f64;
            let problem = format!("above 0, at most 1000 and at least {least} samples at {sample_rate_hz} Hz is legal");
            require(legal, format!("{key}.{name}"), ms, problem).map(|()| samples as usize)
        };
        let window_samples = samples("window_ms", self.window_ms, 2)?;
        let hop_samples = samples("hop_ms", self.hop_ms, 1)?;
        let smallest = window_samples.next_power_of_two().max(8);
        let n_fft = self.n_fft.unwrap_or(smallest);
        let problem =
            format!("a power of two from {smallest} (the window has {window_samples} samples) to 65536 is legal");
        let legal = n_fft.is_power_of_two() && (smallest..=65536).contains(&n_fft);
        require(legal, format!("{key}.n_fft"), n_fft, problem)?;
        Ok(FrameParams { window: self.window, window_samples, hop_samples, n_fft, edges })
    }
}

impl FrameParams {
    /// Checks what was read back from a file; keys begin with `key`.
    ///
    /// # Errors
    /// The first length out of range.
    pub fn check(&self, key: &str, sample_rate_hz: u32) -> Result<(), ConfigError> {
        // A second, as for frames in milliseconds.
        let longest = sample_rate_hz as usize;
        for (name, samples, least) in [("window_samples", self.window_samples, 2), ("hop_samples", self.hop_samples, 1)]
        {
            let legal = (least..=longest).contains(&samples);
            require(legal, format!("{key}.{name}"), samples, format!("{least} to {longest} is legal"))?;
        }
        let smallest = self.window_samples.next_power_of_two().max(8);
        let legal = self.n_fft.is_power_of_two() && (smallest..=65536).contains(&self.n_fft);
        require(legal, format!("{key}.n_fft"), self.n_fft, format!("a power of two from {smallest} to 65536 is legal"))
    }
}

/// Which samples the frames hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// Frame `t` is centred on sample `t * hop`; samples outside the signal are zero; `1 + n / hop` frames (librosa).
    Centre,
    /// Frame `t` starts at sample `t * hop`; whole frames only, `1 + (n - window) / hop`; a signal shorter than a
    /// window has one frame, padded with zeros at its end (Kaldi's `snip_edges`, which gives such a signal none).
    Snip,
    /// Frame `t` starts at sample `t * hop`; the last is padded with zeros; `1 + ceil((n - window) / hop)` frames, at
    /// least one (python_speech_features).
    PadEnd,
}

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Where the frames of a signal lie; samples outside the signal count as zero.
///
/// A descriptor may look at fewer or more samples than the window has: its frames then have the same centres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Samples of a frame.
    pub window: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Which samples the frames hold.
    pub edges: Edges,
}

impl Grid {
    /// The grid of a feature set.
    pub fn new(frame: &FrameParams) -> Self {
        Self { window: frame.window_samples, hop: frame.hop_samples, edges: frame.edges }
    }

    /// Number of frames of a signal of `samples` samples, at least one; see [`Edges`].
    pub fn frames(self, samples: usize) -> usize {
        let beyond_first = samples.saturating_sub(self.window);
        match self.edges {
            Edges::Centre => 1 + samples / self.hop,
            Edges::Snip => 1 + beyond_first / self.hop,
            Edges::PadEnd => 1 + beyond_first.div_ceil(self.hop),
        }
    }

    /// The sample in the middle of a frame.
    pub fn centre(self, frame: usize) -> usize {
        match self.edges {
            Edges::Centre => frame * self.hop,
            Edges::Snip | Edges::PadEnd => frame * self.hop + self.window / 2,
        }
    }

    /// The first of `length` samples around the middle of a frame; negative before the signal.
    pub fn start(self, frame: usize, length: usize) -> isize {
        self.centre(frame) as isize - (length / 2) as isize
    }
}

/// Cuts blocks of frames out of a signal.
///
/// A frame takes `length` samples around its middle on the grid; samples outside the signal are zero.
#[derive(Debug, Clone)]
pub struct Cutter {
    length: usize,
    grid: Grid,
    /// Copies of the frames that reach over an end of the signal: `LANES x length`.
    edges: Vec<f32>,
}

impl Cutter {
    /// A cutter of frames of `length` samples.
    pub fn new(length: usize, grid: Grid) -> Self {
        Self { length, grid, edges: vec![0.0; LANES * length] }
    }

    /// The frames `first_frame..first_frame + LANES` of `samples`; those past the last are zero.
    pub fn frames<'a>(&'a mut self, samples: &'a [f32], first_frame: usize) -> [&'a [f32]; LANES] {
        let (length, frames) = (self.length, self.grid.frames(samples.len()));
        let start = |lane: usize| self.grid.start(first_frame + lane, length);
        let inside = |start: isize| start >= 0 && start as usize + length <= samples.len();
        for (lane, edge) in self.edges.chunks_exact_mut(length).enumerate() {
            if first_frame + lane >= frames {
                edge.fill(0.0);
            } else if !inside(start(lane)) {
                copy_padded(samples, start(lane), edge);
            }
        }
        std::array::from_fn(|lane| match start(lane) {
            start if inside(start) => &samples[start as usize..][..length],
            _ => &self.edges[lane * length..][..length],
        })
    }
}

/// Cuts blocks of frames out of a signal and lays them side by side.
#[derive(Debug, Clone)]
pub struct BlockLoader {
    cutter: Cutter,
    block: Vec<Lanes>,
}

impl BlockLoader {
    /// A loader of frames of `length` samples.
    pub fn new(length: usize, grid: Grid) -> Self {
        Self { cutter: Cutter::new(length, grid), block: vec![Lanes::ZERO; length] }
    }

    /// The frames `first_frame..first_frame + LANES` of `samples`: `length` rows; those past the last are zero.
    pub fn load(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        let frames = self.cutter.frames(samples, first_frame);
        simd(
            #[inline(always)]
            || interleave(frames, &mut self.block),
        );
        &self.block
    }
}

/// `out[i] = samples[start + i]`, zero outside the signal.
pub(super) fn copy_padded(samples: &[f32], start: isize, out: &mut [f32]) {
    out.fill(0.0);
    let from = start.max(0) as usize;
    let to = (start + out.len() as isize).clamp(0, samples.len() as isize) as usize;
    if from < to {
        let at = (from as isize - start) as usize;
        out[at..at + to - from].copy_from_slice(&samples[from..to]);
    }
}

/// `rows[i][lane] = frames[lane][i]`.
#[inline(always)]
fn interleave(frames: [&[f32]; LANES], rows: &mut [Lanes]) {
    let [a, b, c, d, e, f, g, h] = frames.map(|frame| &frame[..rows.len()]);
    for (i, row) in rows.iter_mut().enumerate() {
        *row = Lanes([a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Edges; 3] = [Edges::Centre, Edges::Snip, Edges::PadEnd];

    #[test]
    fn frames_hold_the_samples_of_the_grid_and_zeros_elsewhere() {
        let samples: Vec<f32> = (1..=42).map(|i| i as f32).collect();
        let (hop, length) = (5, 8);
        for (edges, lead, frames) in [(Edges::Centre, -4, 9), (Edges::Snip, 0, 7), (Edges::PadEnd, 0, 8)] {
            let mut loader = BlockLoader::new(length, Grid { window: length, hop, edges });
            for first in [0, 8, 16] {
                let block = loader.load(&samples, first).to_vec();
                for (row, lane) in (0..length).flat_map(|row| (0..LANES).map(move |lane| (row, lane))) {
                    let index = ((first + lane) * hop + row) as isize + lead;
                    let want = match usize::try_from(index).ok().and_then(|index| samples.get(index)) {
                        Some(sample) if first + lane < frames => *sample,
                        _ => 0.0,
                    };
                    assert_eq!(block[row].0[lane], want, "{edges:?} first {first} row {row} lane {lane}");
                }
            }
        }
    }

    #[test]
    fn frames_are_counted_as_each_toolkit_does_and_even_one_sample_has_a_frame() {
        // librosa with center=True, Kaldi's NumFrames with snip_edges, python_speech_features' framesig
        let cases = [(1, [1, 1, 1]), (400, [3, 1, 1]), (401, [3, 1, 2]), (560, [4, 2, 2]), (16000, [101, 98, 99])];
        for (samples, want) in cases {
            let frames = ALL.map(|edges| Grid { window: 400, hop: 160, edges }.frames(samples));
            assert_eq!(frames, want, "{samples} samples");
        }
    }

    #[test]
    fn frames_of_any_length_share_their_middle() {
        for (edges, middle) in [(Edges::Centre, 480), (Edges::Snip, 680), (Edges::PadEnd, 680)] {
            let grid = Grid { window: 400, hop: 160, edges };
            assert_eq!(grid.centre(3), middle);
            for length in [400, 402, 640] {
                assert_eq!(grid.start(3, length), middle as isize - (length / 2) as isize);
            }
        }
        assert_eq!(Grid { window: 400, hop: 160, edges: Edges::Snip }.start(0, 400), 0);
    }
}
