use crate::options::ConfigError;
use crate::report::{count, with_interval};
use crate::schema::plural;
use crate::stages::{
    Described, ModelDescription, Results, RunDescription, StageDescription, StageState, TableDescription, TableLine,
    describe,
};
use crate::storage::Storage;

use super::aligned::{aligned, fitting, plain};
use super::args::{Format, InspectOptions};
use super::output;
use super::run::{here, join};

/// Digits of a hash that are shown.
const SHOWN: usize = 8;
/// Names of columns that are shown.
const COLUMNS: usize = 60;
/// What the folder of a model is called that was fitted on all utterances.
const ALL: &str = "all";

/// Prints what a run or a table holds.
pub(super) fn run(options: &InspectOptions) -> anyhow::Result<()> {
    if options.place.trim().is_empty() {
        return Err(ConfigError::new("RUN|TABLE", "empty", "wanted a path or s3://BUCKET/PREFIX").into());
    }
    let described = describe(&join(&here()?, &options.place), &Storage::default(), usize::from(options.rows))?;
    let text = match (options.format, &described) {
        (Format::Json, described) => serde_json::to_string_pretty(described)? + "\n",
        (Format::Text, Described::Run(run)) => run_text(run),
        (Format::Text, Described::Table(table)) => table_text(table, output::width()),
    };
    Ok(output::result(&text)?)
}

