//! The published contracts in schemas/ are what the code says, and every pipeline file is legal.

use std::fs;
use std::path::Path;

use ser_etl::features::Recipe;
use ser_etl::model::{FILES, load};
use ser_etl::pipeline::Pipeline;

use crate::util::{ser, stdout};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn published_schemas_are_current() {
    let tables = stdout(&ser(top(), &["schema", "tables"]));
    let tables = tables.lines().filter_map(|line| line.split(' ').next());
    let mut names = tables.collect::<Vec<_>>();
    names.extend(["pipeline", "preset"]);
    for name in &names {
        let published = fs::read_to_string(top().join(format!("schemas/{name}.json")));
        let published = published.unwrap_or_else(|error| panic!("schemas/{name}.json: {error}; run `make schemas`"));
        assert_eq!(stdout(&ser(top(), &["schema", name])), published, "schemas/{name}.json: run `make schemas`");
    }
    let files = fs::read_dir(top().join("schemas")).expect("schemas/").count();
    assert_eq!(files, names.len(), "a file in schemas/ belongs to no table");
}

#[test]
fn every_pipeline_file_is_legal() {
    let mut seen = 0;
    for entry in fs::read_dir(top().join("pipelines")).expect("pipelines/") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).expect("readable");
            let checked = Pipeline::parse(&text, &[]).and_then(Pipeline::check);
            checked.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen} pipeline files");
}

#[test]
fn seeds_of_the_fuzzer_are_models() {
    let mut parts = Vec::new();
    for entry in fs::read_dir(top().join("fuzz/seeds/model")).expect("seeds") {
        let path = entry.expect("readable").path();
        let seed = fs::read(&path).expect("readable");
        let cut = seed.iter().position(|byte| *byte == 0).expect("a zero byte between the files");
        let [weights, card] = FILES.map(str::to_owned);
        let saved = load::<Recipe>(&[(weights, seed[cut + 1..].to_vec()), (card, seed[..cut].to_vec())]);
        parts.push(saved.unwrap_or_else(|error| panic!("{}: {error}", path.display())).parts.len());
    }
    assert!(parts.len() > 5 && parts.contains(&2), "{parts:?}");
}
