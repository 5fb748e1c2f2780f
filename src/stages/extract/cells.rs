//! Numbers from a table of text.

use crate::features::{TableColumn, TableParams};
use crate::options::ConfigError;
use crate::table::Numbers;
use crate::text::{self, Delimited};

/// Why a table of text gives no numbers.
#[derive(Debug)]
pub(super) enum Error {
    /// Its columns are not those that the pipeline asks for.
    Config(ConfigError),
    /// It is not sound; with the line.
    Cells(String),
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<String> for Error {
    fn from(problem: String) -> Self {
        Self::Cells(problem)
    }
}

/// Names and numbers of the features, and the ids. A cell that is empty, infinite or says that it holds nothing is
/// missing.
pub(super) fn read(content: &[u8], params: &TableParams) -> Result<(Vec<String>, Numbers), Error> {
    let text = text::decode(content)?;
    let open = || Delimited::open(text, None, text::is_named_tabs(params.file_name()));
    let columns = columns(open()?)?;
    let chosen = params.choose(&columns)?;
    let mut numbers = Numbers::default();
    let too_large = |_| "memory does not hold it; write it as Parquet, or choose fewer columns".to_owned();
    let cells = text::line_ends(text).saturating_mul(chosen.features.len());
    numbers.values.try_reserve_exact(cells).map_err(too_large)?;
    let mut table = open()?;
    while let Some(row) = table.row()? {
        numbers.ids.push(row.cells[chosen.id].clone().into_owned());
        for at in &chosen.features {
            let number = number(&row.cells[*at]).ok_or_else(|| wrong(row.line, &columns[*at].name, &row.cells[*at]))?;
            numbers.values.push(number);
        }
    }
    Ok((chosen.features.iter().map(|at| columns[*at].name.clone()).collect(), numbers))
}

/// The columns, of which each holds numbers whose first cell with a value is one: what follows must be numbers too.
fn columns(mut table: Delimited) -> Result<Vec<TableColumn>, String> {
    let mut kinds: Vec<Option<bool>> = vec![None; table.columns.len()];
    while kinds.contains(&None) {
        let Some(row) = table.row()? else { break };
        for (kind, cell) in
            kinds.iter_mut().zip(&row.cells).filter(|(kind, cell)| kind.is_none() && !text::is_missing(cell))
        {
            *kind = Some(number(cell).is_some());
        }
    }
    let unnamed = |at: usize| format!("column_{}", at + 1);
    let names = table.columns.into_iter().enumerate();
    // A column without a name has the numbers of the rows.
    let names = names.map(|(at, name)| if name == unnamed(at) { String::new() } else { name });
    Ok(names.zip(kinds).map(|(name, kind)| TableColumn { name, is_numeric: kind.unwrap_or(true) }).collect())
}

/// The number of a cell: NaN where it is missing; none where it is no number.
fn number(cell: &str) -> Option<f32> {
    if text::is_missing(cell) {
        return Some(f32::NAN);
    }
    let number = cell.parse::<f32>().ok()?;
    Some(if number.is_finite() { number } else { f32::NAN })
}

fn wrong(line: usize, column: &str, cell: &str) -> String {
    let comma = if cell.contains(',') { "; write decimal points" } else { "" };
    format!("line {line}, column {column:?}: {cell:?} is not a number{comma} (an empty cell is a missing value)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{FeatureParams, FeaturesSection};

    fn read_with(keys: &str, text: &str) -> Result<(Vec<String>, Numbers), String> {
        let section: FeaturesSection = toml::from_str(&format!("table = 't.csv'\n{keys}")).expect("sound TOML");
        let FeatureParams::Table(params) = section.params(16_000).expect("legal") else { panic!("a table") };
        read(text.as_bytes(), &params).map_err(|error| match error {
            Error::Config(error) => error.to_string(),
            Error::Cells(problem) => problem,
        })
    }

    #[test]
    fn cells_are_numbers_or_missing() {
        let text = "file,start,a,b,note\na.wav,0,1.5,,x\nb.wav,0,NA,-1e-3,\nc.wav,0,1e300,inf,y\n";
        let (names, numbers) = read_with("", text).expect("sound");
        assert_eq!(names, ["a", "b"]);
        assert_eq!(numbers.ids, ["a.wav", "b.wav", "c.wav"]);
        let shown = numbers.values.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(shown, "1.5 NaN NaN -0.001 NaN NaN");
    }

    #[test]
    fn opensmile_writes_semicolons_and_rows_have_numbers() {
        let (names, numbers) = read_with("", "name;frameTime;F0\n'a.wav';0.0;120.5\n").expect("sound");
        assert_eq!((names, numbers.values), (vec!["F0".to_owned()], vec![120.5]));
        assert_eq!(read_with("", ",file,a\n0,x,1\n").expect("sound").0, ["a"]);
    }

    #[test]
    fn what_is_no_number_has_its_line() {
        for (keys, text, want) in [
            ("", "file,a\nx,1\ny,high\n", "line 3, column \"a\": \"high\" is not a number"),
            ("", "file;a\nx;1\ny;1,5\n", "\"1,5\" is not a number; write decimal points"),
            (
                "columns = ['note']",
                "file,a,note\nx,1,n\n",
                "`features.columns` is \"note\": the column holds no numbers",
            ),
            ("", "", "line 1: the header is missing"),
            ("", "file,a\nx\n", "line 2: 1 cells where the header has 2 columns"),
            ("", "file,note\nx,n\n", "no other column holds numbers"),
        ] {
            let error = read_with(keys, text).expect_err(want);
            assert!(error.contains(want), "{error}\nshould say {want}");
        }
    }
}
