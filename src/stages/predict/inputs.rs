//! INPUT arguments to files: every path is relative to the deepest folder that all of them lie in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::corpus::{self, Glob, Look, PassedOver};
use crate::options::ConfigError;
use crate::schema::plural;
use crate::storage::{self, Entry, Reason, StorageError, Store, Survey, Unlisted};

use super::super::StageError;

/// What the arguments stand for.
pub(super) struct InputFiles {
    /// The deepest folder that all lie in.
    pub store: Arc<dyn Store>,
    /// In the order of the command line.
    pub inputs: Vec<Input>,
    /// Paths that lead, through a link, to a file which another input has too, and that file's path there.
    pub again: BTreeMap<String, String>,
}

/// One argument.
#[derive(Debug)]
pub(super) struct Input {
    /// Its place relative to the store; `.` for the store itself.
    pub label: String,
    /// As it was given.
    pub given: String,
    /// Its files, sorted by path.
    pub files: Vec<Entry>,
    /// Paths of files that are none by their extensions; those of hidden ones.
    others: Vec<String>,
    hidden: Vec<String>,
    /// What lies there and is no file.
    unlisted: Vec<Unlisted>,
}

/// Folders that are listed for the arguments, of which some need not be there.
pub(super) fn folders(arguments: &[String]) -> Vec<String> {
    let folder = |argument: &String| {
        let place = Argument::parse(argument);
        let steps = &place.steps[..Kind::Pattern.base_steps(&place.steps)];
        format!("{}/{}", place.origin.trim_end_matches('/'), steps.join("/"))
    };
    arguments.iter().map(folder).collect()
}

impl InputFiles {
    /// Finds the files of arguments that do not depend on the working directory: absolute paths and `s3://` places.
    ///
    /// # Errors
    /// An argument that does not exist, holds no audio, cannot be reached, or lies in another store than the first.
    pub fn find(arguments: &[String], params: &storage::Storage) -> Result<Self, StageError> {
        let places = arguments.iter().map(|argument| Argument::parse(argument)).collect::<Vec<_>>();
        let first = places.first().ok_or_else(|| ConfigError::new("INPUT", "missing", "name at least one"))?;
        if let Some(other) = places.iter().find(|place| place.origin != first.origin) {
            let problem =
                format!("it is in another store than {}; predict the inputs of each store by themselves", first.given);
            return Err(ConfigError::new("INPUT", other.given, problem).into());
        }
        let origin = storage::open(&first.origin, params).map_err(first.unreachable())?;
        let kinds = places.iter().map(|place| place.kind(origin.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let bases = places.iter().zip(&kinds).map(|(place, kind)| &place.steps[..kind.base_steps(&place.steps)]);
        let depth = common_depth(bases);
        let root = format!("{}/{}", first.origin.trim_end_matches('/'), first.steps[..depth].join("/"));
        let store = storage::open(&root, params).map_err(first.unreachable())?;
        let input = |(place, kind): (&Argument, &Kind)| place.input(kind, depth, store.as_ref());
        let inputs = places.iter().zip(&kinds).map(input).collect::<Result<Vec<_>, _>>()?;
        let again = again(&inputs, &root);
        Ok(Self { store, inputs, again })
    }

    /// What is no file, once each.
    pub fn unlisted(&self) -> Vec<Unlisted> {
        let all = self.inputs.iter().flat_map(|input| &input.unlisted).map(|one| (one.path.as_str(), one));
        all.collect::<BTreeMap<_, _>>().into_values().cloned().collect()
    }

    /// Every file once, by path.
    pub fn files(&self) -> BTreeMap<&str, &Entry> {
        let files = self.inputs.iter().flat_map(|input| &input.files).map(|file| (file.path.as_str(), file));
        files.filter(|(path, _)| !self.again.contains_key(*path)).collect()
    }

    /// The files of each input that no input before it has, sorted by path.
    pub fn own_files(&self) -> Vec<Vec<&Entry>> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for input in &self.inputs {
            let new = |file: &&Entry| !self.again.contains_key(&file.path) && !seen.contains(file.path.as_str());
            let own = input.files.iter().filter(new).collect::<Vec<_>>();
            seen.extend(own.iter().map(|file| file.path.as_str()));
            all.push(own);
        }
        all
    }

    /// The warning about files that several inputs hold, where links lead to them.
    pub fn again_warning(&self) -> Option<String> {
        let (path, other) = self.again.first_key_value()?;
        let files = plural(self.again.len(), "file");
        Some(format!(
            "{files} left out: they are links to files of another input ({path:?} is {other:?}), and each file \
             counts once"
        ))
    }

    /// What lies in folders and was not looked at, but for files that are inputs of their own.
    pub fn passed_over(&self) -> PassedOver {
        let files = self.files();
        let others = self.inputs.iter().flat_map(|input| &input.others).map(String::as_str).collect::<BTreeSet<_>>();
        let usual = corpus::usual_extensions().map(str::to_owned).collect::<Vec<_>>();
        PassedOver::of(others.into_iter().filter(|path| !files.contains_key(path)), &usual)
    }

    /// The warning about hidden audio files, where there are any.
    pub fn hidden_warning(&self) -> Option<String> {
        let hidden = self.inputs.iter().flat_map(|input| &input.hidden).collect::<BTreeSet<_>>().len();
        corpus::hidden_warning(hidden)
    }
}

impl Input {
    /// How many folders its files lie in.
    pub fn folders(&self) -> usize {
        let folder = |file: &'_ Entry| file.path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        self.files.iter().map(folder).collect::<BTreeSet<_>>().len()
    }
}

/// An argument, taken apart.
struct Argument<'a> {
    given: &'a str,
    /// `/` or `s3://bucket`.
    origin: String,
    /// Folders and name below it.
    steps: Vec<&'a str>,
}

