//! Where the paths of a manifest lead: below the source, however they are written, or elsewhere.

use std::collections::BTreeMap;

use super::paths::without_extension;
use crate::corpus::Corpus;

/// A place in the form `origin` + steps: `/srv/corpus`, `s3://bucket/corpus`, `c:/corpus`, `corpus` (no origin).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    /// Empty: relative.
    origin: String,
    /// Without `.` and empty ones, `..` only at the beginning of a relative address.
    steps: Vec<String>,
}

/// Where a path of a manifest leads, in the form that a listing of the source has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Below the source.
    Inside(String),
    /// Beside or above it: the path begins with `..`.
    Outside(String),
    /// Where no path from the source leads: another disk, a bucket.
    Elsewhere,
}

/// The place of a source, by all names that it has.
pub(super) struct SourcePaths {
    /// As configured, then as the system calls it.
    sources: [Address; 2],
    prefix: Option<Address>,
}

impl SourcePaths {
    /// `root` is what the storage calls the source.
    pub fn new(config: &Corpus, root: &str) -> Self {
        let sources = [Address::parse(&config.source), Address::parse(root)];
        Self { sources, prefix: config.path_prefix.as_deref().map(Address::parse) }
    }

    /// Where a path leads.
    pub fn place(&self, written: &str) -> Place {
        let address = Address::parse(written);
        if let Some(inside) = self.prefix.as_ref().and_then(|prefix| address.below(prefix)) {
            return Place::Inside(inside);
        }
        let [_, root] = &self.sources;
        let address = match address.steps.first() {
            _ if !address.origin.is_empty() => address,
            // It may climb and come back.
            Some(first) if first == ".." && !root.origin.is_empty() => root.join(&address.steps),
            Some(first) if first == ".." => return Place::Outside(address.steps.join("/")),
            _ => return Place::Inside(address.steps.join("/")),
        };
        if let Some(inside) = self.sources.iter().find_map(|source| address.below(source)) {
            return Place::Inside(inside);
        }
        match address.origin == root.origin && root.origin == DISK {
            true => Place::Outside(root.to(&address)),
            false => Place::Elsewhere,
        }
    }
}

/// The origin of absolute paths.
const DISK: &str = "/";

impl Address {
    fn parse(text: &str) -> Self {
        let text = text.replace('\\', "/");
        let (origin, path) = match text.split_once("://") {
            Some(("file", path)) => (DISK.to_owned(), decoded(path)),
            Some((scheme, place)) => {
                let (bucket, path) = place.split_once('/').unwrap_or((place, ""));
                let scheme = if matches!(scheme, "s3a" | "s3n") { "s3" } else { scheme };
                (format!("{scheme}://{bucket}"), path.to_owned())
            }
            None => match text.strip_prefix("file:/") {
                Some(path) => (DISK.to_owned(), decoded(path)),
                None if text.starts_with('/') => (DISK.to_owned(), text),
                None => match drive(&text) {
                    Some((drive, path)) => (format!("{}:", drive.to_ascii_lowercase()), path.to_owned()),
                    None => (String::new(), text),
                },
            },
        };
        Self { origin, steps: Vec::new() }.join(path.split('/'))
    }

    /// The address that some steps lead to from here.
    fn join(&self, steps: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut address = self.clone();
        for step in steps {
            match step.as_ref() {
                "" | "." => {}
                ".." if address.steps.last().is_some_and(|last| last != "..") => drop(address.steps.pop()),
                // The top has nothing above it.
                ".." if !address.origin.is_empty() => {}
                step => address.steps.push(step.to_owned()),
            }
        }
        address
    }

    /// The path from `folder` to this address, where it lies below.
    fn below(&self, folder: &Self) -> Option<String> {
        let rest = self.steps.strip_prefix(&folder.steps[..]).filter(|rest| !rest.is_empty())?;
        (self.origin == folder.origin).then(|| rest.join("/"))
    }

    /// The path from here to another address of the same origin.
    fn to(&self, other: &Self) -> String {
        let shared = self.steps.iter().zip(&other.steps).take_while(|(a, b)| a == b).count();
        let up = self.steps[shared..].iter().map(|_| "..");
        up.chain(other.steps[shared..].iter().map(String::as_str)).collect::<Vec<_>>().join("/")
    }
}

/// A URI's path with its `%20` and the like decoded.
fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// The drive of a Windows path, and the path on it.
fn drive(text: &str) -> Option<(&str, &str)> {
    let (drive, path) = text.split_once(":/")?;
    (drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_alphabetic())).then_some((drive, path))
}

