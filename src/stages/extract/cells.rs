//! Numbers from a table of text, which is read some rows at a time.

use std::ops::Range;

use bytes::Bytes;

use crate::features::{TableColumn, TableParams};
use crate::options::ConfigError;
use crate::schema::Texts;
use crate::stages::StageError;
use crate::table::Piece;
use crate::text::{self, Delimited, Record};

use super::numbers::NumbersOfOthers;

/// Why a table of text gives no numbers.
#[derive(Debug)]
pub(super) enum Error {
    /// Its columns are not those that the pipeline asks for.
    Config(ConfigError),
    /// It is not sound; with the line.
    Cells(String),
    /// It cannot be read, or its numbers cannot be kept.
    Stage(StageError),
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

impl From<StageError> for Error {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}

/// Bytes of a table of text that are read at a time.
const CHUNK: u64 = 16 << 20;

/// The file of a table of text.
pub(super) struct Content<F> {
    /// Its size.
    bytes: u64,
    /// Gives some of its bytes.
    range: F,
    /// How many are read at a time.
    chunk: u64,
}

impl<F: Fn(Range<u64>) -> Result<Bytes, StageError>> Content<F> {
    /// A file of `bytes` bytes, of which `range` gives some.
    pub fn new(bytes: u64, range: F) -> Self {
        Self { bytes, range, chunk: CHUNK }
    }

    /// Names and numbers of the features, and the ids. A cell that is empty, infinite or says that it holds nothing is
    /// missing.
    pub fn read(&self, params: &TableParams) -> Result<(Vec<String>, Texts, NumbersOfOthers), Error> {
        let tabs = text::is_named_tabs(params.file_name());
        let columns = self.columns(tabs)?;
        let chosen = params.choose(&columns)?;
        let (mut ids, mut matrix, mut values) = (Texts::default(), NumbersOfOthers::default(), Vec::new());
        self.each_row(tabs, |_, row| {
            values.clear();
            for at in &chosen.features {
                let cell = &row.cells[*at];
                values.push(number(cell).ok_or_else(|| wrong(row.line, &columns[*at].name, cell))?);
            }
            let piece = Piece { first: ids.len(), columns: 0..values.len(), values: &values };
            matrix.put(&piece).map_err(StageError::from)?;
            ids.push(Some(&row.cells[chosen.id]));
            Ok(true)
        })?;
        Ok((chosen.features.iter().map(|at| columns[*at].name.clone()).collect(), ids, matrix))
    }

    /// The columns, of which each holds numbers whose first cell with a value is one: what follows must be numbers too.
    fn columns(&self, tabs: bool) -> Result<Vec<TableColumn>, Error> {
        let mut kinds: Vec<Option<bool>> = Vec::new();
        let names = self.each_row(tabs, |columns, row| {
            kinds.resize(columns.len(), None);
            for (kind, cell) in
                kinds.iter_mut().zip(&row.cells).filter(|(kind, cell)| kind.is_none() && !text::is_missing(cell))
            {
                *kind = Some(number(cell).is_some());
            }
            Ok(kinds.contains(&None))
        })?;
        kinds.resize(names.len(), None);
        let unnamed = |at: usize| format!("column_{}", at + 1);
        // A column without a name has the numbers of the rows.
        let names = names.into_iter().enumerate();
        let names = names.map(|(at, name)| if name == unnamed(at) { String::new() } else { name });
        Ok(names.zip(kinds).map(|(name, kind)| TableColumn { name, is_numeric: kind.unwrap_or(true) }).collect())
    }

    /// Hands on row after row as long as `each` wants another; the names of the columns. Memory holds a chunk of the
    /// text, or a row that is longer.
    fn each_row(
        &self,
        tabs: bool,
        mut each: impl FnMut(&[String], Record) -> Result<bool, Error>,
    ) -> Result<Vec<String>, Error> {
        let (mut window, mut end) = (Vec::new(), 0);
        let mut parked: Option<Delimited<'static>> = None;
        loop {
            let next = self.bytes.min(end + self.chunk);
            window.extend_from_slice(&(self.range)(end..next)?);
            end = next;
            let is_cut = end < self.bytes;
            let whole = if is_cut { text::whole_characters(&window) } else { window.len() };
            let mut table = match parked.take() {
                Some(table) => {
                    let text = text::decode_on(&window[..whole], table.line())?;
                    table.read_on(text, is_cut)
                }
                None => match Delimited::open(text::decode(&window[..whole])?, None, tabs) {
                    Ok(table) if !is_cut || !table.rest().is_empty() => {
                        let rest = table.rest();
                        table.read_on(rest, is_cut)
                    }
                    Err(problem) if !is_cut => return Err(problem.into()),
                    // The header may go on.
                    _ => continue,
                },
            };
            while let Some(row) = table.row()? {
                if !each(&table.columns, row)? {
                    return Ok(table.columns);
                }
            }
            if !is_cut {
                return Ok(table.columns);
            }
            let read = whole - table.rest().len();
            parked = Some(table.read_on("", true));
            window.drain(..read);
        }
    }
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

    /// Names, ids and numbers.
    fn read_with(keys: &str, text: &str) -> Result<(Vec<String>, Texts, Vec<f32>), String> {
        let section: FeaturesSection = toml::from_str(&format!("table = 't.csv'\n{keys}")).expect("sound TOML");
        let FeatureParams::Table(params) = section.params(16_000).expect("legal") else { panic!("a table") };
        let read = |chunk: u64| {
            let range = |range: Range<u64>| {
                Ok(Bytes::copy_from_slice(&text.as_bytes()[range.start as usize..range.end as usize]))
            };
            let content = Content { chunk, ..Content::new(text.len() as u64, range) };
            let (names, ids, matrix) = content.read(&params).map_err(|error| match error {
                Error::Config(error) => error.to_string(),
                Error::Cells(problem) => problem,
                Error::Stage(error) => error.to_string(),
            })?;
            let mut values = vec![0.0; ids.len() * names.len()];
            let mut rows = values.chunks_exact_mut(names.len()).enumerate();
            rows.try_for_each(|(row, values)| matrix.read(row, values)).expect("in memory");
            Ok((names, ids, values))
        };
        let whole = read(CHUNK);
        // However many bytes are read at a time.
        for chunk in 1..=text.len() as u64 {
            assert_eq!(format!("{:?}", read(chunk)), format!("{whole:?}"), "{chunk} bytes at a time");
        }
        whole
    }

    #[test]
    fn cells_are_numbers_or_missing() {
        let text = "file,start,a,b,note\na.wav,0,1.5,,x\nb.wav,0,NA,-1e-3,\nc.wav,0,1e300,inf,y\n";
        let (names, ids, values) = read_with("", text).expect("sound");
        assert_eq!(names, ["a", "b"]);
        assert!(ids.iter().flatten().eq(["a.wav", "b.wav", "c.wav"]));
        let shown = values.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(shown, "1.5 NaN NaN -0.001 NaN NaN");
    }

    #[test]
    fn opensmile_writes_semicolons_and_rows_have_numbers() {
        let (names, _, values) = read_with("", "name;frameTime;F0\n'a.wav';0.0;120.5\n").expect("sound");
        assert_eq!((names, values), (vec!["F0".to_owned()], vec![120.5]));
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
