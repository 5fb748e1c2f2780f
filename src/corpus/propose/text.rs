//! The pipeline file that says what was found, and asks for the rest.

use super::asked::{Choice, Question};
use super::{Proposal, all_emotions};
use crate::corpus::{Corpus, Preset};
use crate::schema::plural;

/// Where a pipeline file is written, and how it came about.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// Name of the pipeline.
    pub name: &'a str,
    /// The command that looked.
    pub command: &'a str,
    /// The file's own name.
    pub file: &'a str,
    /// Why a run will refuse the split, where it will.
    pub obstacle: Option<&'a str>,
}

/// Largest number of speakers and of utterances with which each speaker is left out in turn.
const LEFT_OUT: usize = 12;
const LEFT_OUT_UTTERANCES: usize = 5_000;
/// Folds of all other splits.
const FOLDS: usize = 5;
/// Columns of the comments that stand behind values.
const COMMENTS_AT: usize = 34;

/// How the utterances are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Split {
    /// Each speaker is left out in turn.
    OneOut(usize),
    /// No speaker is on two sides.
    Disjoint { folds: usize, speakers: usize },
    /// At random: no speakers are known, or there is only one.
    Random { folds: usize },
}

/// The text of a pipeline file.
pub fn pipeline_text(proposals: &[Proposal], written: &Written<'_>) -> String {
    let is_complete = proposals.iter().all(Proposal::is_complete) && written.obstacle.is_none();
    let next = if is_complete {
        format!("# Run it: ser run {}\n", written.file)
    } else {
        "# It does not run yet: see the lines with TO DO.\n".to_owned()
    };
    let name = quoted(written.name);
    let mut text = format!(
        "# Written by: {}\n{next}name = {name}\nout = {}\n",
        one_line(written.command),
        quoted(&format!("runs/{}", written.name))
    );
    for proposal in proposals {
        text += &section(proposal);
    }
    text + &split(proposals, written.obstacle)
}

/// A line of text: what else a name may hold cannot end a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn section(proposal: &Proposal) -> String {
    let corpus = &proposal.corpus;
    let mut text = format!("\n[[corpus]]\nname = {}\nsource = {}\n", quoted(&corpus.name), quoted(&corpus.source));
    text += &comment(&sentence(&proposal.how));
    let unused = proposal.unused().count();
    if unused > 0 {
        text += &comment(&format!("{} cannot be used; see rejects.parquet.", plural(unused, "name or row")));
    }
    if let Some(refusal) = &proposal.refusal {
        text += &comment(&format!("TO DO: ser run refuses this: {refusal}"));
    }
    proposal.questions.iter().for_each(|question| text += &asked(question));
    text += &origin(corpus);
    if corpus.extensions.len() == 1 {
        text += &format!("extensions = [{}]", quoted(&corpus.extensions[0]));
        text += "        # the recordings are there in several formats: one is enough\n";
    }
    text += &columns(corpus);
    for (field, values) in &corpus.filter {
        let values = values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
        text += &format!("\n[corpus.filter]\n{} = [{values}]\n", key(field));
    }
    text + &labels(proposal)
}

fn origin(corpus: &Corpus) -> String {
    let mut text = String::new();
    if let Some(preset) = &corpus.preset {
        text += &format!("preset = {}\n", quoted(preset));
        if let Some(known) = Preset::known(preset) {
            text += &comment(&format!("Licence of the corpus: {}. Please cite: {}", known.licence, known.citation));
        }
    }
    if let Some(pattern) = &corpus.pattern {
        text += &format!("pattern = {}\n", literal(pattern));
    }
    if let Some(manifest) = &corpus.manifest {
        text += &format!("manifest = {}\n", quoted(manifest));
    }
    if let Some(prefix) = &corpus.path_prefix {
        text += &format!("path_prefix = {}        # the table's paths begin with it\n", quoted(prefix));
    }
    text
}

fn columns(corpus: &Corpus) -> String {
    let columns = &corpus.columns;
    let fields = [
        ("path", &columns.path),
        ("emotion", &columns.emotion),
        ("speaker", &columns.speaker),
        ("gender", &columns.gender),
        ("text_id", &columns.text_id),
        ("intensity", &columns.intensity),
        ("language", &columns.language),
        ("start", &columns.start),
        ("end", &columns.end),
    ];
    let lines = fields.into_iter().filter_map(|(field, column)| match column.as_deref() {
        Some("") => Some(format!("{field} = \"\"        # each file is used whole: it has one row\n")),
        column => Some(format!("{field} = {}\n", quoted(column?))),
    });
    let lines = lines.collect::<String>();
    if lines.is_empty() {
        lines
    } else {
        format!("\n# Our field = \"column of the table\"; all other columns are kept.\n[corpus.columns]\n{lines}")
    }
}

fn labels(proposal: &Proposal) -> String {
    let counted = |label: &str| {
        let counts = proposal.read.labels.iter().filter(|count| count.source_label == label);
        plural(counts.map(|count| count.utterances as usize).sum(), "utterance")
    };
    let mut lines = String::new();
    for (label, emotion) in &proposal.corpus.labels {
        let is_new = proposal.new_emotions.contains(emotion);
        let note = if is_new { ", taken as an emotion of its own: merge or drop it if you like" } else { "" };
        lines += &with_comment(&format!("{} = {}", key(label), quoted(emotion)), &(counted(label) + note));
    }
    for question in &proposal.questions {
        if let Question::WhatLabels(labels) = question {
            for (label, count) in labels {
                let line = format!("# {} = \"\"", key(label));
                lines += &with_comment(&line, &format!("{}: fill in", plural(*count, "utterance")));
            }
        }
    }
    if lines.is_empty() {
        lines
    } else {
        format!("\n# Source label = \"emotion\"; \"-\" drops its utterances.\n[corpus.labels]\n{lines}")
    }
}

