//! The rows of a table in little memory.

use std::marker::PhantomData;

use super::{Columns, Kind, Row, Table, Texts, Value};

/// The rows of a table without float columns, column by column: some bytes for each cell, where a [`Table`] has an
/// allocation for each text.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed<R> {
    /// With their names.
    typed: Vec<(&'static str, Column)>,
    names: Vec<String>,
    text: Vec<Texts>,
    rows: usize,
    row: PhantomData<fn() -> R>,
}

/// The cells of a typed column.
#[derive(Debug, Clone, PartialEq)]
enum Column {
    Text(Texts),
    Bool(Cells<bool>),
    Int(Cells<i64>),
    Float(Cells<f32>),
    Double(Cells<f64>),
}

/// The cells of a column that is no text. A column that holds nothing takes no memory.
#[derive(Debug, Clone, Default, PartialEq)]
struct Cells<T> {
    /// Empty before the first cell with a value; else one for each cell.
    values: Vec<T>,
    /// Whether each of them is there.
    are_there: Vec<bool>,
    rows: usize,
}

impl<R: Row> Packed<R> {
    /// No rows yet, with these text columns beside the typed ones.
    pub fn new(names: Vec<String>) -> Self {
        let typed = R::table().columns.iter().map(|column| (column.name, Column::new(column.kind))).collect();
        let text = names.iter().map(|_| Texts::default()).collect();
        Self { typed, names, text, rows: 0, row: PhantomData }
    }

    /// Puts a row behind the others, with a cell for each text column.
    pub fn push<'a>(&mut self, row: &R, text: impl IntoIterator<Item = Option<&'a str>>) {
        self.typed.iter_mut().zip(row.to_values()).for_each(|((_, column), value)| column.push(value));
        let mut text = text.into_iter();
        self.text.iter_mut().for_each(|column| column.push(text.next().flatten()));
        self.rows += 1;
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Names of the text columns beside the typed ones.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The text columns beside the typed ones.
    pub fn texts(&self) -> &[Texts] {
        &self.text
    }

    /// The cells of a typed text column.
    ///
    /// # Panics
    /// The table has no such column.
    pub fn column(&self, name: &str) -> &Texts {
        match self.typed.iter().find(|(other, _)| *other == name) {
            Some((_, Column::Text(cells))) => cells,
            _ => panic!("`{name}` is no text column of {}", R::table().name),
        }
    }

    /// Puts other cells into a typed text column: one for each row.
    pub fn replace(&mut self, name: &str, cells: Texts) {
        assert_eq!(cells.len(), self.rows, "a cell for each row");
        if let Some((_, column)) = self.typed.iter_mut().find(|(other, _)| *other == name) {
            *column = Column::Text(cells);
        }
    }

    /// Puts other cells into a text column beside the typed ones: one for each row.
    pub fn replace_text(&mut self, at: usize, cells: Texts) {
        assert_eq!(cells.len(), self.rows, "a cell for each row");
        self.text[at] = cells;
    }

    /// Gives a text column beside the typed ones another name.
    pub fn rename(&mut self, at: usize, name: String) {
        self.names[at] = name;
    }

    /// Adds a text column beside the typed ones, with a cell for each row.
    pub fn add(&mut self, name: String, cells: Texts) {
        assert_eq!(cells.len(), self.rows, "a cell for each row");
        self.names.push(name);
        self.text.push(cells);
    }

    /// Puts the rows into another order, in which some may be left out: what stands at `order[0]` comes first.
    pub fn reorder(&mut self, order: &[usize]) {
        self.typed.iter_mut().for_each(|(_, column)| column.reorder(order));
        self.text.iter_mut().for_each(|cells| cells.reorder(order));
        self.rows = order.len();
    }

    /// Row `at`, without its other text columns.
    pub fn row(&self, at: usize) -> R {
        R::from_values(self.typed.iter().map(|(_, column)| column.value(at))).expect("a row that was pushed")
    }

    /// Some rows as a table.
    pub fn table(&self, rows: std::ops::Range<usize>) -> Table<R> {
        let cells = rows.clone().flat_map(|at| self.text.iter().map(move |cells| cells.get(at).map(str::to_owned)));
        let text = Columns { names: self.names.clone(), values: cells.collect() };
        Table { rows: rows.map(|at| self.row(at)).collect(), text, float: Columns::default() }
    }
}

