use super::{LANES, Lanes, simd};
use crate::config::{Edges, FrameParams};

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

/// Cuts blocks of windowed, zero-padded frames out of a signal.
///
/// A frame takes `window.len()` samples around its middle on the grid; samples outside the signal are zero. The window
/// sits in the middle of the `rows` samples of the transform, as librosa pads it.
#[derive(Debug, Clone)]
pub struct BlockLoader {
    window: Vec<f32>,
    grid: Grid,
    offset: usize,
    block: Vec<Lanes>,
    /// Copies of the frames that reach over an end of the signal: `LANES x window.len()`.
    edges: Vec<f32>,
}

impl BlockLoader {
    /// A loader of frames of `window.len()` samples, padded to `rows` (at least the window's length).
    pub fn new(window: Vec<f32>, grid: Grid, rows: usize) -> Self {
        let offset = (rows - window.len()) / 2;
        let edges = vec![0.0; LANES * window.len()];
        Self { window, grid, offset, block: vec![Lanes::ZERO; rows], edges }
    }

    /// The windowed frames `first_frame..first_frame + LANES` of `samples`: `rows` rows; frames past the last are zero.
    pub fn load(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        let length = self.window.len();
        let start = |lane: usize| self.grid.start(first_frame + lane, length);
        let frames = self.grid.frames(samples.len());
        let inside = |start: isize| start >= 0 && start as usize + length <= samples.len();
        for (lane, edge) in self.edges.chunks_exact_mut(length).enumerate() {
            if first_frame + lane >= frames {
                edge.fill(0.0);
            } else if !inside(start(lane)) {
                copy_padded(samples, start(lane), edge);
            }
        }
        let edges = &self.edges;
        let frames: [&[f32]; LANES] = std::array::from_fn(|lane| match start(lane) {
            start if inside(start) => &samples[start as usize..][..length],
            _ => &edges[lane * length..][..length],
        });
        let rows = &mut self.block[self.offset..][..length];
        simd(
            #[inline(always)]
            || interleave(frames, &self.window, rows),
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

/// `rows[i][lane] = frames[lane][i] * window[i]`.
#[inline(always)]
fn interleave(frames: [&[f32]; LANES], window: &[f32], rows: &mut [Lanes]) {
    let length = window.len();
    let [a, b, c, d, e, f, g, h] = frames.map(|frame| &frame[..length]);
    let rows = &mut rows[..length];
    for i in 0..length {
        rows[i] = Lanes([a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]]) * window[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Edges; 3] = [Edges::Centre, Edges::Snip, Edges::PadEnd];

    #[test]
    fn frames_hold_the_samples_of_the_grid_and_zeros_elsewhere() {
        let samples: Vec<f32> = (1..=42).map(|i| i as f32).collect();
        let (hop, length, rows) = (5, 8, 16);
        for (edges, lead, frames) in [(Edges::Centre, -4, 9), (Edges::Snip, 0, 7), (Edges::PadEnd, 0, 8)] {
            let mut loader = BlockLoader::new(vec![2.0; length], Grid { window: length, hop, edges }, rows);
            for first in [0, 8, 16] {
                let block = loader.load(&samples, first).to_vec();
                for (row, lane) in (0..rows).flat_map(|row| (0..LANES).map(move |lane| (row, lane))) {
                    let in_window = first + lane < frames && (4..12).contains(&row);
                    let index = ((first + lane) * hop + row) as isize - 4 + lead;
                    let want = match usize::try_from(index).ok().and_then(|index| samples.get(index)) {
                        Some(sample) if in_window => 2.0 * sample,
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
