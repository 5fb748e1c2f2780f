use super::{LANES, Lanes, simd};

/// Number of centred frames of a signal of `samples` samples: `1 + samples / hop`.
pub fn frame_count(samples: usize, hop: usize) -> usize {
    1 + samples / hop
}

/// Cuts blocks of windowed, zero-padded frames out of a signal.
///
/// Frame `t` takes `window.len()` samples from `t * hop - window.len() / 2`; samples outside the signal are zero.
/// The window sits in the middle of the `rows` samples of the transform, as librosa pads it.
#[derive(Debug, Clone)]
pub struct BlockLoader {
    window: Vec<f32>,
    hop: usize,
    offset: usize,
    block: Vec<Lanes>,
    /// Copies of the frames that reach over an end of the signal: `LANES x window.len()`.
    edges: Vec<f32>,
}

impl BlockLoader {
    /// A loader of frames of `window.len()` samples every `hop`, padded to `rows` (at least the window's length).
    pub fn new(window: Vec<f32>, hop: usize, rows: usize) -> Self {
        let offset = (rows - window.len()) / 2;
        let edges = vec![0.0; LANES * window.len()];
        Self { window, hop, offset, block: vec![Lanes::ZERO; rows], edges }
    }

    /// The windowed frames `first_frame..first_frame + LANES` of `samples`: `rows` rows; frames past the last are zero.
    pub fn load(&mut self, samples: &[f32], first_frame: usize) -> &[Lanes] {
        let length = self.window.len();
        let start = |lane: usize| ((first_frame + lane) * self.hop) as isize - (length / 2) as isize;
        let inside = |start: isize| start >= 0 && start as usize + length <= samples.len();
        for (lane, edge) in self.edges.chunks_exact_mut(length).enumerate() {
            if first_frame + lane >= frame_count(samples.len(), self.hop) {
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

    #[test]
    fn frames_are_centred_and_zero_padded() {
        let samples: Vec<f32> = (1..=42).map(|i| i as f32).collect();
        let (hop, length, rows) = (5, 8, 16);
        let mut loader = BlockLoader::new(vec![2.0; length], hop, rows);
        for first in [0, 8, 16] {
            let block = loader.load(&samples, first).to_vec();
            for (row, lane) in (0..rows).flat_map(|row| (0..LANES).map(move |lane| (row, lane))) {
                let index = ((first + lane) * hop + row) as isize - (rows / 2) as isize;
                let in_window = first + lane < 9 && (rows - length) / 2 <= row && row < (rows + length) / 2;
                let want = match usize::try_from(index).ok().and_then(|index| samples.get(index)) {
                    Some(sample) if in_window => 2.0 * sample,
                    _ => 0.0,
                };
                assert_eq!(block[row].0[lane], want, "first {first} row {row} lane {lane}");
            }
        }
    }

    #[test]
    fn even_one_sample_has_a_frame() {
        for (samples, want) in [(1, 1), (159, 1), (160, 2), (16000, 101)] {
            assert_eq!(frame_count(samples, 160), want);
        }
    }
}
