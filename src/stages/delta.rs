//! The log by which lakehouses read a table: `_delta_log/` beside its files, in the protocol of Delta Lake (reader 1,
//! writer 2). Every change of the files is a version.
//!
//! A version is a file of JSON lines with a number for a name, written only where there is none. A file that is written
//! again under its name takes the place of the one before: so only the last version can be read, as after a `VACUUM`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::options;
use crate::schema::{Kind, Row};
use crate::storage::Store;

use super::{Context, OutputFile, StageError, Written, written};

/// The folder of the log, in that of the table.
const LOG: &str = "_delta_log";
/// Tag of a file: what it held when it was written.
const BLAKE3: &str = "blake3";

/// What [`super::Prepared::layout`] says of it.
pub(super) fn layout(context: &Context) -> BTreeMap<String, String> {
    let wanted = context.parameters.pipeline.tables.delta;
    wanted.then(|| ("delta".to_owned(), "true".to_owned())).into_iter().collect()
}

/// A table in a folder.
pub(super) struct DeltaTable<'a> {
    pub out: &'a dyn Store,
    /// The folder, without a slash.
    pub folder: &'a str,
    /// Names of the open columns, in order.
    pub text: &'a [String],
    pub float: &'a [String],
}

/// What the versions so far say.
#[derive(Default)]
struct State {
    /// Number of versions.
    versions: u64,
    schema: Option<String>,
    /// BLAKE3 of each file, by its path in the folder.
    files: BTreeMap<String, String>,
}

impl DeltaTable<'_> {
    /// Writes a version with these files, unless the last one has them; returns the last version's file.
    ///
    /// # Errors
    /// A log that another program has cleaned or written to in ways that are not known here.
    pub fn commit<R: Row>(&self, files: &[Written]) -> Result<Written, StageError> {
        let state = self.state()?;
        let schema = self.schema::<R>();
        let now = files.iter().map(|written| (self.relative(&written.path), written)).collect::<BTreeMap<_, _>>();
        let mut lines = Vec::new();
        if state.versions == 0 {
            lines.push(json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}));
        }
        if state.schema.as_deref() != Some(&schema) {
            lines.push(self.metadata(&schema));
        }
        for path in state.files.keys().filter(|path| !now.contains_key(path.as_str())) {
            lines.push(json!({"remove": {"path": encoded(path), "deletionTimestamp": 0, "dataChange": true}}));
        }
        let is_new = |path: &&str, written: &Written| state.files.get(*path) != Some(&written.file.blake3);
        for (path, written) in now.iter().filter(|(path, written)| is_new(path, written)) {
            // No clock enters a table.
            lines.push(json!({"add": {
                "path": encoded(path), "partitionValues": {}, "size": written.file.bytes, "modificationTime": 0,
                "dataChange": true, "tags": {BLAKE3: written.file.blake3},
            }}));
        }
        if lines.is_empty() {
            return self.last(state.versions);
        }
        let lines = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let path = self.version(state.versions);
        if !self.out.put_new(&path, lines.as_bytes())? && self.out.get(&path)? != lines.as_bytes() {
            return Err(self.foreign("somebody else wrote a version at the same time"));
        }
        self.last(state.versions + 1)
    }

    /// The same where `tables.delta` wants it; else there is no log, since nobody would keep it up.
    pub fn keep<R: Row>(&self, context: &Context, files: &[Written]) -> Result<Option<Written>, StageError> {
        if context.parameters.pipeline.tables.delta {
            return self.commit::<R>(files).map(Some);
        }
        self.remove()?;
        Ok(None)
    }

    /// Takes the log away: who does not keep it up would leave one that says what is not so.
    pub fn remove(&self) -> Result<(), StageError> {
        let log = format!("{}/{LOG}", self.folder);
        self.out.list(&log)?.iter().try_for_each(|entry| Ok(self.out.remove(&entry.path)?))
    }

    fn relative<'b>(&self, path: &'b str) -> &'b str {
        path.strip_prefix(self.folder).map_or(path, |rest| rest.trim_start_matches('/'))
    }

    fn version(&self, number: u64) -> String {
        format!("{}/{LOG}/{number:020}.json", self.folder)
    }

    /// The file of the last version.
    fn last(&self, versions: u64) -> Result<Written, StageError> {
        let path = self.version(versions.saturating_sub(1));
        let file = OutputFile::of(&self.out.get(&path)?);
        Ok(Written { path, file })
    }

    fn metadata(&self, schema: &str) -> Json {
        // The same for the same table: two runs write the same log.
        let id = options::config_hash(&("delta", self.folder));
        let id = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..32]].join("-");
        json!({"metaData": {
            "id": id, "format": {"provider": "parquet", "options": {}}, "schemaString": schema, "partitionColumns": [],
            "configuration": {},
        }})
    }

    fn schema<R: Row>(&self) -> String {
        let field = |name: &str, kind: Kind| {
            let kind = match kind {
                Kind::Text => "string",
                Kind::Bool => "boolean",
                Kind::Int => "long",
                Kind::Float => "float",
                Kind::Double => "double",
            };
            json!({"name": name, "type": kind, "nullable": true, "metadata": {}})
        };
        let typed = R::table().columns.into_iter().map(|column| field(column.name, column.kind));
        let text = self.text.iter().map(|name| field(name, Kind::Text));
        let float = self.float.iter().map(|name| field(name, Kind::Float));
        json!({"type": "struct", "fields": typed.chain(text).chain(float).collect::<Vec<_>>()}).to_string()
    }

    /// Replays the versions.
    fn state(&self) -> Result<State, StageError> {
        let mut state = State::default();
        let log = format!("{}/{LOG}", self.folder);
        let listed = written::listed(self.out, &[&log])?;
        // Other programs put checkpoints there.
        for path in listed.keys().filter(|path| path.ends_with(".json")) {
            if *path != self.version(state.versions) {
                return Err(self.foreign("versions are missing"));
            }
            let content = self.out.get(path)?;
            for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let action = serde_json::from_slice::<Json>(line).map_err(|_| self.foreign("a line is no JSON"))?;
                state.replay(&action);
            }
            state.versions += 1;
        }
        Ok(state)
    }

    fn foreign(&self, problem: &'static str) -> StageError {
        let path = format!("{}/{}/{LOG}", self.out.root(), self.folder);
        StageError::ForeignLog { path, problem }
    }
}

