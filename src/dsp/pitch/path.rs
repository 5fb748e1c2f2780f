/// Candidates that a frame keeps, the unvoiced one included.
const MAX_CANDIDATES: usize = 15;

/// Boersma's transition costs, as Praat sets them for `To Pitch (ac)`, for frames 10 ms apart.
const OCTAVE_JUMP_COST: f64 = 0.35;
const VOICED_UNVOICED_COST: f64 = 0.14;
const COST_STEP_S: f64 = 0.01;

/// A frequency that a frame may have, or "unvoiced".
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub f0_hz: Option<f64>,
    /// `log2(f0_hz)`; 0 where unvoiced.
    pub octave: f64,
    /// Local merit of the candidate.
    pub merit: f64,
}

/// The best path that ends at a candidate.
#[derive(Debug, Clone, Copy)]
struct Step {
    score: f64,
    before: usize,
}

/// The candidates of all frames, and the search for the path of greatest merit (Viterbi).
#[derive(Debug, Clone, Default)]
pub(super) struct Lattice {
    candidates: Vec<Candidate>,
    /// Where each frame's candidates begin.
    starts: Vec<usize>,
    steps: Vec<Step>,
    path: Vec<Option<f32>>,
}

impl Lattice {
    /// Forgets the last utterance.
    pub fn clear(&mut self) {
        self.candidates.clear();
        self.starts.clear();
    }

    /// Begins the next frame with its unvoiced candidate.
    pub fn begin_frame(&mut self, unvoiced_merit: f64) {
        self.starts.push(self.candidates.len());
        self.candidates.push(Candidate { f0_hz: None, octave: 0.0, merit: unvoiced_merit });
    }

    /// Adds a voiced candidate to the last frame; a full frame drops its weakest.
    pub fn add(&mut self, candidate: Candidate) {
        let first = self.starts.last().copied().unwrap_or(0);
        if self.candidates.len() - first < MAX_CANDIDATES {
            return self.candidates.push(candidate);
        }
        let weakest = self.candidates[first + 1..].iter_mut().min_by(|a, b| a.merit.total_cmp(&b.merit));
        if let Some(weakest) = weakest.filter(|weakest| weakest.merit < candidate.merit) {
            *weakest = candidate;
        }
    }

    /// The frequency of each frame along the best path, frames being `step_s` seconds apart.
    pub fn best_path(&mut self, step_s: f64) -> &[Option<f32>] {
        self.steps.clear();
        for (frame, start) in self.starts.iter().enumerate() {
            let end = self.starts.get(frame + 1).copied().unwrap_or(self.candidates.len());
            let earlier = frame.checked_sub(1).map_or(0, |before| self.starts[before])..*start;
            for candidate in &self.candidates[*start..end] {
                let step = best_step(&self.candidates, &self.steps, earlier.clone(), candidate, COST_STEP_S / step_s);
                self.steps.push(step);
            }
        }
        self.trace_back();
        &self.path
    }

    fn trace_back(&mut self) {
        self.path.clear();
        let Some(last) = self.starts.last() else { return };
        let mut at = *last;
        for index in *last..self.steps.len() {
            if self.steps[index].score > self.steps[at].score {
                at = index;
            }
        }
        for _ in &self.starts {
            self.path.push(self.candidates[at].f0_hz.map(|f0_hz| f0_hz as f32));
            at = self.steps[at].before;
        }
        self.path.reverse();
    }
}

/// The best way to reach `candidate` from the candidates of the frame before, which are `earlier`.
fn best_step(
    candidates: &[Candidate],
    steps: &[Step],
    earlier: std::ops::Range<usize>,
    candidate: &Candidate,
    correction: f64,
) -> Step {
    let start = if earlier.is_empty() { 0.0 } else { f64::NEG_INFINITY };
    let mut best = Step { score: start, before: 0 };
    for before in earlier {
        let score = steps[before].score - correction * transition_cost(&candidates[before], candidate);
        if score > best.score {
            best = Step { score, before };
        }
    }
    Step { score: best.score + candidate.merit, ..best }
}

fn transition_cost(from: &Candidate, to: &Candidate) -> f64 {
    match (from.f0_hz, to.f0_hz) {
        (None, None) => 0.0,
        (Some(_), Some(_)) => OCTAVE_JUMP_COST * (from.octave - to.octave).abs(),
        _ => VOICED_UNVOICED_COST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voiced(f0_hz: f64, merit: f64) -> Candidate {
        Candidate { f0_hz: Some(f0_hz), octave: f0_hz.log2(), merit }
    }

    #[test]
    fn the_path_prefers_a_smooth_contour_to_a_local_octave() {
        let mut lattice = Lattice::default();
        for frame in 0..5 {
            lattice.begin_frame(0.45);
            lattice.add(voiced(100.0, 0.8));
            lattice.add(voiced(200.0, if frame == 2 { 0.9 } else { 0.7 }));
        }
        assert_eq!(lattice.best_path(0.01), [Some(100.0); 5]);
        // the strong unvoiced frames at the end are worth the change
        lattice.begin_frame(2.0);
        assert_eq!(lattice.best_path(0.01)[4..], [Some(100.0), None]);
        lattice.clear();
        assert!(lattice.best_path(0.01).is_empty());
    }

    #[test]
    fn a_full_frame_keeps_its_strongest() {
        let mut lattice = Lattice::default();
        lattice.begin_frame(0.0);
        for index in 0..30 {
            lattice.add(voiced(100.0 + f64::from(index), 0.01 * f64::from(index)));
        }
        assert_eq!(lattice.candidates.len(), MAX_CANDIDATES);
        assert_eq!(lattice.best_path(0.01), [Some(129.0)]);
    }
}