fn asked(question: &Question) -> String {
    let list = |choices: &[Choice]| choices.iter().map(Choice::words).collect::<Vec<_>>().join("; ");
    let rename = "rename its group in the pattern to";
    match question {
        Question::NoEmotion => {
            comment(
                "TO DO: nothing says the emotion of a file. Write one of these lines, for example with a table that has a row \
             for each file:",
            ) + "# manifest = \"labels.csv\"\n# pattern = '(?P<speaker>[^/]+)/(?P<emotion>[^/]+)/[^/]+$'\n"
        }
        Question::WhichEmotion(choices) => comment(&format!(
            "TO DO: one of these is the emotion, and they differ: {}. Say which: {rename} `emotion`, or name the column in \
             [corpus.columns].",
            list(choices)
        )),
        Question::EmotionIsGuess(choices) if choices.is_empty() => {
            comment("TO DO: what `emotion` holds are codes. If they are no emotions, write another pattern.")
        }
        Question::EmotionIsGuess(choices) => comment(&format!(
            "TO DO: what `emotion` holds are codes, so it is a guess. The emotion may also be {}: then {rename} `emotion`, \
             and give the group that is called so now another name.",
            list(choices)
        )),
        Question::WhatLabels(_) => comment(
            "TO DO: nobody can tell what the labels below mean. Write the emotion of each, and remove the # before it.",
        ),
        Question::WhichSpeaker(choices) => comment(&format!(
            "Who speaks is not certain. It may be {}. If one of them is the speaker, {rename} `speaker`, and use the other \
             [split] below.",
            list(choices)
        )),
        Question::NoSpeaker => comment("Nothing says who speaks."),
    }
}

impl Split {
    fn of(proposals: &[Proposal]) -> Self {
        let speakers = proposals.iter().map(|proposal| proposal.speakers.len()).sum::<usize>();
        let utterances = proposals.iter().map(|proposal| proposal.read.utterances.len()).sum::<usize>();
        let unknown = proposals.iter().map(Proposal::without_speaker).sum::<usize>();
        let smallest = all_emotions(proposals).into_values().min().unwrap_or(FOLDS as i64);
        let folds = FOLDS.min(usize::try_from(smallest).unwrap_or(FOLDS)).max(2);
        match speakers {
            0 | 1 => Self::Random { folds },
            // Utterances without a speaker cannot be left out with one.
            _ if unknown == 0 && speakers <= LEFT_OUT && utterances <= LEFT_OUT_UTTERANCES => Self::OneOut(speakers),
            _ => Self::Disjoint { folds: FOLDS.min(speakers), speakers },
        }
    }
}

/// How a run splits the utterances, in words.
pub fn split_words(proposals: &[Proposal]) -> String {
    match Split::of(proposals) {
        Split::OneOut(speakers) => {
            format!("each of the {speakers} speakers is tested once, by models that have not heard them")
        }
        Split::Disjoint { folds, speakers } => {
            format!("{folds} folds of the {speakers} speakers; nobody is on both sides of a fold")
        }
        Split::Random { .. } if proposals.iter().any(Proposal::has_speakers) => {
            "there is one speaker, so the split is random: the figures say nothing about other people".to_owned()
        }
        Split::Random { .. } => {
            "no speaker is known, so the split is random: the same people are on both sides, and the figures flatter"
                .to_owned()
        }
    }
}

fn split(proposals: &[Proposal], obstacle: Option<&str>) -> String {
    let disjoint = |folds: usize| format!("scheme = \"group-k-fold\"\ngroup_by = \"speaker\"\nfolds = {folds}\n");
    let mut text = format!("\n[split]\n{}", comment(&sentence(&split_words(proposals))));
    if let Some(obstacle) = obstacle {
        text += &comment(&format!("TO DO: ser run refuses this split: {obstacle}"));
    }
    match Split::of(proposals) {
        Split::OneOut(_) => text += "scheme = \"loso\"\ndev = 0.0\n",
        Split::Disjoint { folds, speakers } => {
            text += &disjoint(folds);
            if speakers <= LEFT_OUT {
                text += "dev = 0.0\n";
            }
        }
        Split::Random { folds } => {
            text += &format!("scheme = \"k-fold\"\nfolds = {folds}\n");
            if !proposals.iter().any(Proposal::has_speakers) {
                text += "# Once speakers are known, use this instead:\n";
                disjoint(FOLDS).lines().for_each(|line| text += &format!("# {line}\n"));
            }
        }
    }
    if let [Proposal { side: Some(side), .. }] = proposals {
        text += "# The publisher's own sides, instead of the lines above:\n";
        text += &format!("# scheme = \"predefined\"\n# column = {}\n", quoted(side));
    }
    text
}

/// Text as a comment, in lines that can be read.
fn comment(text: &str) -> String {
    const WIDTH: usize = 110;
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() >= WIDTH) {
            lines.push(String::from("#"));
        }
        if let Some(line) = lines.last_mut() {
            *line += &format!(" {}", one_line(word));
        }
    }
    lines.join("\n") + "\n"
}

/// Words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

fn with_comment(line: &str, comment: &str) -> String {
    format!("{line:<COMMENTS_AT$}# {comment}\n")
}

/// A text in TOML, on one line whatever is in it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A regular expression in TOML, without escapes where it can be.
fn literal(text: &str) -> String {
    if text.contains('\'') || text.chars().any(char::is_control) { quoted(text) } else { format!("'{text}'") }
}

/// A key in TOML: bare where it can be.
fn key(text: &str) -> String {
    let is_bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare { text.to_owned() } else { quoted(text) }
}