/// The beginning of a path that must go so that the rest is a listed file: what `path_prefix` is for.
pub(super) fn prefix_of(written: &str, is_listed: impl Fn(&str) -> bool) -> Option<String> {
    let Address { origin, steps } = Address::parse(written);
    let first = usize::from(origin.is_empty());
    let cut = (first..steps.len()).find(|cut| is_listed(&steps[*cut..].join("/")))?;
    let path = steps[..cut].join("/");
    Some(match origin.as_str() {
        "" => path,
        DISK => format!("/{path}"),
        origin => format!("{origin}/{path}"),
    })
}

/// The listed file that is most like a path which is not listed: the same but for upper case, or but for its extension.
pub(super) struct Lookalikes<'a> {
    by_stem: BTreeMap<String, &'a str>,
}

impl<'a> Lookalikes<'a> {
    pub fn new(listed: impl Iterator<Item = &'a str>) -> Self {
        Self { by_stem: listed.map(|path| (without_extension(path).to_lowercase(), path)).collect() }
    }

    /// The file for a path that has no file.
    pub fn of(&self, path: &str) -> Option<&'a str> {
        let find = |stem: &str| self.by_stem.get(&stem.to_lowercase()).copied();
        find(without_extension(path)).or_else(|| find(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(source: &str, root: &str, prefix: Option<&str>, written: &str) -> Place {
        let toml = format!("name = 'c'\nsource = '{source}'\nmanifest = 'm'");
        let mut config: Corpus = toml::from_str(&toml).expect("sound TOML");
        config.path_prefix = prefix.map(str::to_owned);
        SourcePaths::new(&config, root).place(written)
    }

    #[test]
    fn a_file_below_the_source_is_inside_however_it_is_written() {
        let inside = [
            "s1/a.wav",
            "./s1//a.wav",
            "s1/../s1/a.wav",
            "s1\\a.wav",
            ".\\s1\\a.wav",
            "/srv/corpus/data/s1/a.wav",
            "/data/s1/a.wav",
            "//srv/corpus//data/./s1/a.wav",
            "/srv/corpus/other/../data/s1/a.wav",
            "file:///srv/corpus/data/s1/a.wav",
            "file:/srv/corpus/data/s1/%61.wav",
            "../data/s1/a.wav",
            "C:\\work\\data\\s1\\a.wav",
            "c:/work/data/s1/a.wav",
        ];
        for written in inside {
            let found = place("/data/", "/srv/corpus/data", Some("C:/work/data"), written);
            assert_eq!(found, Place::Inside("s1/a.wav".to_owned()), "{written}");
        }
        for written in ["s3://bucket/x/data/s1/a.wav", "s3a://bucket/x/data//s1/a.wav", "../data/s1/a.wav", "s1/a.wav"]
        {
            let found = place("s3://bucket/x/data", "s3://bucket/x/data", None, written);
            assert_eq!(found, Place::Inside("s1/a.wav".to_owned()), "{written}");
        }
        let found = place("/data", "/data", Some("data"), "data/s1/a.wav");
        assert_eq!(found, Place::Inside("s1/a.wav".to_owned()), "a relative prefix");
    }

    #[test]
    fn a_file_outside_has_a_path_from_the_source() {
        let cases = [
            ("/srv/other/a.wav", Place::Outside("../../other/a.wav".to_owned())),
            ("../a.wav", Place::Outside("../a.wav".to_owned())),
            ("s1\\..\\..\\a.wav", Place::Outside("../a.wav".to_owned())),
            ("/srv/corpus/database/a.wav", Place::Outside("../database/a.wav".to_owned())),
            ("s3://bucket/a.wav", Place::Elsewhere),
            ("C:\\a.wav", Place::Elsewhere),
        ];
        for (written, want) in cases {
            assert_eq!(place("/srv/corpus/data", "/srv/corpus/data", None, written), want, "{written}");
        }
        assert_eq!(place("s3://b/x", "s3://b/x", None, "s3://b/y/a.wav"), Place::Elsewhere);
        assert_eq!(place("data", "data", None, "../../a.wav"), Place::Outside("../../a.wav".to_owned()));
    }

    #[test]
    fn a_prefix_is_found_by_what_is_behind_it() {
        let cases = [
            ("/srv/corpus/s1/a.wav", Some("/srv/corpus")),
            ("D:\\corpus\\s1\\a.wav", Some("d:/corpus")),
            ("s3://b/corpus/s1/a.wav", Some("s3://b/corpus")),
            ("corpus/s1/a.wav", Some("corpus")),
            ("/s1/a.wav", Some("/")),
            ("s1/a.wav", None),
            ("/srv/corpus/s2/a.wav", None),
        ];
        for (written, want) in cases {
            assert_eq!(prefix_of(written, |path| path == "s1/a.wav").as_deref(), want, "{written}");
        }
    }
}
