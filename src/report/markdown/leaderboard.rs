//! The leaderboard as Markdown.

use std::cmp::Reverse;

use super::Column::{Left, Right};
use super::table;
use crate::report::escape::text;
use crate::report::{Board, number};
use crate::schema::Leader;

/// A table of what was trained on the corpus alone, and one of what was pretrained on more.
pub fn leaderboard(board: &Board) -> String {
    let corpora = board.corpora.iter().map(|name| text(name)).collect::<Vec<_>>();
    let classes = board.classes.iter().map(|name| text(name)).collect::<Vec<_>>();
    let mut blocks = vec![
        format!("# {}, protocol {}", number::list(&corpora), text(&board.protocol)),
        format!(
            "{}; {}: {}. All rows are of the same test utterances in the same folds.",
            number::plural(board.folds as i64, "fold"),
            format!("{} emotions", classes.len()),
            number::list(&classes)
        ),
    ];
    let words = board.words.split_whitespace().collect::<Vec<_>>().join(" ");
    blocks.extend((!words.is_empty()).then(|| format!("Protocol: {}", text(&words))));
    for (title, pretrained) in [("Trained on the corpus alone", false), ("Pretrained on more", true)] {
        let mut rows = board.rows.iter().filter(|row| row.pretrained == pretrained).collect::<Vec<_>>();
        if rows.is_empty() {
            continue;
        }
        // Every row has a mean over folds but those with a fold that lacks a class.
        rows.sort_by_key(|row| Reverse(row.uar_folds.or(row.uar).map_or(0, |uar| (uar * 1e9) as i64)));
        blocks.push(format!("## {title}"));
        blocks.push(rows_of(&rows));
    }
    if !board.left_out.is_empty() {
        let figures = board.left_out.iter().map(|figure| text(figure)).collect::<Vec<_>>().join("; ");
        blocks.push(format!("Published under this protocol, but not comparable with these runs: {figures}."));
    }
    blocks.push(
        "UAR: all test rows together, with its 95 % interval over speakers. Mean of folds: the mean of the UARs of the \
         folds, and their standard deviation; most papers give this one."
            .to_owned(),
    );
    blocks.join("\n\n") + "\n"
}

fn rows_of(rows: &[&Leader]) -> String {
    let columns = [
        Left("System"),
        Left("Model"),
        Left("Features"),
        Left("Track"),
        Right("UAR"),
        Right("Mean of folds"),
        Right("Accuracy"),
        Right("Macro F1"),
        Left("Source"),
    ];
    let row = |row: &&Leader| {
        let folds = match (row.uar_folds, row.uar_folds_std) {
            (Some(mean), Some(deviation)) => format!("{mean:.3} ± {deviation:.3}"),
            (mean, _) => number::figure(mean),
        };
        vec![
            text(&row.system),
            text(&row.model),
            text(&row.features),
            row.track.clone().unwrap_or_else(|| "–".to_owned()),
            number::with_interval(row.uar, row.low, row.high),
            folds,
            number::figure(row.accuracy),
            number::figure(row.macro_f1),
            text(&row.source),
        ]
    };
    table(&columns, rows.iter().map(row))
}
