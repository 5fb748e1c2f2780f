//! `ser leaderboard`: runs of one protocol beside each other, and published figures.

use crate::protocol::PublishedFigure;
use crate::report;
use crate::stages::{self, RunPlace};
use crate::storage::{self, Storage};

use super::args::LeaderboardOptions;
use super::output;

/// Prints the table, and writes it where that is wanted.
pub(super) fn run(options: &LeaderboardOptions) -> anyhow::Result<()> {
    let params = Storage::default();
    let mut figures = PublishedFigure::shipped().to_vec();
    for file in &options.figures {
        let content = storage::read_file(file, &params)?;
        figures.extend(PublishedFigure::parse(file, &String::from_utf8_lossy(&content))?);
    }
    let open = |run: &String| Ok::<_, anyhow::Error>(storage::open(&stages::run_at(run, &params)?, &params)?);
    let stores = options.runs.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    let places = options.runs.iter().zip(&stores).map(|(given, out)| RunPlace { given, out: out.as_ref() });
    let board = stages::leaderboard(&places.collect::<Vec<_>>(), &figures, options.every_model)?;
    let markdown = report::leaderboard(&board);
    match &options.out {
        None => output::result(&markdown)?,
        Some(out) => {
            output::print(&markdown)?;
            stages::put_leaderboard(storage::open(out, &params)?.as_ref(), &markdown, board.rows)?;
        }
    }
    Ok(())
}
