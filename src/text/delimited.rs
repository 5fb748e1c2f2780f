//! Cells with a separator between them -> rows.
//!
//! The reader is our own because its errors must name the line where a quotation mark opens: a mark that is never closed,
//! or text behind one that closes, is no error to common readers, and rows vanish in the cell.

use std::borrow::Cow;

/// The characters that a separator is looked for among; of equal ones the first counts.
const SEPARATORS: [char; 4] = [',', '\t', ';', '|'];

/// A table of cells, read row by row. The separator is the given one, else that of comma, tab, `;` and `|` of which the
/// header has most; in a file of `tabs`, a tab where the header has one. A first line `sep=;`, as spreadsheets write it,
/// counts too. Lines end with LF, CRLF or CR; blank ones, also of blank cells, do not count. The first is the header; a
/// column without a name is called `column_<number>`. Spaces around a cell are not part of it.
///
/// Between tabs a quotation mark is a character, unless the whole header is quoted. Else a cell may be quoted, a mark in
/// it doubled, and may then hold separators and line ends.
pub struct Delimited<'a> {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// What stands between the cells.
    pub separator: char,
    reader: Reader<'a>,
    /// Whether there is more text than the reader has.
    is_cut: bool,
}

/// The cells of a row, and where it stands.
pub struct Record<'a> {
    /// Its first line, from 1.
    pub line: usize,
    /// As many as there are columns.
    pub cells: Vec<Cow<'a, str>>,
    /// As it is written.
    raw: &'a str,
}

impl<'a> Delimited<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none; a quotation mark in it that is not closed where it should be.
    pub fn open(text: &'a str, separator: Option<char>, tabs: bool) -> Result<Self, String> {
        let (separator, text, skipped) = match text.strip_prefix("sep=").and_then(|rest| rest.chars().next()) {
            Some(named) => {
                let (first, rest) = split_line(text);
                (separator.or(Some(named).filter(|_| first.len() == "sep=".len() + named.len_utf8())), rest, 1)
            }
            _ => (separator, text, 0),
        };
        let separator = separator.unwrap_or_else(|| found_separator(text, tabs));
        let mut reader = Reader { rest: text, line: 1 + skipped, separator, quotes: has_quotes(text, separator) };
        let Some(header) = reader.record()?.filter(|header| !header.cells.iter().all(|cell| cell.is_empty())) else {
            return Err("line 1: the header is missing; the file is empty".to_owned());
        };
        let columns = header.cells.iter().enumerate().map(|(index, name)| column_name(index, name)).collect();
        Ok(Self { columns, separator, reader, is_cut: false })
    }

    /// The same table with another text in the place of what was not read yet. Where it `is_cut`, there is more behind
    /// it, and a row that reaches its end is not read.
    pub fn read_on<'b>(self, text: &'b str, is_cut: bool) -> Delimited<'b> {
        let Reader { line, separator, quotes, .. } = self.reader;
        let reader = Reader { rest: text, line, separator, quotes };
        Delimited { columns: self.columns, separator: self.separator, reader, is_cut }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a str {
        self.reader.rest
    }

    /// The line that this begins in.
    pub fn line(&self) -> usize {
        self.reader.line
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// What is wrong, with the line: a row of another length, a quotation mark that is never closed or closed too late,
    /// so that rows would be lost in its cell.
    pub fn row(&mut self) -> Result<Option<Record<'a>>, String> {
        let before = (self.reader.rest, self.reader.line);
        let record = self.reader.record();
        if self.is_cut && self.reader.rest.is_empty() {
            (self.reader.rest, self.reader.line) = before;
            return Ok(None);
        }
        let record = record?;
        record.iter().try_for_each(|record| record.check(self.columns.len(), self.separator))?;
        Ok(record)
    }
}

/// A separator in words.
pub fn separator_words(separator: char) -> String {
    if separator == '\t' { "tabs".to_owned() } else { format!("`{}`", separator.escape_debug()) }
}

fn found_separator(text: &str, tabs: bool) -> char {
    let (header, _) = split_line(text.trim_start_matches(['\n', '\r']));
    if tabs && header.contains('\t') {
        return '\t';
    }
    let cells = |separator: char| {
        let mut reader = Reader { rest: header, line: 1, separator, quotes: separator != '\t' };
        reader.record().ok().flatten().map_or(0, |record| record.cells.len())
    };
    let most = SEPARATORS.into_iter().map(cells).max();
    let default = if tabs { '\t' } else { ',' };
    SEPARATORS.into_iter().find(|separator| most > Some(1) && Some(cells(*separator)) == most).unwrap_or(default)
}

