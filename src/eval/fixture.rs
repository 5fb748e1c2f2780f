//! A small seeded experiment for the tests of this room.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Outcome, Outcomes};
use crate::schema::Track;

/// How many speakers, and rows of each.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub speakers: usize,
    pub rows: usize,
}

pub const CLASSES: [&str; 3] = ["anger", "fear", "neutral"];

pub fn classes() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

/// A row of model `mlp` without speaker, sure of a prediction.
pub fn outcome<'a>(utterance_id: &'a str, truth: &'a str, predicted: &'a str) -> Outcome<'a> {
    const SURE: [[f32; 3]; 3] = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];
    let class = CLASSES.iter().position(|class| *class == predicted).expect("a class of the fixture");
    Outcome {
        utterance_id,
        model: "mlp",
        fold: 0,
        seed: 0,
        truth,
        predicted,
        probabilities: &SURE[class],
        corpus: "c",
        speaker: None,
        gender: None,
        groups: &[],
    }
}

/// Models of falling skill on the same rows; speakers of two genders, three folds.
pub fn outcomes(models: &[&str], shape: Shape) -> Outcomes {
    let mut outcomes = Outcomes::new(&classes(), Track::Inductive);
    for (rank, model) in models.iter().enumerate() {
        add_fit(&mut outcomes, model, 0, rank, shape);
    }
    outcomes
}

/// Adds a fit of a model whose skill falls with its `rank`.
pub fn add_fit(outcomes: &mut Outcomes, model: &str, seed: i64, rank: usize, shape: Shape) {
    let mut random = ChaCha8Rng::seed_from_u64(rank as u64);
    for row in 0..shape.speakers * shape.rows {
        let skill = 0.8 - 0.2 * rank as f64;
        let truth = row % 3;
        let predicted = if random.r#gen::<f64>() < skill { truth } else { random.gen_range(0..3) };
        let speaker = row / shape.rows;
        let outcome = Outcome {
            utterance_id: &format!("c/{row:04}"),
            model,
            fold: (speaker % 3) as i64,
            seed,
            truth: CLASSES[truth],
            predicted: CLASSES[predicted],
            probabilities: &probabilities(predicted, random.gen_range(0.34..1.0)),
            corpus: "c",
            speaker: Some(&format!("c/{speaker:02}")),
            gender: Some(["female", "male"][speaker % 2]),
            groups: &[],
        };
        outcomes.add(&outcome).expect("the fixture's classes are its own");
    }
}

/// `top` for the predicted class, the rest shared by the others.
fn probabilities(predicted: usize, top: f32) -> [f32; 3] {
    let mut all = [(1.0 - top) / 2.0; 3];
    all[predicted] = top;
    all
}