impl<R: Row> Default for Packed<R> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(Texts::default()),
            Kind::Bool => Self::Bool(Cells::default()),
            Kind::Int => Self::Int(Cells::default()),
            Kind::Float => Self::Float(Cells::default()),
            Kind::Double => Self::Double(Cells::default()),
        }
    }

    fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::Text(cells), Value::Text(cell)) => cells.push(cell.as_deref()),
            (Self::Bool(cells), Value::Bool(cell)) => cells.push(cell),
            (Self::Int(cells), Value::Int(cell)) => cells.push(cell),
            (Self::Float(cells), Value::Float(cell)) => cells.push(cell),
            (Self::Double(cells), Value::Double(cell)) => cells.push(cell),
            (_, value) => unreachable!("{value:?} is of another kind than its column"),
        }
    }

    fn value(&self, at: usize) -> Value {
        match self {
            Self::Text(cells) => Value::Text(cells.get(at).map(str::to_owned)),
            Self::Bool(cells) => Value::Bool(cells.get(at)),
            Self::Int(cells) => Value::Int(cells.get(at)),
            Self::Float(cells) => Value::Float(cells.get(at)),
            Self::Double(cells) => Value::Double(cells.get(at)),
        }
    }

    fn reorder(&mut self, order: &[usize]) {
        match self {
            Self::Text(cells) => cells.reorder(order),
            Self::Bool(cells) => cells.reorder(order),
            Self::Int(cells) => cells.reorder(order),
            Self::Float(cells) => cells.reorder(order),
            Self::Double(cells) => cells.reorder(order),
        }
    }
}

impl<T: Copy + Default> Cells<T> {
    fn push(&mut self, cell: Option<T>) {
        if cell.is_some() && self.values.is_empty() {
            self.values.resize(self.rows, T::default());
            self.are_there.resize(self.rows, false);
        }
        if cell.is_some() || !self.values.is_empty() {
            self.values.push(cell.unwrap_or_default());
            self.are_there.push(cell.is_some());
        }
        self.rows += 1;
    }

    fn get(&self, at: usize) -> Option<T> {
        self.values.get(at).copied().filter(|_| self.are_there[at])
    }

    fn reorder(&mut self, order: &[usize]) {
        let mut cells = Self::default();
        order.iter().for_each(|at| cells.push(self.get(*at)));
        *self = cells;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Metric, Utterance};

    fn utterance(id: &str, start_s: Option<f64>) -> Utterance {
        Utterance {
            utterance_id: format!("c/{id}"),
            corpus: "c".to_owned(),
            path: format!("{id}.wav"),
            start_s,
            end_s: None,
            speaker: Some("c/s1".to_owned()),
            gender: None,
            text_id: None,
            intensity: None,
            language: Some("de".to_owned()),
            source_label: "wut".to_owned(),
            emotion: "anger".to_owned(),
            bytes: 44,
        }
    }

    #[test]
    fn rows_come_back_in_the_order_that_is_wanted() {
        let rows = [utterance("b", None), utterance("a", Some(1.5)), utterance("x", None)];
        let mut packed = Packed::new(vec!["room".to_owned()]);
        rows.iter().zip([Some("1"), None, Some("2")]).for_each(|(row, room)| packed.push(row, [room]));
        let values = vec![Some("1".to_owned()), None, Some("2".to_owned())];
        let text = Columns { names: vec!["room".to_owned()], values };
        assert_eq!(packed.table(0..3), Table { rows: rows.to_vec(), text, float: Columns::default() });
        packed.reorder(&[1, 0]);
        packed.replace("emotion", [Some("fear"), Some("calm")].into_iter().collect());
        let want = [("c/a", "fear"), ("c/b", "calm")];
        assert_eq!((packed.len(), packed.texts()[0].get(0), packed.texts()[0].get(1)), (2, None, Some("1")));
        assert!(
            packed
                .column("utterance_id")
                .iter()
                .zip(packed.column("emotion").iter())
                .eq(want.map(|(id, emotion)| (Some(id), Some(emotion))))
        );
        assert_eq!(packed.row(0), Utterance { emotion: "fear".to_owned(), ..rows[1].clone() });
    }

    #[test]
    fn a_table_without_rows_has_none() {
        assert_eq!(Packed::<Metric>::default().table(0..0), Table::default());
    }
}
