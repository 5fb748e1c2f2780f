use std::fmt::Write as _;

use crate::corpus::propose::{self, Proposal, Question, Written};
use crate::options::ConfigError;
use crate::pipeline::Pipeline;
use crate::schema::plural;
use crate::stages::{self, Look, Seen};
use crate::storage::{self, Storage};

use super::args::InitOptions;
use super::output;
use super::run::{folder_of, here, join};

/// Labels and speakers that are printed.
const SHOWN: usize = 20;

/// Looks at a corpus, writes a pipeline file for it, and says what it found.
pub(super) fn run(options: &InitOptions) -> anyhow::Result<()> {
    let here = here()?;
    let params = Storage::default();
    if options.source.trim().is_empty() {
        return Err(ConfigError::new("DIR", "empty", "wanted a folder or s3://BUCKET/PREFIX").into());
    }
    let source = join(&here, &options.source);
    let name = match &options.name {
        Some(name) => checked_name(name)?,
        None => propose::name_of(&source),
    };
    let file = options.out.clone().unwrap_or_else(|| format!("{name}.toml"));
    let place = join(&here, &file);
    let (folder, file_name) = folder_of(&place);
    if !file_name.to_lowercase().ends_with(".toml") {
        let problem = "wanted the name of a file that ends in .toml";
        return Err(ConfigError::new("--out", format!("{file:?}"), problem).into());
    }
    let out = storage::open(&folder, &params)?;
    let is_there = || {
        ConfigError::new("--out", format!("{file:?}"), "there is such a file")
            .hint("give another name, or --force to write over it")
    };
    if !options.force && out.stat(&file_name)?.is_some() {
        return Err(is_there().into());
    }
    // A path relative to the file that is written, where that is plain to see.
    let is_beside = !file.contains('/') && !options.source.contains("://");
    let written = if is_beside { options.source.as_str() } else { &source };
    let written = if written.len() > 1 { written.trim_end_matches('/') } else { written };
    let seen = stages::look(&Look { source: &source, written, name: &name, storage: &params })?;
    let command = format!("ser init {}", options.source);
    let text = propose::pipeline_text(&seen.proposals, &Written { name: &name, command: &command, file: &file });
    check(&text, &seen)?;
    if options.force {
        out.put(&file_name, text.as_bytes())?;
    } else if !out.put_new(&file_name, text.as_bytes())? {
        return Err(is_there().into());
    }
    Ok(output::print(&summary(&seen, &file))?)
}

fn checked_name(name: &str) -> Result<String, ConfigError> {
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_legal) {
        return Ok(name.to_owned());
    }
    Err(ConfigError::new("--name", format!("{name:?}"), "a name consists of a-z, 0-9, `_` and `-`"))
}

/// Whether the file is what a run reads. What is asked may be missing from it.
fn check(text: &str, seen: &Seen) -> anyhow::Result<()> {
    let pipeline = Pipeline::parse(text, &[])?;
    if seen.proposals.iter().all(Proposal::is_complete) {
        pipeline.check()?;
    }
    Ok(())
}

/// What was found, what could not be told, and what to do.
fn summary(seen: &Seen, file: &str) -> String {
    let formats = seen.audio.iter().map(|(extension, count)| format!("{extension} {count}")).collect::<Vec<_>>();
    let audio = plural(seen.audio.values().sum(), "audio file");
    let mut text = line(
        "found",
        &format!("{audio} in {} ({}), {}", seen.root, formats.join(", "), plural(seen.others, "other file")),
    );
    for proposal in &seen.proposals {
        text += &of_proposal(proposal, seen.proposals.len() > 1);
    }
    seen.notes.iter().for_each(|note| text += &line("note", note));
    let warnings = seen.proposals.iter().flat_map(|proposal| &proposal.counts.warnings);
    warnings.for_each(|warning| text += &line("warning", warning));
    if seen.proposals.iter().all(Proposal::is_complete) {
        let emotions = seen
            .proposals
            .iter()
            .flat_map(|proposal| proposal.emotions().into_keys())
            .collect::<std::collections::BTreeSet<_>>();
        text += &line("split", &propose::split_words(&seen.proposals));
        text += &line("wrote", file);
        if emotions.len() < 2 {
            return text
                + &line("to do", "there is one emotion only, so there is nothing to learn: add another corpus");
        }
        return text + &line("next", &format!("ser run {file}"));
    }
    text += &line("wrote", &format!("{file}, which does not run yet"));
    text + &line("next", &format!("fill in the lines with TO DO in {file}, then: ser run {file}"))
}