fn run_text(run: &RunDescription) -> String {
    let of_pipeline = run.pipeline.as_ref().zip(run.seed);
    let pipeline = of_pipeline.map(|(name, seed)| format!("pipeline   {name}, seed {seed}\n")).unwrap_or_default();
    let sections = [
        format!("run        {}\n{pipeline}", run.run),
        aligned(&stages(&run.stages)),
        rejects(&run.stages),
        warnings(&run.stages),
        aligned(&tables(&run.tables)),
        run.results.as_ref().map(figures).unwrap_or_default(),
        models(run),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn stages(stages: &[StageDescription]) -> Vec<Vec<String>> {
    let row = |stage: &StageDescription| {
        let facts = stage.record.as_ref();
        let of = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let state = match (stage.state, facts) {
            (StageState::Finished, Some(facts)) => facts.summary.clone(),
            (StageState::Outdated, Some(facts)) => {
                format!("outdated: {} changed since; {}", facts.changed_inputs.join(", "), facts.summary)
            }
            (StageState::Unreadable, _) => "its record cannot be read; run it again".to_owned(),
            _ => "not finished".to_owned(),
        };
        vec![
            stage.stage.to_owned(),
            of(facts.and_then(|facts| facts.rows).map(number)),
            of(facts.map(|facts| format!("{:.1}", facts.seconds))),
            of(facts.map(|facts| short(&facts.build))),
            of(facts.map(|facts| short(&facts.config_hash))),
            plain(&state),
        ]
    };
    with_heading(&["stage", "rows", "seconds", "build", "config", "summary"], stages.iter().map(row))
}

fn rejects(stages: &[StageDescription]) -> String {
    let of_stage = |stage: &StageDescription| {
        let name = stage.stage.to_owned();
        let rejects = stage.record.iter().flat_map(|facts| &facts.rejects);
        rejects.map(move |(code, count)| vec![name.clone(), plain(code), number(*count)]).collect::<Vec<_>>()
    };
    let rows = stages.iter().flat_map(of_stage).collect::<Vec<_>>();
    if rows.is_empty() { String::new() } else { aligned(&with_heading(&["stage", "rejects", "count"], rows)) }
}

fn warnings(stages: &[StageDescription]) -> String {
    let of_stage = |stage: &StageDescription| {
        let warnings = stage.record.iter().flat_map(|facts| &facts.warnings);
        warnings.map(|warning| format!("warning    {}: {}\n", stage.stage, plain(warning))).collect::<String>()
    };
    stages.iter().map(of_stage).collect()
}

fn tables(tables: &[TableLine]) -> Vec<Vec<String>> {
    let row = |table: &TableLine| {
        vec![
            table.table.clone(),
            table.stage.to_owned(),
            table.rows.map_or("-".to_owned(), number),
            number(table.files as u64),
            number(table.bytes),
            table.content_hash.as_deref().map_or("-".to_owned(), short),
            table.problem.as_deref().map(plain).unwrap_or_default(),
        ]
    };
    with_heading(&["table", "stage", "rows", "files", "bytes", "content", ""], tables.iter().map(row))
}

fn figures(results: &Results) -> String {
    const OF_CLASSES: &[(&str, &str)] =
        &[("uar", "UAR"), ("accuracy", "accuracy"), ("macro_f1", "macro F1"), ("weighted_f1", "weighted F1")];
    const OF_NUMBERS: &[(&str, &str)] = &[("ccc", "CCC"), ("pearson", "Pearson"), ("rmse", "RMSE")];
    let has_numbers = results.models.iter().any(|model| model.figures.contains_key("rmse"));
    let metrics = if has_numbers { OF_NUMBERS } else { OF_CLASSES };
    let rows = results.models.iter().map(|model| {
        let mark = if model.model == results.headline { " *" } else { "" };
        let figure = |metric: &str| {
            let figure = model.figures.get(metric);
            let end = |end: fn(&crate::stages::Figure) -> Option<f64>| figure.and_then(end);
            with_interval(figure.map(|figure| figure.value), end(|figure| figure.low), end(|figure| figure.high))
        };
        let figures = metrics.iter().map(|(metric, _)| figure(metric));
        std::iter::once(format!("{}{mark}", model.model)).chain(figures).collect()
    });
    let heading = std::iter::once("model").chain(metrics.iter().map(|(_, title)| *title)).collect::<Vec<_>>();
    let table = aligned(&with_heading(&heading, rows));
    format!(
        "{table}* the report leads with it; {}, {} track\n",
        plural(results.tested as usize, "test row"),
        results.track
    )
}

/// A line a model: JSON names every fold.
fn models(run: &RunDescription) -> String {
    let of_one_model = run.models.chunk_by(|one, other| one.model == other.model);
    let row = |saved: &[ModelDescription]| {
        let folds = saved.iter().filter(|model| model.fitted_on != ALL).count();
        let all = if folds < saved.len() { ALL } else { "-" };
        let bytes = saved.iter().map(|model| model.bytes).sum();
        vec![format!("models/{}", saved[0].model), number(folds as u64), all.to_owned(), number(bytes)]
    };
    let rows = of_one_model.map(row).collect::<Vec<_>>();
    let heading = ["saved model", "folds", "on all", "bytes"];
    if rows.is_empty() { String::new() } else { aligned(&with_heading(&heading, rows)) }
}

fn table_text(table: &TableDescription, width: usize) -> String {
    let files = plural(table.files, "file");
    let mut facts = vec![
        ("place", plain(&table.place)),
        ("table", table.schema.clone().unwrap_or_else(|| "not written by ser-etl".to_owned())),
    ];
    facts.extend(table.description.clone().map(|description| ("", description)));
    facts.push((
        "size",
        format!(
            "{} rows, {} columns, {files}, {} bytes",
            number(table.rows),
            number(table.columns.len() as u64),
            number(table.bytes)
        ),
    ));
    facts.extend(table.content_hash.clone().map(|hash| ("content", hash)));
    facts.extend(table.config_hash.clone().filter(|hash| !hash.is_empty()).map(|hash| ("config", hash)));
    facts.extend(table.inputs.iter().map(|(name, hash)| ("made from", format!("{name} {}", short(hash)))));
    let facts = facts.into_iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect();
    let sections = [facts, columns(table), first_rows(table, width)];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn columns(table: &TableDescription) -> String {
    let rows = table.columns.iter().take(COLUMNS).map(|column| {
        let nulls = column.nulls.map_or("-".to_owned(), number);
        vec![plain(&column.name), column.kind.clone(), nulls]
    });
    let left = table.columns.len().saturating_sub(COLUMNS);
    let more = if left == 0 {
        String::new()
    } else {
        format!("and {} more; --format json lists all\n", plural(left, "column"))
    };
    aligned(&with_heading(&["column", "type", "nulls"], rows)) + &more
}

fn first_rows(table: &TableDescription, width: usize) -> String {
    let Some(columns) = table.first_rows.first().map(Vec::len) else { return String::new() };
    let names = table.columns.iter().take(columns).map(|column| plain(&column.name)).collect();
    let cell = |cell: &Option<String>| cell.as_deref().map_or("-".to_owned(), plain);
    let rows = table.first_rows.iter().map(|row| row.iter().map(cell).collect());
    let (text, shown) = fitting(&std::iter::once(names).chain(rows).collect::<Vec<_>>(), width);
    let left = table.columns.len() - shown;
    let more =
        if left == 0 { String::new() } else { format!("{} of {} columns are shown\n", shown, table.columns.len()) };
    text + &more
}

fn with_heading(heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let heading = heading.iter().map(|word| (*word).to_owned()).collect();
    std::iter::once(heading).chain(rows).collect()
}

fn number(value: u64) -> String {
    count(i64::try_from(value).unwrap_or(i64::MAX))
}

fn short(hash: &str) -> String {
    hash.get(..SHOWN).unwrap_or(hash).to_owned()
}
