use super::{LANES, Lanes};

/// Descriptors over time: `rows x frames`, a row each descriptor, contiguous in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contours {
    frames: usize,
    stride: usize,
    values: Vec<f32>,
}

impl Contours {
    /// An empty matrix, to be shaped by [`Self::reset`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Shapes the matrix to `rows x frames` zeros and keeps its memory for the next utterance.
    pub fn reset(&mut self, rows: usize, frames: usize) {
        self.frames = frames;
        self.stride = frames.next_multiple_of(LANES);
        self.values.clear();
        self.values.resize(rows * self.stride, 0.0);
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.stride).unwrap_or(0)
    }

    /// The contour in `row`, one value a frame.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..][..self.frames]
    }

    /// The contour in `row`, to be written.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.stride..][..self.frames]
    }

    /// Writes the eight frames from `first_frame` (a multiple of [`LANES`]) of `row`; those past the end are dropped.
    #[inline(always)]
    pub fn write_block(&mut self, row: usize, first_frame: usize, value: Lanes) {
        self.values[row * self.stride + first_frame..][..LANES].copy_from_slice(&value.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_frames_apart() {
        let mut contours = Contours::new();
        contours.reset(2, 10);
        contours.write_block(0, 8, Lanes::splat(3.0));
        contours.write_block(1, 0, Lanes::splat(5.0));
        assert_eq!((contours.rows(), contours.frames()), (2, 10));
        assert_eq!(contours.row(0), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 3.0]);
        assert_eq!(contours.row(1)[..8], [5.0; 8]);
    }
}