/// What lies at a place.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Pattern,
}

impl Kind {
    /// How many steps lead to the folder that is listed.
    fn base_steps(&self, steps: &[&str]) -> usize {
        match self {
            Self::File => steps.len() - 1,
            Self::Folder => steps.len(),
            Self::Pattern => steps.iter().take_while(|step| !Glob::is_pattern(step)).count(),
        }
    }
}

impl<'a> Argument<'a> {
    fn parse(given: &'a str) -> Self {
        let (origin, path) = match given.split_once("://") {
            None => ("/".to_owned(), given),
            Some(("file", path)) => ("/".to_owned(), path),
            Some((scheme, place)) => {
                let (bucket, path) = place.split_once('/').unwrap_or((place, ""));
                (format!("{scheme}://{bucket}"), path)
            }
        };
        let mut steps = Vec::new();
        for step in path.split('/') {
            match step {
                "" | "." => {}
                ".." => drop(steps.pop()),
                step => steps.push(step),
            }
        }
        Self { given, origin, steps }
    }

    fn kind(&self, origin: &dyn Store) -> Result<Kind, StageError> {
        let path = self.steps.join("/");
        if !path.is_empty() && origin.stat(&path).map_err(self.unreachable())?.is_some() {
            return Ok(Kind::File);
        }
        // A folder may have a name that looks like a pattern.
        let is_pattern = Glob::is_pattern(&path) && origin.survey(&path).map_err(self.unreachable())?.files.is_empty();
        Ok(if is_pattern { Kind::Pattern } else { Kind::Folder })
    }

    fn input(&self, kind: &Kind, depth: usize, store: &dyn Store) -> Result<Input, StageError> {
        let path = self.steps[depth..].join("/");
        let base = self.steps[depth..kind.base_steps(&self.steps)].join("/");
        let found = match kind {
            Kind::File => store.stat(&path).map(|file| Survey { files: Vec::from_iter(file), ..Survey::default() }),
            Kind::Folder | Kind::Pattern => store.survey(&base),
        };
        let Survey { files, mut unlisted } = found.map_err(self.unreachable())?;
        let count = files.len();
        let glob = if *kind == Kind::Pattern { Some(Glob::new(&path)?) } else { None };
        let covers = |path: &str| glob.as_ref().is_none_or(|glob| glob.covers(path));
        // A folder that may not be read could hold anything.
        unlisted.retain(|one| one.reason == Reason::Unreadable || covers(&one.path));
        let label = if path.is_empty() { ".".to_owned() } else { path.clone() };
        let (given, none) = (self.given.to_owned(), Vec::new);
        let mut input = Input { label, given, files: Vec::new(), others: none(), hidden: none(), unlisted };
        for file in files.into_iter().filter(|file| covers(&file.path)) {
            match Look::at(file.path[base.len()..].trim_start_matches('/')) {
                // Whoever names a file means it.
                _ if *kind == Kind::File => input.files.push(file),
                Look::Audio => input.files.push(file),
                Look::HiddenAudio => input.hidden.push(file.path),
                Look::Other => input.others.push(file.path),
            }
        }
        if input.files.is_empty() {
            return Err(self.unusable(&nothing(kind, store.has(&base), count)));
        }
        Ok(input)
    }