impl State {
    fn replay(&mut self, action: &Json) {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        if let Some(schema) = action.get("metaData").and_then(|data| data.get("schemaString")) {
            self.schema = Some(text(schema));
        }
        if let Some(add) = action.get("add") {
            self.files.insert(decoded(&text(&add["path"])), text(&add["tags"][BLAKE3]));
        }
        if let Some(remove) = action.get("remove") {
            self.files.remove(&decoded(&text(&remove["path"])));
        }
    }
}

/// A path as the protocol wants it: a URI.
fn encoded(path: &str) -> String {
    percent_encoding::utf8_percent_encode(path, &IN_A_PATH).to_string()
}

fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// What a URI path may not hold.
const IN_A_PATH: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Reject;
    use crate::storage::MemoryStore;

    fn file(path: &str, content: &[u8]) -> Written {
        Written { path: path.to_owned(), file: OutputFile::of(content) }
    }

    fn lines(out: &MemoryStore, number: u64) -> Vec<Json> {
        let content = out.get(&format!("features/_delta_log/{number:020}.json")).expect("a version");
        let text = String::from_utf8(content.to_vec()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn a_version_says_what_came_and_what_went() {
        let out = MemoryStore::new();
        let float = ["p".to_owned()];
        let table = DeltaTable { out: &out, folder: "features", text: &[], float: &float };
        let [a, b] = [file("features/a~1.parquet", b"a"), file("features/b.parquet", b"b")];
        let first = table.commit::<Reject>(&[a.clone(), b.clone()]).expect("written");
        assert_eq!(first.path, format!("features/_delta_log/{:020}.json", 0));
        let said = lines(&out, 0);
        assert_eq!(said.len(), 4);
        let schema = said[1]["metaData"]["schemaString"].as_str().expect("a schema");
        let schema: Json = serde_json::from_str(schema).expect("JSON");
        let fields = schema["fields"].as_array().expect("fields");
        let told = fields.iter().map(|field| (&field["name"], &field["type"])).collect::<Vec<_>>();
        assert_eq!(
            (told.first(), told.last()),
            (Some(&(&"corpus".into(), &"string".into())), Some(&(&"p".into(), &"float".into())),)
        );
        assert_eq!((&said[2]["add"]["path"], &said[2]["add"]["size"]), (&"a~1.parquet".into(), &1.into()));
        // Nothing has changed: no version.
        assert_eq!(table.commit::<Reject>(&[a, b.clone()]).expect("known").path, first.path);
        let other = file("features/c d.parquet", b"c");
        table.commit::<Reject>(&[file("features/b.parquet", b"B"), other]).expect("written");
        let said = lines(&out, 1);
        assert_eq!(said[0]["remove"]["path"], "a~1.parquet");
        assert_eq!((&said[1]["add"]["path"], &said[2]["add"]["path"]), (&"b.parquet".into(), &"c%20d.parquet".into()));
        assert_eq!(said.len(), 3);
    }

    #[test]
    fn a_log_with_gaps_is_refused_and_a_log_that_is_not_kept_up_goes() {
        let out = MemoryStore::new();
        let table = DeltaTable { out: &out, folder: "features", text: &[], float: &[] };
        table.commit::<Reject>(&[file("features/a.parquet", b"a")]).expect("written");
        out.rename(&table.version(0), &table.version(3)).expect("moved");
        let error = table.commit::<Reject>(&[]).expect_err("a gap").to_string();
        assert!(error.contains("features/_delta_log") && error.contains("versions are missing"), "{error}");
        table.remove().expect("removed");
        assert_eq!(out.list("").expect("listed"), []);
    }
}
