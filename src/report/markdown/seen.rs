//! New speakers with sentences that training has seen beside new speakers with new sentences.

use super::Column::{Left, Right};
use super::table;
use crate::report::escape::code;
use crate::report::{Facts, number};

/// The models on the test rows and on those beside them; nothing where no columns are disjoint.
pub(super) fn seen(facts: &Facts) -> Vec<String> {
    let [first, others @ ..] = facts.split.disjoint.as_slice() else { return Vec::new() };
    let uar = |model: &str, slice: &str| facts.metric(model, slice, "all", "uar");
    let known: Vec<_> = facts.models.iter().filter(|model| uar(&model.name, "seen").is_some()).collect();
    let Some(headline) = uar(&facts.headline, "seen") else { return Vec::new() };
    let others = number::list(&others.iter().map(|column| code(column)).collect::<Vec<_>>());
    let columns = [Left("Model"), Right("UAR, not seen (test rows)"), Right("UAR, seen in training")];
    let rows = known.iter().map(|model| {
        let cells = ["overall", "seen"].map(|slice| number::metric(uar(&model.name, slice)));
        [vec![code(&model.name)], cells.to_vec()].concat()
    });
    vec![
        format!("## Seen and unseen {others}"),
        format!(
            "The same models on new values of {first} whose {others} training has not seen (the test rows, {}) and has seen ({}; \
             an utterance counts once for each fold that predicts it). All other figures of this report are of the test rows.",
            number::count(uar(&facts.headline, "overall").map_or(0, |row| row.n)),
            number::count(headline.n),
            first = code(first),
        ),
        table(&columns, rows),
    ]
}