    fn unreachable(&self) -> impl Fn(StorageError) -> StageError {
        let input = self.given.to_owned();
        move |source| StageError::Input { input: input.clone(), source }
    }

    fn unusable(&self, problem: &str) -> StageError {
        StageError::UnusableInput { input: self.given.to_owned(), problem: problem.to_owned() }
    }
}

/// What is in several inputs under different paths, as links make it: each but the first path, with the first.
fn again(inputs: &[Input], root: &str) -> BTreeMap<String, String> {
    let (mut first, mut again) = (BTreeMap::<String, (usize, &str)>::new(), BTreeMap::new());
    if inputs.len() < 2 {
        return again;
    }
    for (number, input) in inputs.iter().enumerate() {
        for file in &input.files {
            let place = storage::real_place(&format!("{}/{}", root.trim_end_matches('/'), file.path));
            let (owner, path) = *first.entry(place).or_insert((number, &file.path));
            // Within one input, names are what counts, as everywhere.
            if owner != number && path != file.path {
                again.insert(file.path.clone(), path.to_owned());
            }
        }
    }
    again
}

/// Why there is nothing to predict: no such folder, or `count` files that are none.
fn nothing(kind: &Kind, is_there: bool, count: usize) -> String {
    let extensions = corpus::usual_extensions().collect::<Vec<_>>().join(" ");
    let seen = format!("files seen: {count}; extensions: {extensions}");
    match (kind, count) {
        (Kind::Pattern, _) => format!("matches no audio file ({seen})"),
        (_, 0) if is_there => "holds no file".to_owned(),
        (_, 0) => "does not exist".to_owned(),
        (_, _) => format!("holds no audio file ({seen})"),
    }
}

/// How many of their first steps all have in common.
fn common_depth<'a>(mut bases: impl Iterator<Item = &'a [&'a str]>) -> usize {
    let Some(first) = bases.next() else { return 0 };
    let shared = |depth: usize, base: &[&str]| first.iter().zip(base).take(depth).take_while(|(a, b)| a == b).count();
    bases.fold(first.len(), shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_taken_apart() {
        let cases = [
            ("/a/./b//c/../d.wav", "/", vec!["a", "b", "d.wav"]),
            ("/../..", "/", vec![]),
            ("file:///a/b", "/", vec!["a", "b"]),
            ("s3://bucket/a/b/", "s3://bucket", vec!["a", "b"]),
            ("s3://bucket", "s3://bucket", vec![]),
        ];
        for (given, origin, steps) in cases {
            let place = Argument::parse(given);
            assert_eq!((place.origin.as_str(), place.steps), (origin, steps), "{given}");
        }
    }

    #[test]
    fn the_common_folder_is_the_deepest() {
        let cases: [(&[&[&str]], usize); 5] = [
            (&[&["a", "b"]], 2),
            (&[&["a", "b"], &["a", "c"]], 1),
            (&[&["a", "b"], &["a", "b", "c"], &["a", "b", "d"]], 2),
            (&[&["a"], &["b"]], 0),
            (&[], 0),
        ];
        for (bases, want) in cases {
            assert_eq!(common_depth(bases.iter().copied()), want, "{bases:?}");
        }
    }

    #[test]
    fn a_pattern_is_listed_from_its_last_plain_folder() {
        let steps = ["a", "b*", "c", "d?.wav"];
        assert_eq!(Kind::Pattern.base_steps(&steps), 1);
        assert_eq!(Kind::File.base_steps(&steps), 3);
        assert_eq!(Kind::Folder.base_steps(&steps), 4);
    }
}