/// Whether quotation marks are more than characters: everywhere but between tabs below a header without them.
fn has_quotes(text: &str, separator: char) -> bool {
    let (header, _) = split_line(text.trim_start_matches(['\n', '\r']));
    let is_quoted = |cell: &str| cell.len() > 1 && cell.starts_with('"') && cell.ends_with('"');
    separator != '\t' || header.split('\t').all(|cell| is_quoted(cell.trim()))
}

fn column_name(index: usize, name: &str) -> String {
    if name.is_empty() { format!("column_{}", index + 1) } else { name.to_owned() }
}

/// What is left of a text.
struct Reader<'a> {
    rest: &'a str,
    /// The line that `rest` begins in.
    line: usize,
    separator: char,
    quotes: bool,
}

impl<'a> Reader<'a> {
    /// The next row that is not blank.
    fn record(&mut self) -> Result<Option<Record<'a>>, String> {
        while !self.rest.is_empty() {
            let (start, line) = (self.rest, self.line);
            let mut cells = vec![self.cell()?];
            while self.step() {
                cells.push(self.cell()?);
            }
            let raw = &start[..start.len() - self.rest.len()];
            if !raw.chars().all(|c| c == self.separator || c.is_whitespace()) {
                return Ok(Some(Record { line, cells, raw }));
            }
        }
        Ok(None)
    }

    /// The next cell; what ends it stays.
    fn cell(&mut self) -> Result<Cow<'a, str>, String> {
        let trimmed = self.rest.trim_start_matches(' ');
        if let Some(quoted) = trimmed.strip_prefix('"').filter(|_| self.quotes) {
            return self.quoted(quoted).map(Cow::Owned);
        }
        let end = self.rest.find([self.separator, '\n', '\r']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Cow::Borrowed(cell.trim()))
    }

    /// The rest of a cell behind its first quotation mark.
    fn quoted(&mut self, content: &'a str) -> Result<String, String> {
        let (mut cell, mut rest) = (String::new(), content);
        loop {
            let Some((text, behind)) = rest.split_once('"') else {
                self.rest = "";
                return Err(unclosed(self.line));
            };
            cell.push_str(text);
            match behind.strip_prefix('"') {
                Some(behind) => {
                    cell.push('"');
                    rest = behind;
                }
                None => {
                    rest = behind.trim_start_matches(' ');
                    break;
                }
            }
        }
        let opened = self.line;
        self.line += line_ends(&cell);
        if !rest.is_empty() && !rest.starts_with([self.separator, '\n', '\r']) {
            return Err(late(self.line, opened));
        }
        self.rest = rest;
        Ok(cell.trim().to_owned())
    }

    /// Steps over what ended a cell; whether another one follows in the row.
    fn step(&mut self) -> bool {
        if let Some(rest) = self.rest.strip_prefix(self.separator) {
            self.rest = rest;
            return true;
        }
        if !self.rest.is_empty() {
            self.rest = split_line(self.rest).1;
            self.line += 1;
        }
        false
    }
}

impl Record<'_> {
    /// Refuses a row of another length than the header's, and one that holds others in a quoted cell.
    fn check(&self, columns: usize, separator: char) -> Result<(), String> {
        let (line, cells) = (self.line, self.cells.len());
        if let Some(swallowed) = swallowed(self.raw, separator, columns) {
            return Err(format!(
                "line {}: this looks like a row, but it is inside a quoted cell of the row that begins in line \
                 {line}; {MARKS}, or remove line breaks from its text",
                line + swallowed
            ));
        }
        if cells != columns {
            let remedy = if separator == '\t' { "no cell can contain a tab" } else { "quote cells that contain one" };
            return Err(format!(
                "line {line}: {cells} cells where the header has {columns} columns, with {} between cells; {remedy}, or \
                 set `separator`",
                separator_words(separator)
            ));
        }
        Ok(())
    }
}

const MARKS: &str = "close the mark that opens it; in a quoted cell, double each mark that belongs to the text: \
                     \"\"\"so\"\"\"";

