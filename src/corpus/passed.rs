//! Files that are not looked at because of their extensions.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{extension, file_name, is_hidden};
use crate::corpus::usual_extensions;

/// Extensions of what lies beside audio and is none: text, tables, annotations, pictures, documents, arrays, archives,
/// programs. The list need not be long: what is missing from it is counted too much, and nothing is lost.
const COMPANIONS: &str = "txt md rst rtf log csv tsv tab psv xls xlsx ods json jsonl ndjson parquet feather arrow xml html htm css \
    yaml yml toml ini cfg conf tex bib pdf doc docx odt ppt pptx png jpg jpeg gif svg bmp tif tiff webp ico \
    textgrid eaf pfsx lab phn wrd trs cha srt vtt ass stm ctm rttm seg praat npy npz pkl pickle mat h5 hdf5 \
    pt pth ckpt safetensors onnx arff lmdb zip gz tgz tar bz2 xz 7z rar zst db sqlite desktop \
    py ipynb r rmd m sh bat ps1 js c h cpp hpp java rs go lock md5 sha1 sha256 sum sig asc url lnk license";

/// Files without an extension that lie beside audio and are none.
const PLAIN_NAMES: &str = "readme license licence copying notice authors changelog changes version manifest makefile \
    dockerfile index checksums md5sums sha1sums sha256sums _success lock";

/// What a file is by its name, where the usual extensions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file that is listened to.
    Audio,
    /// One that would be, were it not hidden.
    HiddenAudio,
    /// Any other.
    Other,
}

impl Look {
    /// Looks at the name of a file.
    pub fn at(path: &str) -> Self {
        match extension(path).is_some_and(|e| usual_extensions().any(|usual| usual == e)) {
            true if is_hidden(path) => Self::HiddenAudio,
            true => Self::Audio,
            false => Self::Other,
        }
    }
}

/// Files that were not looked at, hidden ones left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many, by extension in lower case; `` of those that have none.
    pub counts: BTreeMap<String, usize>,
    /// Paths of those that may be audio all the same, in the order of the listing.
    pub suspects: Vec<String>,
}

impl PassedOver {
    /// The files of a listing that have none of these extensions.
    pub fn of<'a>(paths: impl Iterator<Item = &'a str>, extensions: &[String]) -> Self {
        let legal: BTreeSet<String> = extensions.iter().map(|e| e.to_lowercase()).collect();
        let companions: BTreeSet<&str> = COMPANIONS.split_whitespace().collect();
        let plain: BTreeSet<&str> = PLAIN_NAMES.split_whitespace().collect();
        let mut passed = Self::default();
        for path in paths.filter(|path| !is_hidden(path)) {
            let extension = extension(path).unwrap_or_default();
            if legal.contains(&extension) {
                continue;
            }
            let is_companion = match extension.as_str() {
                "" => plain.contains(file_name(path).to_lowercase().trim_end_matches('.')),
                extension => companions.contains(extension),
            };
            if !is_companion {
                passed.suspects.push(path.to_owned());
            }
            *passed.counts.entry(extension).or_default() += 1;
        }
        passed
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.counts.values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// What to say of those that may be audio; nothing where there are none.
    pub fn warning(&self) -> Option<String> {
        if self.suspects.is_empty() {
            return None;
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for path in &self.suspects {
            *counts.entry(extension(path).unwrap_or_default()).or_default() += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let shown = counts.iter().take(SHOWN).map(|(extension, count)| match extension.as_str() {
            "" => format!("without one {count}"),
            extension => format!("{} {count}", extension.escape_debug()),
        });
        let mut shown: Vec<String> = shown.collect();
        if counts.len() > SHOWN {
            shown.push(format!("and {} more kinds", counts.len() - SHOWN));
        }
        let (count, were) = match self.suspects.len() {
            1 => ("1 file".to_owned(), "was"),
            count => (format!("{count} files"), "were"),
        };
        Some(format!("{count} {were} not looked at, by extension: {}", shown.join(", ")))
    }

    /// Why a suspect is a row in rejects.
    pub fn message(path: &str) -> String {
        match extension(path).filter(|extension| !extension.is_empty()) {
            Some(extension) => format!("not looked at: {:?} is no extension of audio files", extension),
            None => "not looked at: the name has no extension".to_owned(),
        }
    }

    /// The code of a suspect in rejects. Such rows are no utterances and count for no limit.
    pub const CODE: &str = "passed_over";
}

/// Kinds of files that the warning names.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_audio_is_told_from_what_lies_beside_it() {
        let paths = [
            "a.wav",
            "b.WAV",
            "c.amr",
            "d.AMR",
            "e.wma",
            "f.raw",
            "call_17",
            "README",
            "notes.txt",
            "x.TextGrid",
            ".DS_Store",
            "._c.amr",
            "g.wav.bak",
        ];
        let passed = PassedOver::of(paths.into_iter(), &["wav".to_owned()]);
        assert_eq!(passed.suspects, ["c.amr", "d.AMR", "e.wma", "f.raw", "call_17", "g.wav.bak"]);
        assert_eq!(passed.len(), 9);
        assert_eq!(passed.counts[""], 2);
        let warning = passed.warning().expect("suspects");
        assert_eq!(warning, "6 files were not looked at, by extension: amr 2, without one 1, bak 1, raw 1, wma 1");
        assert_eq!(PassedOver::of(["a.txt"].into_iter(), &["wav".to_owned()]).warning(), None);
    }
}
