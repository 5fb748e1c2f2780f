use crate::corpus::Corpus;
use crate::corpus::propose::{self, Proposal, Question, Written};
use crate::options::ConfigError;
use crate::pipeline::Pipeline;
use crate::schema::{Reject, plural};
use crate::stages::{self, Look, Seen};
use crate::storage::{self, Storage};

use super::args::InitOptions;
use super::output;
use super::run::{folder_of, here, join};

/// Labels and speakers that are printed.
const SHOWN: usize = 20;
/// Names and rows that cannot be used, of those that are printed.
const EXAMPLES: usize = 5;

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
    let text = |obstacle: Option<&str>| {
        propose::pipeline_text(&seen.proposals, &Written { name: &name, command: &command, file: &file, obstacle })
    };
    let obstacle = obstacle(&text(None), &seen)?;
    let text = text(obstacle.as_deref());
    if options.force {
        out.put(&file_name, text.as_bytes())?;
    } else if !out.put_new(&file_name, text.as_bytes())? {
        return Err(is_there().into());
    }
    Ok(output::print(&summary(&seen, &file, obstacle.as_deref()))?)
}

fn checked_name(name: &str) -> Result<String, ConfigError> {
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_legal) {
        return Ok(name.to_owned());
    }
    Err(ConfigError::new("--name", format!("{name:?}"), "a name consists of a-z, 0-9, `_` and `-`"))
}

/// Reads the file as a run does. What is asked may be missing from it; where nothing is, returns why the split will be
/// refused, if it will.
fn obstacle(text: &str, seen: &Seen) -> anyhow::Result<Option<String>> {
    let pipeline = Pipeline::parse(text, &[])?;
    if !seen.proposals.iter().all(Proposal::is_complete) {
        return Ok(None);
    }
    let parameters = pipeline.check()?;
    Ok(stages::try_split(&parameters, seen).err().map(|error| error.to_string()))
}

/// What was found, what could not be told, and what to do.
fn summary(seen: &Seen, file: &str, obstacle: Option<&str>) -> String {
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
    let warnings = seen.proposals.iter().flat_map(|proposal| &proposal.read.warnings);
    warnings.for_each(|warning| text += &line("warning", warning));
    if seen.proposals.iter().all(Proposal::is_complete) {
        text += &line("split", &propose::split_words(&seen.proposals));
    }
    if let Some(obstacle) = obstacle {
        text += &line("to do", &format!("ser run would refuse the split: {obstacle}"));
    } else if seen.proposals.iter().all(Proposal::is_complete) {
        return text + &line("wrote", file) + &line("next", &format!("ser run {file}"));
    }
    text += &line("wrote", &format!("{file}, which does not run yet"));
    text + &line("next", &format!("fill in the lines with TO DO in {file}, then: ser run {file}"))
}

fn of_proposal(proposal: &Proposal, is_one_of_several: bool) -> String {
    let (corpus, read) = (&proposal.corpus, &proposal.read);
    let mut text = String::new();
    if is_one_of_several {
        text += &line("corpus", &format!("{} in {}", corpus.name, corpus.source));
    }
    text += &line("read by", &proposal.how);
    let place =
        corpus.pattern.clone().or_else(|| Some(format!("{}: {}", corpus.manifest.as_deref()?, columns(corpus))));
    place.iter().for_each(|place| text += &line("", place));
    let unused = proposal.unused().collect::<Vec<_>>();
    if !unused.is_empty() {
        let what = |reject: &&Reject| {
            if corpus.manifest.is_some() { reject.message.clone() } else { format!("{:?}", reject.path) }
        };
        let examples = unused.iter().take(EXAMPLES).map(what).collect::<Vec<_>>().join("; ");
        text += &line("unused", &format!("{}: {examples}", unused.len()));
    }
    if !read.labels.is_empty() {
        text += &line("labels", &format!("{} of {}", read.labels.len(), plural(read.utterances.len(), "utterance")));
    }
    for label in read.labels.iter().take(SHOWN) {
        let emotion = label.emotion.as_deref().unwrap_or(if label.action == "dropped" { "-" } else { "?" });
        let new = if proposal.new_emotions.iter().any(|new| new == emotion) { "  (a new emotion)" } else { "" };
        let source = label.source_label.escape_debug().to_string();
        text += &line("", &format!("{source:<16} {emotion:<16} {:>7}{new}", label.utterances));
    }
    text += &more(read.labels.len());
    if proposal.has_speakers() {
        let shown = proposal.speakers.iter().take(SHOWN);
        let shown = shown.map(|(speaker, count)| format!("{} {count}", speaker.escape_debug())).collect::<Vec<_>>();
        let rest = proposal.speakers.len() - shown.len();
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        text += &line("speakers", &format!("{}: {}{rest}", proposal.speakers.len(), shown.join(", ")));
        let unknown = proposal.without_speaker();
        if unknown > 0 {
            text += &line("", &format!("{} without a speaker", plural(unknown, "utterance")));
        }
    }
    proposal.questions.iter().for_each(|question| text += &asked(question));
    if let Some(refusal) = &proposal.refusal {
        text += &line("to do", &format!("ser run would refuse this: {refusal}"));
    }
    text
}

/// Which columns of a table are which fields.
fn columns(corpus: &Corpus) -> String {
    let columns = &corpus.columns;
    let fields = [("path", &columns.path), ("emotion", &columns.emotion), ("speaker", &columns.speaker)];
    let fields = fields.into_iter().filter_map(|(field, column)| Some(format!("{field} = {:?}", column.as_ref()?)));
    fields.collect::<Vec<_>>().join(", ")
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
    if labels > SHOWN { line("", &format!("and {} more", labels - SHOWN)) } else { String::new() }
}

/// A line with its heading.
fn line(heading: &str, text: &str) -> String {
    format!("{heading:<10} {text}\n")
}
