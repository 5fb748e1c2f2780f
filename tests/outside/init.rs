//! `ser init` on real corpora: the file that it writes gives a report without editing.

use std::fs;

use ser_etl::schema::Utterance;
use ser_etl::table;

use crate::need::Corpora;
use crate::util::{ser, stdout};

pub fn files_for_real_corpora_run_as_they_are_written(corpora: &Corpora) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (corpus, preset, utterances, speakers) in [("ravdess", "ravdess", 1440, 24), ("emodb-2s", "emodb", 535, 10)] {
        let source = corpora.0.join(corpus).display().to_string();
        let said = stdout(&ser(folder.path(), &["init", &source]));
        assert!(said.contains(&format!("`{preset}`")) && said.contains(&format!("speakers   {speakers}:")), "{said}");
        let file = format!("{corpus}.toml");
        stdout(&ser(folder.path(), &["run", &file, "--quiet", "--set", "train.models=['logistic', 'majority']"]));
        let out = folder.path().join("runs").join(corpus);
        let rows = fs::read(out.join("utterances.parquet")).expect("the table is there");
        assert_eq!(table::read::<Utterance>(rows.into()).expect("a sound table").0.rows.len(), utterances);
        let report = fs::read_to_string(out.join("report.md")).expect("a report");
        assert!(!report.contains("The split is not speaker-disjoint"), "{report}");
    }
}
