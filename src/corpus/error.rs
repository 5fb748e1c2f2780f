use crate::options::{self, ConfigError};
use crate::schema::plural;

/// Why a corpus cannot be ingested. Names of files and labels are escaped, so that none can break a log line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CorpusError {
    /// The section itself is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A preset file is wrong.
    #[error("preset file {preset:?}: {problem}")]
    Preset {
        /// Its location.
        preset: String,
        /// What is wrong.
        problem: ConfigError,
    },
    /// No file under the source has an audio extension.
    #[error(
        "corpus `{corpus}`: no audio file under {source_uri:?} ({files} files; extensions seen: {seen})\n\
         hint: audio extensions are {legal}; see `source` and `extensions` of this corpus"
    )]
    NoAudio {
        /// The corpus.
        corpus: String,
        /// Its source as configured.
        source_uri: String,
        /// Files listed.
        files: usize,
        /// Extensions seen, with counts.
        seen: String,
        /// Extensions looked for.
        legal: String,
    },
    /// Too many names do not follow the grammar.
    #[error(
        "corpus `{corpus}`: {unmatched} of {audio_files} audio files ({percent:.1} %) do not match {grammar}; the \
         limit is {limit_percent:.1} %; the first: {first}\n\
         hint: check `source` and the grammar, or raise `max_unmatched_rate`"
    )]
    Unmatched {
        /// The corpus.
        corpus: String,
        /// Files that do not match.
        unmatched: usize,
        /// Files looked at.
        audio_files: usize,
        /// Share of unmatched files in percent.
        percent: f64,
        /// Legal share in percent.
        limit_percent: f64,
        /// What names should look like.
        grammar: String,
        /// The first unmatched paths.
        first: String,
    },
    /// Source labels without an emotion.
    #[error(
        "corpus `{corpus}`: there is no emotion for {}; add each to its [corpus.labels] with an emotion, or \"-\" to \
         drop it:\n\
         {lines}\n\
         hint: canonical emotions are {canonical}; the label map may name others",
        plural(*count, "source label")
    )]
    UnmappedLabels {
        /// The corpus.
        corpus: String,
        /// How many labels.
        count: usize,
        /// The labels as lines of TOML, with counts.
        lines: String,
        /// The canonical emotions.
        canonical: String,
    },
    /// Nothing survived.
    #[error("corpus `{corpus}`: no utterance is left; {detail}")]
    NothingLeft {
        /// The corpus.
        corpus: String,
        /// What became of everything, and the remedy.
        detail: String,
    },
    /// Two utterances with one id.
    #[error(
        "{} {} more than once; the first is {id:?}, from {first} and from {second}\nhint: {hint}",
        plural(*count, "utterance id"),
        if *count == 1 { "occurs" } else { "occur" }
    )]
    DuplicateIds {
        /// Ids concerned.
        count: usize,
        /// The first of them.
        id: String,
        /// Where it comes from.
        first: String,
        /// Where it comes from again.
        second: String,
        /// What to do.
        hint: String,
    },
    /// The same recordings under several file formats.
    #[error(
        "corpus `{corpus}`: {} in several formats; the first is {first} and {second}\n\
         hint: {hint}",
        if *count == 1 { "1 recording exists".to_owned() } else { format!("{count} recordings exist") }
    )]
    SeveralFormats {
        /// The corpus.
        corpus: String,
        /// Recordings concerned.
        count: usize,
        /// The first of them.
        first: String,
        /// The same in another format.
        second: String,
        /// What to do.
        hint: String,
    },
    /// The manifest cannot be read as a table.
    #[error("manifest {manifest:?}: {problem}")]
    Manifest {
        /// The manifest.
        manifest: String,
        /// What is wrong, with the line or row.
        problem: String,
    },
    /// The column map names a column that the manifest does not have, or lacks one that is needed.
    #[error("manifest {manifest:?}: no column {column} for `columns.{field}`; it has {columns}{separator}{nearest}")]
    UnknownColumn {
        /// The manifest.
        manifest: String,
        /// Our field.
        field: &'static str,
        /// The column that was looked for.
        column: String,
        /// The manifest's columns.
        columns: String,
        /// What stands between its cells, in words, or nothing.
        separator: String,
        /// A suggestion, or nothing.
        nearest: String,
    },
    /// Manifest paths that leave the source.
    #[error(
        "manifest {manifest:?}: {count} rows name files outside the source of corpus `{corpus}`; the first: {first}\n\
         hint: {hint}"
    )]
    OutsideSource {
        /// The corpus.
        corpus: String,
        /// The manifest.
        manifest: String,
        /// Rows concerned.
        count: usize,
        /// The first of them.
        first: String,
        /// What to do.
        hint: String,
    },
    /// A filter on a field that the corpus does not have.
    #[error("corpus `{corpus}`: `{table}.{field}` names an unknown field; fields of this corpus are {legal}{nearest}")]
    UnknownField {
        /// The corpus.
        corpus: String,
        /// `filter` or `exclude`.
        table: &'static str,
        /// The field, escaped.
        field: String,
        /// The fields there are.
        legal: String,
        /// A suggestion, or nothing.
        nearest: String,
    },
}

/// The first five of many, escaped, and how many more there are.
pub(super) fn first_five<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    shorten(items, 5)
}

/// The first `limit` of many, escaped, and how many more there are.
pub(super) fn shorten<'a>(items: impl IntoIterator<Item = &'a str>, limit: usize) -> String {
    let items: Vec<&str> = items.into_iter().collect();
    let shown: Vec<String> = items.iter().take(limit).map(|item| format!("{item:?}")).collect();
    let more = items.len().saturating_sub(limit);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// `; nearest: "x"` for the candidate most like `word`, or nothing where none is like it.
pub(super) fn nearest_hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    options::nearest(word, candidates).map_or_else(String::new, |near| format!("; nearest: {near:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_escaped() {
        assert_eq!(first_five(["a\n"]), r#""a\n""#);
        assert_eq!(first_five(["1", "2", "3", "4", "5", "6", "7"]), r#""1", "2", "3", "4", "5" and 2 more"#);
    }
}
