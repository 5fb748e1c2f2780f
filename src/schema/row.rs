//! What a table is: typed columns declared once as a struct, plus columns that only the data knows.

/// The physical type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// True or false.
    Bool,
    /// 64-bit integer.
    Int,
    /// 32-bit float.
    Float,
    /// 64-bit float.
    Double,
}

impl Kind {
    /// The word for this type in the published schemas.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "utf8",
            Self::Bool => "boolean",
            Self::Int => "int64",
            Self::Float => "float32",
            Self::Double => "float64",
        }
    }
}

/// One value of a table; `None` is a null.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Value {
    /// UTF-8 text.
    Text(Option<String>),
    /// True or false.
    Bool(Option<bool>),
    /// 64-bit integer.
    Int(Option<i64>),
    /// 32-bit float.
    Float(Option<f32>),
    /// 64-bit float.
    Double(Option<f64>),
}

/// A Rust type that a typed column can hold.
pub trait Cell: Sized {
    /// The column's physical type.
    const KIND: Kind;
    /// Whether the column may hold nulls.
    const NULLABLE: bool;
    /// This cell as a value.
    fn to_value(&self) -> Value;
    /// The cell back from a value; `None` where the value is of another type or an unexpected null.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! cell {
    ($type:ty, $kind:ident) => {
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = false;
            fn to_value(&self) -> Value {
                Value::$kind(Some(self.clone()))
            }
            fn from_value(value: Value) -> Option<Self> {
                Option::<$type>::from_value(value)?
            }
        }
        impl Cell for Option<$type> {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = true;
            fn to_value(&self) -> Value {
                Value::$kind(self.clone())
            }
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$kind(cell) => Some(cell),
                    _ => None,
                }
            }
        }
    };
}
cell!(String, Text);
cell!(bool, Bool);
cell!(i64, Int);
cell!(f32, Float);
cell!(f64, Double);

/// A typed column of a table.
#[derive(Debug, Clone)]
pub struct ColumnDef {
    /// Column name, in snake_case with its unit where it has one.
    pub name: &'static str,
    /// Physical type.
    pub kind: Kind,
    /// Whether nulls are legal.
    pub nullable: bool,
    /// What the column means.
    pub description: &'static str,
}

/// Which columns a table may hold beyond its typed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Nullable text columns (the extra columns of a manifest).
    pub text: bool,
    /// Nullable float32 columns (features, probabilities).
    pub float: bool,
}

/// The published definition of a table.
#[derive(Debug, Clone)]
pub struct TableDef {
    /// Table name, which is also its file or folder name.
    pub name: &'static str,
    /// Raised when a column changes its name, type or meaning.
    pub version: u32,
    /// What one row is.
    pub description: &'static str,
    /// The columns that identify a row and by which rows are sorted.
    pub key: &'static [&'static str],
    /// Typed columns, in order.
    pub columns: Vec<ColumnDef>,
    /// Columns allowed beyond the typed ones.
    pub open: Open,
}

/// A struct that is one row of a published table.
pub trait Row: Sized {
    /// The table's definition.
    fn table() -> TableDef;
    /// The typed cells, in column order.
    fn to_values(&self) -> Vec<Value>;
    /// The row back from its typed cells; `None` where one has a wrong type or an unexpected null.
    fn from_values(values: impl Iterator<Item = Value>) -> Option<Self>;
}

/// Columns that only the data knows, all of one type.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns<T> {
    /// Column names, in order.
    pub names: Vec<String>,
    /// Values, row after row: `rows x names.len()`.
    pub values: Vec<T>,
}

impl<T> Default for Columns<T> {
    fn default() -> Self {
        Self { names: Vec::new(), values: Vec::new() }
    }
}

impl<T> Columns<T> {
    /// The values of row `index`.
    pub fn row(&self, index: usize) -> &[T] {
        let width = self.names.len();
        &self.values[index * width..(index + 1) * width]
    }
}

/// Rows of a table: typed columns, then open ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<R> {
    /// The typed columns, a row each.
    pub rows: Vec<R>,
    /// Nullable text columns.
    pub text: Columns<Option<String>>,
    /// Float32 columns; a missing value is NaN here and null in the file.
    pub float: Columns<f32>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<R> From<Vec<R>> for Table<R> {
    fn from(rows: Vec<R>) -> Self {
        Self { rows, text: Columns::default(), float: Columns::default() }
    }
}

impl<R> Table<R> {
    /// Keeps the rows that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&R) -> bool) {
        let kept: Vec<bool> = self.rows.iter().map(keep).collect();
        retain(&mut self.rows, &kept, 1);
        retain(&mut self.text.values, &kept, self.text.names.len());
        retain(&mut self.float.values, &kept, self.float.names.len());
    }
}

/// Keeps the cells of the rows that are `kept`, each `width` wide.
fn retain<T>(cells: &mut Vec<T>, kept: &[bool], width: usize) {
    let mut kept = kept.iter().flat_map(|kept| std::iter::repeat_n(*kept, width));
    cells.retain(|_| kept.next() == Some(true));
}

/// Declares a table once: the row struct, its published definition and the conversion between them.
/// Doc comments become the published descriptions.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        table $name:literal version $version:literal key [$($key:literal),*] open { text: $text:literal, float: $float:literal }
        pub struct $row:ident { $($(#[doc = $field_doc:literal])+ pub $field:ident: $type:ty,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row { $($(#[doc = $field_doc])+ pub $field: $type,)+ }

        impl $crate::schema::Row for $row {
            fn table() -> $crate::schema::TableDef {
                $crate::schema::TableDef {
                    name: $name,
                    version: $version,
                    description: concat!($($doc),+).trim(),
                    key: &[$($key),*],
                    columns: vec![$($crate::schema::ColumnDef {
                        name: stringify!($field),
                        kind: <$type as $crate::schema::Cell>::KIND,
                        nullable: <$type as $crate::schema::Cell>::NULLABLE,
                        description: concat!($($field_doc),+).trim(),
                    },)+],
                    open: $crate::schema::Open { text: $text, float: $float },
                }
            }
            fn to_values(&self) -> Vec<$crate::schema::Value> {
                vec![$($crate::schema::Cell::to_value(&self.$field),)+]
            }
            fn from_values(mut values: impl Iterator<Item = $crate::schema::Value>) -> Option<Self> {
                Some(Self { $($field: $crate::schema::Cell::from_value(values.next()?)?,)+ })
            }
        }
    };
}
pub(super) use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_with_all_their_cells() {
        let mut table = Table {
            rows: vec![1, 2, 3],
            text: Columns {
                names: vec!["room".to_owned()],
                values: ["a", "b", "c"].map(|v| Some(v.to_owned())).into(),
            },
            float: Columns { names: vec!["x".to_owned(), "y".to_owned()], values: vec![1.0, 1.5, 2.0, 2.5, 3.0, 3.5] },
        };
        table.retain(|row| *row != 2);
        assert_eq!(table.rows, [1, 3]);
        assert_eq!((table.text.row(1), table.float.row(1)), (&[Some("c".to_owned())][..], &[3.0, 3.5][..]));
        let mut bare = Table::from(vec![1, 2]);
        bare.retain(|row| *row == 2);
        assert_eq!(bare, Table::from(vec![2]));
    }
}
