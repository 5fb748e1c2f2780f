use crate::report::number;

/// A column of a Markdown table: its header and where its cells stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// Words.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

/// A Markdown table; cells are escaped by who makes them. A column of dashes is left out: its section says why. A table
/// without any number is a sentence.
pub(super) fn table(columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let told = |index: usize| rows.is_empty() || rows.iter().any(|row| row[index] != "–");
    let shown: Vec<usize> = (0..columns.len()).filter(|&index| told(index)).collect();
    if !rows.is_empty() && shown.iter().all(|&index| matches!(columns[index], Column::Left(_))) {
        let names: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next()).collect();
        return format!("There are no figures of {}.", number::list(&names));
    }
    let header = shown.iter().map(|&index| match columns[index] {
        Column::Left(name) | Column::Right(name) => name,
    });
    let rule = shown.iter().map(|&index| match columns[index] {
        Column::Left(_) => "---",
        Column::Right(_) => "---:",
    });
    let mut lines = vec![line(header), line(rule)];
    lines.extend(rows.iter().map(|row| line(shown.iter().map(|&index| row[index].as_str()))));
    lines.join("\n")
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}
