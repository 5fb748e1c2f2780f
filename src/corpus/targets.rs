//! Numbers that are to be predicted.

use super::CorpusError;
use super::entry::{Entries, reject};
use crate::corpus::Corpus;
use crate::options::ConfigError;

/// The code of utterances without a number.
pub(super) const BAD_TARGET_CODE: &str = "bad_target";

/// Refuses a corpus without the column; an utterance without a number there becomes a reject.
pub(super) fn check_targets(config: &Corpus, column: &str, read: &mut Entries) -> Result<(), CorpusError> {
    let utterances = &read.utterances;
    let Some(at) = utterances.names().iter().position(|name| name == column) else {
        let names = utterances.names().join(", ");
        let problem = format!("corpus `{}` has no such column; its own columns are: {names}", config.name);
        let hint = "name a group of `pattern` or a column of the manifest that holds a number for each utterance";
        return Err(ConfigError::new("target", format!("{column:?}"), problem).hint(hint).into());
    };
    let cells = &utterances.texts()[at];
    let is_number = |cell: Option<&str>| cell.is_some_and(|cell| cell.trim().parse().is_ok_and(f64::is_finite));
    let (kept, others): (Vec<usize>, Vec<usize>) = (0..cells.len()).partition(|row| is_number(cells.get(*row)));
    let paths = utterances.column("path");
    for row in others {
        let found = cells.get(row).map_or("nothing".to_owned(), |cell| format!("{cell:?}"));
        let message = format!("`{column}` is {found}; wanted a number such as 3.25");
        read.rejects.push(reject(config, paths.get(row).unwrap_or_default(), BAD_TARGET_CODE, message));
    }
    read.keep(&kept);
    Ok(())
}
