use serde_json::{Map, Value as Json, json};

use crate::pipeline::Pipeline;
use crate::schema::published_tables;
use crate::stages::{Record, StageName, TableLine};
use crate::storage::real_place;

use super::event::facet;

/// Where the data of a pipeline lies.
pub(super) struct Places {
    out: String,
    corpora: Vec<CorpusPlaces>,
    /// The table of features that others computed.
    table: Option<String>,
}

struct CorpusPlaces {
    name: String,
    /// Its audio, where it has any.
    source: Option<String>,
    manifest: Option<String>,
}

impl Places {
    pub fn of(pipeline: &Pipeline) -> Self {
        let corpora = pipeline.corpus.iter().map(|corpus| CorpusPlaces {
            name: corpus.name.clone(),
            source: corpus.has_source().then(|| corpus.source.clone()),
            manifest: corpus.manifest.clone(),
        });
        Self { out: pipeline.out.clone(), corpora: corpora.collect(), table: pipeline.features.table.clone() }
    }

    /// What a stage has read: its version is the hash that the record has.
    pub fn inputs(&self, stage: StageName, record: &Record) -> Vec<Json> {
        let audio = || self.corpora.iter().filter_map(|corpus| Some((corpus.source.as_ref()?.clone(), None)));
        let manifests = || self.corpora.iter().filter_map(|corpus| Some((corpus.manifest.as_ref()?.clone(), None)));
        let mut found: Vec<(String, Option<&String>)> = match stage {
            StageName::Ingest => manifests().collect(),
            StageName::Extract => audio().collect(),
            _ => Vec::new(),
        };
        for (name, hash) in record.inputs.iter().filter(|(_, hash)| is_hash(hash)) {
            match name.as_str() {
                "features.table" => found.extend(self.table.clone().map(|place| (place, Some(hash)))),
                // A hash of some columns is no version of the table.
                "feature keys" => found.push((self.output("features"), None)),
                "features" => found.push((self.output("features"), Some(hash))),
                name if published_tables().iter().any(|table| table.name == name) => {
                    found.push((self.output(&format!("{name}.parquet")), Some(hash)));
                }
                name => found.extend(self.source(name).map(|place| (place, Some(hash)))),
            }
        }
        let input = |(place, version): (String, Option<&String>)| {
            let facets = version.map(|version| json!({ "version": version_facet(version) }));
            dataset(&place, facets.unwrap_or_else(|| json!({})))
        };
        found.into_iter().map(input).collect()
    }

    /// The tables that a stage has written, and its models.
    pub fn outputs(&self, tables: &[TableLine], record: &Record) -> Vec<Json> {
        let table = |table: &TableLine| {
            let mut output = dataset(&self.output(&table.path), Json::Object(table_facets(table)));
            output["outputFacets"] = statistics(table.rows, table.bytes, table.files);
            output
        };
        let sizes: Vec<u64> =
            record.outputs.iter().filter(|(path, _)| path.starts_with("models/")).map(|(_, file)| file.bytes).collect();
        let models = (!sizes.is_empty()).then(|| {
            let mut output = dataset(&self.output("models"), json!({}));
            output["outputFacets"] = statistics(None, sizes.iter().sum(), sizes.len());
            output
        });
        tables.iter().map(table).chain(models).collect()
    }

    /// The audio of what a record calls `corpus NAME`.
    fn source(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix("corpus ")?;
        self.corpora.iter().find(|corpus| corpus.name == name)?.source.clone()
    }

    fn output(&self, path: &str) -> String {
        format!("{}/{path}", self.out.trim_end_matches('/'))
    }
}

/// A dataset by the names of the specification: the path of a file, or the key in a bucket.
fn dataset(place: &str, facets: Json) -> Json {
    let place = real_place(place);
    let (namespace, name) = match place.split_once("://") {
        Some(("file", path)) => ("file".to_owned(), path),
        Some((scheme, place)) => {
            let (bucket, key) = place.split_once('/').unwrap_or((place, "/"));
            // A name has no secret, but what stands before an @ might be one.
            (format!("{scheme}://{}", bucket.rsplit('@').next().unwrap_or_default()), key)
        }
        None => ("file".to_owned(), place.as_str()),
    };
    json!({ "namespace": namespace, "name": name, "facets": facets })
}

/// Whether an input of a record is a hash, and not a value that decides which files are written.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn table_facets(table: &TableLine) -> Map<String, Json> {
    let fields = table.columns.iter().map(|column| {
        let mut field = json!({ "name": column.name, "type": column.kind });
        if let Some(description) = &column.description {
            field["description"] = description.as_str().into();
        }
        field
    });
    let nulls =
        |column: &crate::stages::TableColumn| Some((column.name.clone(), json!({ "nullCount": column.nulls? })));
    let columns: Map<String, Json> = table.columns.iter().filter_map(nulls).collect();
    let mut quality = json!({ "bytes": table.bytes, "fileCount": table.files, "columnMetrics": columns });
    if let Some(rows) = table.rows {
        quality["rowCount"] = rows.into();
    }
    let mut facets = Map::new();
    facets.insert(
        "schema".to_owned(),
        facet("1-2-0", "SchemaDatasetFacet", json!({ "fields": fields.collect::<Vec<_>>() })),
    );
    facets.insert("dataQualityMetrics".to_owned(), facet("1-0-1", "DataQualityMetricsDatasetFacet", quality));
    facets.extend(table.content_hash.as_ref().map(|hash| ("version".to_owned(), version_facet(hash))));
    facets
}

fn version_facet(hash: &str) -> Json {
    facet("1-0-1", "DatasetVersionDatasetFacet", json!({ "datasetVersion": hash }))
}

fn statistics(rows: Option<u64>, bytes: u64, files: usize) -> Json {
    let mut fields = json!({ "size": bytes, "fileCount": files });
    if let Some(rows) = rows {
        fields["rowCount"] = rows.into();
    }
    json!({ "outputStatistics": facet("1-0-2", "OutputStatisticsOutputDatasetFacet", fields) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_have_the_names_of_the_specification_and_no_secrets() {
        let cases = [
            ("/nowhere/./runs/../x/labels.parquet", "file", "/nowhere/x/labels.parquet"),
            ("file:///nowhere/x", "file", "/nowhere/x"),
            ("s3://bucket/runs/x/features", "s3://bucket", "runs/x/features"),
            ("s3://bucket", "s3://bucket", "/"),
            ("s3://key:secret@bucket/x", "s3://bucket", "x"),
        ];
        for (place, namespace, name) in cases {
            let found = dataset(place, json!({}));
            assert_eq!((found["namespace"].as_str(), found["name"].as_str()), (Some(namespace), Some(name)), "{place}");
        }
    }
}
