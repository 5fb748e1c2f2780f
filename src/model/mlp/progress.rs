//! What a training tells about itself: when it stopped, and whether it was done.

use super::train::Trained;
use crate::model::problem::Task;
use crate::model::{Epoch, Mlp, percent};

/// A training whose loss falls by more than this share of its whole fall in the last fifth of the epochs was cut short.
const STILL_FALLING: f64 = 0.1;

/// A fall of less than this share of the first loss is none.
const LEAST_FALL: f64 = 0.01;

/// A training whose loss ends above this share of that of a guess has learned next to nothing.
const LIKE_A_GUESS: f64 = 0.95;

/// What a reader should know of trainings, one or more, of the same rows.
pub(super) fn notes(spec: &Mlp, trained: &[Trained], task: &Task) -> Vec<String> {
    let epochs = spec.epochs(task.train.y.len());
    let mut notes = Vec::new();
    if task.dev.is_some() {
        let kept = |member: &Trained| format!("epoch {} of {}", member.best, member.curve.len());
        let kept = trained.iter().map(kept).collect::<Vec<_>>().join(", ");
        notes.push(format!("stopped early on dev: {kept} trained (at most {epochs}) was kept"));
        let cut = trained.iter().any(|member| member.curve.len() == epochs && epochs - member.best < spec.patience);
        if cut {
            notes.push(
                "training did not converge: its epochs were over before dev stopped it (raise train.mlp.epochs)"
                    .to_owned(),
            );
        }
    } else {
        // Every class equally likely: whatever the weights of classes and the smoothing, the loss is this. Votes that
        // disagree have a loss above 0 where the model is right, so that nothing follows from theirs.
        let guess = task.train.votes.is_none().then(|| (task.classes as f64).ln());
        notes.extend(trained.iter().find_map(|member| unfinished(&member.curve, guess)));
    }
    notes
}

/// Says so where the loss has not settled.
fn unfinished(curve: &[Epoch], guess: Option<f64>) -> Option<String> {
    let loss = |epoch: usize| curve[epoch].train_loss;
    let last = curve.len().checked_sub(1)?;
    let tail = loss(last.saturating_sub(curve.len().div_ceil(5))) - loss(last);
    let falling = tail / (loss(0) - loss(last));
    if last > 0 && falling > STILL_FALLING && tail > LEAST_FALL * loss(0) {
        return Some(format!(
            "training did not converge: {} of the fall of its loss came in the last fifth of the epochs \
             (raise train.mlp.epochs)",
            percent(falling)
        ));
    }
    let guess = guess?;
    (loss(last) > LIKE_A_GUESS * guess).then(|| {
        format!(
            "training did not converge: its loss ended at {:.2}, where a guess has {guess:.2} (raise train.mlp.epochs \
             or lower train.mlp.l2)",
            loss(last)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(losses: &[f64]) -> Vec<Epoch> {
        let epoch = |(at, loss): (usize, &f64)| Epoch::new(at + 1, 0.1, *loss, None);
        losses.iter().enumerate().map(epoch).collect()
    }

    #[test]
    fn a_loss_that_has_not_settled_is_told() {
        let note = |losses: &[f64]| unfinished(&curve(losses), Some(4.0_f64.ln())).unwrap_or_default();
        assert_eq!(note(&[1.4, 0.8, 0.6, 0.55, 0.54, 0.53]), "");
        assert!(note(&[1.4, 1.2, 1.0, 0.8, 0.6]).contains("25 % of the fall"));
        assert!(note(&[1.39]).contains("loss ended at 1.39, where a guess has 1.39"));
        assert!(note(&[1.39, 1.38, 1.37, 1.37, 1.37, 1.37]).contains("or lower train.mlp.l2"));
        assert_eq!(note(&[0.2]), "", "one epoch can be enough");
        assert_eq!(note(&[0.2, 0.2, 0.2]), "");
        assert_eq!(note(&[0.2, 0.201, 0.1999]), "", "what flickers does not fall");
    }
}