fn unclosed(opened: usize) -> String {
    format!("line {opened}: the quotation mark that opens a cell here is never closed; {MARKS}")
}

fn late(line: usize, opened: usize) -> String {
    let place = if line == opened { "here".to_owned() } else { format!("in line {opened}") };
    format!("line {line}: text follows the closing quotation mark of the cell that opens {place}; {MARKS}")
}

/// The line of a row of several, counted from 0, that looks like a row of its own: without regard to quotes the row's
/// first line has all cells of the header, and so has this one; where the first names a file, this one does too.
fn swallowed(raw: &str, separator: char, columns: usize) -> Option<usize> {
    let (first, mut rest) = split_line(raw);
    let count = |line: &str| line.split(separator).count();
    let names_file = |line: &str| line.split(separator).any(|cell| is_file_name(cell.trim()));
    let is_row = |line: &str| match (names_file(first), names_file(line)) {
        (true, true) => count(line) >= columns,
        (false, false) => count(line) == columns,
        _ => false,
    };
    let mut number = 0;
    while columns > 1 && count(first) >= columns && !rest.is_empty() {
        let (line, behind) = split_line(rest);
        number += 1;
        if is_row(line) {
            return Some(number);
        }
        rest = behind;
    }
    None
}

fn is_file_name(cell: &str) -> bool {
    let name = cell.rsplit(['/', '\\']).next().unwrap_or(cell);
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && (2..=5).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphanumeric())
    }) && !cell.contains(' ')
}

/// The first line, without its end, and what comes behind it.
pub fn split_line(text: &str) -> (&str, &str) {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let rest = &text[end..];
    (&text[..end], rest.strip_prefix("\r\n").unwrap_or_else(|| rest.strip_prefix(['\n', '\r']).unwrap_or(rest)))
}

