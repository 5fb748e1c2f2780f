use serde_json::{Map, Value as Json, json};

use crate::corpus;
use crate::options;
use crate::pipeline;
use crate::schema::{TableDef, published_tables};

use super::args::SchemaOptions;
use super::output;

/// Prints one of the published contracts.
pub(super) fn run(options: &SchemaOptions) -> anyhow::Result<()> {
    let tables = published_tables();
    if options.name == "tables" {
        let line = |table: &TableDef| format!("{:<20} {}\n", table.name, table.description);
        return Ok(output::result(&tables.iter().map(line).collect::<String>())?);
    }
    let schema = match tables.iter().find(|table| table.name == options.name) {
        Some(table) => table_schema(table),
        None if options.name == "pipeline" => pipeline::json_schema().clone(),
        None if options.name == "preset" => corpus::Preset::json_schema().clone(),
        None => {
            let names = tables.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
            let problem = format!("legal are pipeline, preset, tables, {names}");
            return Err(options::ConfigError::new("schema", format!("`{}`", options.name), problem).into());
        }
    };
    Ok(output::result(&format!("{schema:#}\n"))?)
}

/// The published form of a table's definition.
fn table_schema(table: &TableDef) -> Json {
    let columns = table.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind.as_str(),
            "nullable": column.nullable,
            "description": column.description,
        })
    });
    let mut schema = Map::new();
    schema.insert("table".into(), table.name.into());
    schema.insert("version".into(), table.version.into());
    schema.insert("description".into(), table.description.into());
    schema.insert("sorted_by".into(), table.key.into());
    schema.insert("columns".into(), columns.collect());
    let mut others = Vec::new();
    if table.open.text {
        others.push("nullable utf8 columns: what a manifest or pattern adds");
    }
    if table.open.float {
        others.push("nullable float32 columns: what only the data knows (features, probabilities)");
    }
    schema.insert("other_columns".into(), others.into());
    Json::Object(schema)
}
