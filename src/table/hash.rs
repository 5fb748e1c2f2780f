use crate::schema::{Row, Table, Value};

/// BLAKE3 over row hashes, smallest first, hexadecimal: independent of the writer, of the order of rows and of parts.
pub type ContentHash = String;

/// The first 16 bytes of the BLAKE3 of one row's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowHash([u8; 16]);

impl RowHash {
    /// 32 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Row hashes written one after the other; `None` where the text is anything else.
    pub fn from_hex_sequence(text: &str) -> Option<Vec<Self>> {
        let digits = text.as_bytes().chunks(32);
        digits.map(|chunk| Self::from_hex(std::str::from_utf8(chunk).ok()?)).collect()
    }

    fn from_hex(text: &str) -> Option<Self> {
        let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }
}

/// The hash of every row, in order.
pub fn row_hashes<R: Row>(table: &Table<R>) -> Vec<RowHash> {
    (0..table.rows.len()).map(|index| row_hash(table, index)).collect()
}

/// The hash of a whole table from the hashes of its rows and the names of its open columns.
pub fn table_hash<'a>(
    schema: &str,
    open_columns: impl Iterator<Item = &'a str>,
    rows: impl Iterator<Item = RowHash>,
) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    update_text(&mut hasher, schema);
    open_columns.for_each(|name| update_text(&mut hasher, name));
    // An augmented row may stand in a part before that of its neighbour by id.
    let mut rows: Vec<RowHash> = rows.collect();
    rows.sort_unstable();
    for row in rows {
        hasher.update(&row.0);
    }
    hasher.finalize().to_hex().to_string()
}

pub(super) fn row_hash<R: Row>(table: &Table<R>, index: usize) -> RowHash {
    let mut hasher = blake3::Hasher::new();
    table.rows[index].to_values().iter().for_each(|value| update(&mut hasher, value));
    for text in table.text.row(index) {
        update(&mut hasher, &Value::Text(text.clone()));
    }
    let mut floats = Vec::with_capacity(table.float.names.len() * 4);
    for &float in table.float.row(index) {
        // Every NaN is the same missing value.
        let float = if float.is_nan() { f32::NAN } else { float };
        floats.extend_from_slice(&float.to_le_bytes());
    }
    hasher.update(&floats);
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    RowHash(hash)
}

/// Length first, so that no two sequences of texts look alike.
fn update_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// Whether there is a value, then the value.
fn update(hasher: &mut blake3::Hasher, value: &Value) {
    match value {
        Value::Text(Some(text)) => {
            hasher.update(&[1]);
            update_text(hasher, text);
        }
        Value::Bool(Some(bit)) => update_bytes(hasher, &[u8::from(*bit)]),
        Value::Int(Some(number)) => update_bytes(hasher, &number.to_le_bytes()),
        Value::Float(Some(number)) => update_bytes(hasher, &number.to_le_bytes()),
        Value::Double(Some(number)) => update_bytes(hasher, &number.to_le_bytes()),
        Value::Text(None) | Value::Bool(None) | Value::Int(None) | Value::Float(None) | Value::Double(None) => {
            hasher.update(&[0]);
        }
    }
}

fn update_bytes(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&[1]);
    hasher.update(bytes);
}
