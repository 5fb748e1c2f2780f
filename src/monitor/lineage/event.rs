use serde_json::{Map, Value as Json, json};

use crate::stages::{Record, StageName};

use super::{Ending, Parent, clock};

/// Who makes the events, as a package URL.
const PRODUCER: &str = concat!("pkg:cargo/ser-etl@", env!("CARGO_PKG_VERSION"));
/// Where the specification lies.
const SPEC: &str = "https://openlineage.io/spec";
/// Its version.
const VERSION: &str = "2-0-2";

/// A job: a pipeline, or a stage of it.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub namespace: String,
    pub pipeline: String,
    pub stage: Option<StageName>,
}

impl Job {
    fn name(&self) -> String {
        let stage = self.stage.map(|stage| format!(".{}", stage.as_str()));
        format!("{}{}", self.pipeline, stage.unwrap_or_default())
    }

    fn json(&self) -> Json {
        let (kind, description) = match self.stage {
            Some(stage) => ("STAGE", stage.about()),
            None => ("PIPELINE", "All stages of a pipeline"),
        };
        let facets = json!({
            "jobType": facet("2-0-4", "JobTypeJobFacet", json!({
                "processingType": "BATCH", "integration": "SER_ETL", "jobType": kind,
            })),
            "documentation": facet("1-1-0", "DocumentationJobFacet", json!({ "description": description })),
        });
        json!({ "namespace": self.namespace, "name": self.name(), "facets": facets })
    }
}

/// A run of a job.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub job: Job,
    id: String,
    parent: Option<Parent>,
}

impl Run {
    pub fn new(job: Job, parent: Option<Parent>) -> Self {
        Self { job, id: new_uuid(clock::milliseconds(), rand::random()), parent }
    }

    /// The same as what started another run.
    pub fn as_parent(&self) -> Parent {
        Parent { namespace: self.job.namespace.clone(), job: self.job.name(), run: self.id.clone() }
    }

    fn facets(&self) -> Map<String, Json> {
        let engine = json!({ "name": "ser-etl", "version": env!("CARGO_PKG_VERSION") });
        let mut facets = Map::new();
        facets.insert("processing_engine".to_owned(), facet("1-1-1", "ProcessingEngineRunFacet", engine));
        if let Some(parent) = &self.parent {
            let parent = json!({
                "run": { "runId": parent.run },
                "job": { "namespace": parent.namespace, "name": parent.job },
            });
            facets.insert("parent".to_owned(), facet("1-2-0", "ParentRunFacet", parent));
        }
        facets
    }
}

/// A change of the state of a run.
pub(super) struct Event {
    kind: &'static str,
    run: Run,
    run_facets: Map<String, Json>,
    inputs: Vec<Json>,
    outputs: Vec<Json>,
}

impl Event {
    pub fn start(run: &Run) -> Self {
        Self { kind: "START", run: run.clone(), run_facets: run.facets(), inputs: Vec::new(), outputs: Vec::new() }
    }

    pub fn end(run: &Run, ending: Ending, error: Option<&str>) -> Self {
        let kind = match ending {
            Ending::Complete => "COMPLETE",
            Ending::Fail => "FAIL",
            Ending::Abort => "ABORT",
        };
        let mut event = Self { kind, ..Self::start(run) };
        if let Some(message) = error {
            let message = json!({ "message": message, "programmingLanguage": "RUST" });
            event.run_facets.insert("errorMessage".to_owned(), facet("1-0-1", "ErrorMessageRunFacet", message));
        }
        event
    }

    /// The same with what was read and written.
    pub fn with_data(self, inputs: Vec<Json>, outputs: Vec<Json>) -> Self {
        Self { inputs, outputs, ..self }
    }

    /// The same with what the record of a stage says, in a facet of our own.
    pub fn with_facts(mut self, record: &Record, seed: u64, up_to_date: bool) -> Self {
        let rejects: Map<String, Json> =
            record.rejects().map(|(code, count)| (code.to_owned(), count.into())).collect();
        let facts = json!({
            "summary": record.summary,
            "upToDate": up_to_date,
            "seconds": record.seconds,
            "seed": seed,
            "configHash": record.config_hash,
            "build": record.build,
            "counts": record.counts,
            "rejects": rejects,
            "warnings": record.warnings,
        });
        // Facets of others may have the schema of all run facets, which allows further fields.
        let schema = format!("{SPEC}/{VERSION}/OpenLineage.json#/$defs/RunFacet");
        self.run_facets.insert("ser_etl_stage".to_owned(), with_head(&schema, facts));
        self
    }

    pub fn json(&self) -> Json {
        json!({
            "eventType": self.kind,
            "eventTime": clock::timestamp(),
            "producer": PRODUCER,
            "schemaURL": format!("{SPEC}/{VERSION}/OpenLineage.json#/$defs/RunEvent"),
            "run": { "runId": self.run.id, "facets": self.run_facets },
            "job": self.run.job.json(),
            "inputs": self.inputs,
            "outputs": self.outputs,
        })
    }
}

/// A facet of the specification, by its version and name.
pub(super) fn facet(version: &str, name: &str, fields: Json) -> Json {
    with_head(&format!("{SPEC}/facets/{version}/{name}.json#/$defs/{name}"), fields)
}

fn with_head(schema: &str, mut fields: Json) -> Json {
    fields["_producer"] = PRODUCER.into();
    fields["_schemaURL"] = schema.into();
    fields
}

/// A UUID of version 7: the time in milliseconds, then random bits.
fn new_uuid(milliseconds: u64, random: [u8; 10]) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Whether a text is a UUID in its usual form.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_uuids_of_version_7_in_the_order_of_time() {
        let first = new_uuid(0x0190_0000_0000, [0xff; 10]);
        assert_eq!(first, "01900000-0000-7fff-bfff-ffffffffffff");
        assert!(is_uuid(&first) && first < new_uuid(0x0190_0000_0001, [0; 10]));
    }

    #[test]
    fn a_parent_is_a_namespace_a_job_and_a_uuid() {
        let id = "01900000-0000-7fff-bfff-ffffffffffff";
        let parent = Parent::parse(&format!("airflow/calls.night/run/{id}")).expect("legal");
        assert_eq!((&*parent.namespace, &*parent.job, &*parent.run), ("airflow", "calls.night/run", id));
        for text in
            ["", "a/b", "a/b/c", &format!("a/{id}"), &format!("/b/{id}"), &format!("a//{id}"), &format!("a/b/{id}0")]
        {
            assert!(Parent::parse(text).is_err(), "{text}");
        }
    }
}
