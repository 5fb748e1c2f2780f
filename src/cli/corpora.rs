//! `ser corpora`: the corpora that ser-etl knows, and the protocols with published folds.

use crate::corpus::Preset;
use crate::options::{ConfigError, nearest};
use crate::protocol::{Protocol, Published};

use super::args::{CorporaCommand, CorporaOptions};
use super::output;

/// Characters before the text of a line of the description.
const INDENT: usize = 12;
/// Characters of a line.
const WIDTH: usize = 110;

/// Prints the list, or all that is known of one.
pub(super) fn run(options: &CorporaOptions) -> anyhow::Result<()> {
    let text = match &options.command {
        None => list(),
        Some(CorporaCommand::Describe { name }) => describe(name)?,
    };
    Ok(output::result(&text)?)
}

fn list() -> String {
    let line = |name: &'static str| {
        let preset = Preset::known(name)?;
        let language = preset.language.as_deref().unwrap_or("-");
        let speakers = preset.speakers.map_or("-".to_owned(), |count| count.to_string());
        let from = if preset.pattern.is_some() { "names" } else { "label files" };
        Some(format!("{name:<16}{language:<4}{speakers:>5}  {from:<13}{}\n", preset.title))
    };
    let corpora = Preset::names().filter_map(line).collect::<String>();
    let protocol = |name: &'static str| {
        let protocol = Protocol::known("protocol", name).ok()?;
        let corpora = protocol.corpora().collect::<Vec<_>>();
        let corpora = if corpora.is_empty() { "any corpus".to_owned() } else { corpora.join(" ") };
        Some(entry(name, &format!("{}, for {corpora}", protocol.title)))
    };
    let protocols = Protocol::names().filter_map(protocol).collect::<String>();
    format!(
        "{:<16}{:<4}{:>5}  {:<13}corpus\n{corpora}\nprotocols with published folds (split.scheme = \"published\"):\n{protocols}\n\
         ser corpora describe NAME tells more of a corpus\n",
        "preset", "", "spk.", "labels from"
    )
}

fn describe(name: &str) -> Result<String, ConfigError> {
    let Some(preset) = Preset::known(name) else {
        let names = Preset::names().collect::<Vec<_>>().join(", ");
        let error = ConfigError::new("NAME", format!("{name:?}"), format!("no such corpus; legal are {names}"));
        return Err(match nearest(name, Preset::names()) {
            Some(best) => error.hint(format!("did you mean `{best}`?")),
            None => error,
        });
    };
    let mut text = format!("{}\n\n", preset.title);
    let speakers = preset.speakers.map(|count| count.to_string());
    let facts = [
        ("address", Some(preset.address.clone())),
        ("licence", Some(preset.licence.clone())),
        ("cite", Some(preset.citation.clone())),
        ("language", preset.language.clone()),
        ("speakers", speakers),
        ("names", preset.names.clone()),
        ("labels in", preset.label_files.as_ref().map(|files| format!("files whose paths match {}", files.files))),
        ("fields", Some(fields(preset))),
        ("labels", Some(labels(preset))),
        ("keeps only", filter(preset)),
        ("beware", Some(preset.notes.clone()).filter(|notes| !notes.is_empty())),
    ];
    for (word, fact) in facts.into_iter().filter_map(|(word, fact)| Some((word, fact?))) {
        text += &entry(word, &fact);
    }
    text += "\nprotocols\n";
    for name in Protocol::names() {
        let protocol = Protocol::known("protocol", name)?;
        if let Some(published) =
            protocol.of(Some(preset_name(preset))).filter(|published| has_column(preset, published))
        {
            text += &entry(name, &protocol_words(protocol, published, preset_name(preset)));
        }
    }
    text += &format!("\n[[corpus]]\nname = \"{name}\"\nsource = \"DIR\"\npreset = \"{name}\"\n");
    Ok(text)
}

fn preset_name(preset: &Preset) -> &'static str {
    Preset::names().find(|name| Preset::known(name) == Some(preset)).unwrap_or_default()
}

/// Whether the preset gives the column that tells the folds.
fn has_column(preset: &Preset, published: &Published) -> bool {
    published.column.as_ref().is_none_or(|column| preset.fields().contains(column))
}

fn fields(preset: &Preset) -> String {
    preset.fields().join(", ")
}

/// `angry = anger, ...`
fn labels(preset: &Preset) -> String {
    let line = |label: &str| match preset.labels.get(label).map(String::as_str) {
        None => label.to_owned(),
        Some("-") => format!("{label} is dropped"),
        Some(emotion) => format!("{label} = {emotion}"),
    };
    preset.emotions().map(line).collect::<Vec<_>>().join(", ")
}

fn filter(preset: &Preset) -> Option<String> {
    let words = preset.filter.iter().map(|(field, values)| format!("{field} {}", values.join(" or ")));
    Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

fn protocol_words(protocol: &Protocol, published: &Published, preset: &str) -> String {
    let folds = match published.count(preset) {
        Some(1) => "1 fold".to_owned(),
        Some(count) => format!("{count} folds"),
        None => format!("a fold for each {}", published.column.as_deref().unwrap_or("utterance")),
    };
    let apart = match published.apart.is_empty() {
        true => String::new(),
        false => format!(", disjoint in {}", published.apart.join(" and ")),
    };
    format!("{}: {folds}{apart}. {} From: {}", protocol.title, published.notes, protocol.citation)
}

/// A word, and text in lines that can be read.
fn entry(word: &str, text: &str) -> String {
    let mut lines = vec![format!("{word:<INDENT$}")];
    for word in text.split_whitespace() {
        let is_full = lines.last().is_some_and(|line| line.chars().count() + word.chars().count() >= WIDTH);
        if is_full {
            lines.push(" ".repeat(INDENT));
        }
        if let Some(line) = lines.last_mut() {
            let is_begun = line.chars().count() > INDENT;
            *line += if is_begun || !line.ends_with(' ') { " " } else { "" };
            *line += word;
        }
    }
    lines.join("\n") + "\n"
}