fn of_proposal(proposal: &Proposal, is_one_of_several: bool) -> String {
    let counts = &proposal.counts;
    let mut text = String::new();
    if is_one_of_several {
        text += &line("corpus", &format!("{} in {}", proposal.corpus.name, proposal.corpus.source));
    }
    text += &line(kind(proposal), &proposal.how);
    if let Some(pattern) = &proposal.corpus.pattern {
        text += &line("", pattern);
    }
    if counts.unused > 0 {
        let examples = counts.unused_examples.join("; ");
        text += &line("unused", &format!("{}: {examples}", counts.unused));
    }
    if !counts.labels.is_empty() {
        text += &line("labels", &format!("{} of {}", counts.labels.len(), plural(counts.utterances, "utterance")));
    }
    for label in counts.labels.iter().take(SHOWN) {
        let emotion = label.emotion.as_deref().unwrap_or(if label.action == "dropped" { "-" } else { "?" });
        let new = if counts.new_emotions.iter().any(|new| new == emotion) { "  (a new emotion)" } else { "" };
        let _ = writeln!(
            text,
            "             {:<16} {emotion:<16} {:>7}{new}",
            label.source_label.escape_debug(),
            label.utterances
        );
    }
    text += &more(counts.labels.len());
    if !counts.speakers.is_empty() {
        let shown =
            counts.speakers.iter().take(SHOWN).map(|(speaker, count)| format!("{} {count}", speaker.escape_debug()));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let rest = counts.speakers.len().saturating_sub(SHOWN);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        text += &line("speakers", &format!("{}: {shown}{rest}", counts.speakers.len()));
    }
    if counts.without_speaker > 0 && proposal.has_speakers() {
        text += &line("", &format!("{} without a speaker", plural(counts.without_speaker, "utterance")));
    }
    proposal.questions.iter().for_each(|question| text += &asked(question));
    if let Some(refusal) = &proposal.refusal {
        text += &line("to do", &format!("ser run would refuse this: {refusal}"));
    }
    text
}

fn kind(proposal: &Proposal) -> &'static str {
    match (&proposal.corpus.preset, &proposal.corpus.manifest, &proposal.corpus.pattern) {
        (Some(_), _, _) => "preset",
        (_, Some(_), _) => "table",
        (_, _, Some(_)) => "pattern",
        _ => "names",
    }
}

/// A question in a line or two.
fn asked(question: &Question) -> String {
    let list = |choices: &[propose::Choice]| choices.iter().map(propose::Choice::words).collect::<Vec<_>>().join("; ");
    match question {
        Question::NoEmotion => {
            line("to do", "nothing says the emotion: give a table with a row for each file, or a pattern")
        }
        Question::WhichEmotion(choices) => {
            line("to do", &format!("which is the emotion? They differ: {}", list(choices)))
        }
        Question::EmotionIsGuess(choices) if choices.is_empty() => {
            line("to do", "is `emotion` the emotion? It holds codes")
        }
        Question::EmotionIsGuess(choices) => {
            line("to do", &format!("is `emotion` the emotion? It holds codes, as these do: {}", list(choices)))
        }
        Question::WhatLabels(labels) => {
            let labels = labels.iter().take(SHOWN).map(|(label, count)| format!("{} {count}", label.escape_debug()));
            line("to do", &format!("what do these labels mean? {}", labels.collect::<Vec<_>>().join(", ")))
        }
        Question::WhichSpeaker(choices) => {
            line("unclear", &format!("who speaks? It may be one of these, which is not certain: {}", list(choices)))
        }
        Question::NoSpeaker => line("unclear", "nothing says who speaks"),
    }
}

fn more(labels: usize) -> String {
    if labels > SHOWN { format!("             and {} more\n", labels - SHOWN) } else { String::new() }
}

/// A line with its heading.
fn line(heading: &str, text: &str) -> String {
    format!("{heading:<10} {text}\n")
}