/// How many lines end in a text: with LF, CRLF or CR alone.
pub fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(ends).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns, and the cells and lines of all rows.
    #[derive(Debug)]
    struct Whole {
        columns: Vec<String>,
        rows: Vec<Vec<String>>,
        lines: Vec<usize>,
    }

    fn parse_delimited(text: &str, separator: Option<char>, tabs: bool) -> Result<Whole, String> {
        let mut table = Delimited::open(text, separator, tabs)?;
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        while let Some(row) = table.row()? {
            rows.push(row.cells.into_iter().map(Cow::into_owned).collect());
            lines.push(row.line);
        }
        Ok(Whole { columns: table.columns, rows, lines })
    }

    fn cells(table: &Whole) -> String {
        let cell = |cell: &String| if cell.is_empty() { "-".to_owned() } else { cell.clone() };
        let row = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join("|");
        let rows: Vec<String> = table.rows.iter().map(row).collect();
        format!("{}; {}", table.columns.join("|"), rows.join("; "))
    }

    #[test]
    fn sound_tables() {
        let cases = [
            (false, "a,b\n1,2\n", "a|b; 1|2"),
            (false, "a,b\r\n1,\r\n\r\n,2\r\n", "a|b; 1|-; -|2"),
            (false, "a,b\r1,2\r", "a|b; 1|2"),
            (false, "a;b\n1;2\n;\n ; \n3;4\n;;;\n", "a|b; 1|2; 3|4"),
            (true, "a\tb\n1,5\t2\n", "a|b; 1,5|2"),
            (true, "a,b\n1,2", "a|b; 1|2"),
            (false, "a\tb\n1\t2", "a|b; 1|2"),
            (false, "a;b,c;d\n1,5;2;3", "a|b,c|d; 1,5|2|3"),
            (false, "a|b\n1|2", "a|b; 1|2"),
            (false, "sep=;\na;b\n1;2", "a|b; 1|2"),
            (false, "a , b\n 1, \"x,\ny \" \n", "a|b; 1|x,\ny"),
            (false, ",b\n0,2\n", "column_1|b; 0|2"),
            (false, "a\nü|\"\"\n", "a; ü|\"\""),
            (false, "a,b\n\"say \"\"so\"\"\",2", "a|b; say \"so\"|2"),
            (false, "a,b\n1,\"\"\n\"\",2\n", "a|b; 1|-; -|2"),
            (true, "a\tb\n\"x\t1\n\"y\"\t2\n", "a|b; \"x|1; \"y\"|2"),
            (true, "\"a\"\t\"b\"\n\"x\ty\"\t2\n", "a|b; x\ty|2"),
        ];
        for (tabs, text, want) in cases {
            assert_eq!(cells(&parse_delimited(text, None, tabs).expect(want)), want, "{text:?}");
        }
        assert_eq!(cells(&parse_delimited("a:b,c\n1:2,3", Some(':'), false).expect("sound")), "a|b,c; 1|2,3");
        assert_eq!(cells(&parse_delimited("sep=;\na;b\n1;2", Some(';'), false).expect("sound")), "a|b; 1|2");
    }

    #[test]
    fn every_row_has_its_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,2", "", "3,\"x", "y z\"", "5,6"].join(end);
            assert_eq!(parse_delimited(&text, None, false).expect("sound").lines, [2, 4, 6], "{end:?}");
            let error = parse_delimited(&format!("{text}{end}7"), None, false).expect_err("a short row");
            assert!(error.starts_with("line 7: 1 cells where the header has 2 columns, with `,` between"), "{error}");
        }
    }

    #[test]
    fn a_table_is_read_in_pieces_of_any_length() {
        let text = "a,b\n1,\"2\"\"x\"\r\n\r\n3,\"x\ny\"\n\"4\",\r5,ü\n";
        let whole = parse_delimited(text, None, false).expect("sound");
        let breaks = (4..=text.len()).filter(|at| text.is_char_boundary(*at)).collect::<Vec<_>>();
        for step in 1..breaks.len() {
            let (mut rows, mut lines) = (Vec::new(), Vec::new());
            let mut table = Delimited::open(&text[..4], None, false).expect("a header").read_on("", true);
            let mut start = 4;
            for end in breaks.iter().copied().step_by(step).chain([text.len()]) {
                table = table.read_on(&text[start..end], end < text.len());
                while let Some(row) = table.row().expect("sound") {
                    rows.push(row.cells.into_iter().map(Cow::into_owned).collect::<Vec<_>>());
                    lines.push(row.line);
                }
                start = end - table.rest().len();
            }
            assert_eq!((&rows, &lines), (&whole.rows, &whole.lines), "in steps of {step}");
        }
    }

    #[test]
    fn unsound_tables_name_the_line() {
        let cases = [
            ("", "line 1: the header is missing"),
            ("\n\n", "line 1: the header is missing"),
            ("a,b\n1,2\n1,2,3\n", "line 3: 3 cells where the header has 2 columns"),
            ("a;b\n1;2;3\n", "with `;` between cells"),
            ("a\tb\n1\t2\t3\n", "with tabs between cells; no cell can contain a tab"),
            ("a,b\n1,2\n\"3,4\n5,6\n", "line 3: the quotation mark that opens a cell here is never closed"),
            ("a,b\n\"3\" x,4\n", "line 2: text follows the closing quotation mark of the cell that opens here"),
            (
                "a,b\n1,\"2\n3,4\n5,\"6\"\n",
                "line 4: text follows the closing quotation mark of the cell that opens in line 2",
            ),
            (
                "a,b\n1,\"2\n3,4\"\n",
                "line 3: this looks like a row, but it is inside a quoted cell of the row that begins in line 2",
            ),
            ("p,s,e\na.wav,\"hm,sad\nb.wav,so,sad\nc.wav,ok\",sad\n", "line 3: this looks like a row"),
            ("p,s,e\na.wav,\"hm,sad\nc.wav,ok\",sad\n", "line 3: this looks like a row"),
        ];
        for (text, want) in cases {
            let error = parse_delimited(text, None, false).expect_err(want);
            assert!(error.contains(want), "{error}\nshould say {want}");
        }
    }

    #[test]
    fn cells_of_several_lines_are_no_rows() {
        for text in [
            "p,e,s\na.wav,sad,\"Well,\nyes, no, maybe\nso\"\n",
            "p,s,e\na.wav,\"Well, yes, no\nok\",sad\n",
            "s,e,p\n\"Well, yes, no,\nno\nok\",sad,a.wav\n",
        ] {
            assert_eq!(parse_delimited(text, None, false).expect("sound").rows.len(), 1, "{text:?}");
        }
    }
}
