//! Which utterance a row of a table of others belongs to.
//!
//! The id of a row is an utterance id, or a path. A path names an utterance by that of its audio, with or without the
//! corpus in front and the extension at the end. Where it is longer or shorter than that, the whole of the one must be
//! the end of the other, at a `/`, and of no other utterance. A segment is named by its utterance id alone, because
//! others may have its path.

use std::collections::BTreeSet;

use crate::schema::{Texts, Utterance};

/// The names of utterances.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Utterance ids; sorted.
    ids: Texts,
    /// Paths with the corpus in front, their steps from the last to the first, and the utterance of each; sorted.
    paths: Texts,
    owners: Vec<u32>,
    corpora: BTreeSet<String>,
}

impl Names {
    /// The names of utterances that come block by block, sorted by id.
    ///
    /// # Errors
    /// That of a block.
    pub fn of<E>(blocks: impl Iterator<Item = Result<Vec<Utterance>, E>>) -> Result<Self, E> {
        let mut names = Self::default();
        for block in blocks {
            block?.iter().for_each(|row| names.add(row));
        }
        let mut order = (0..names.paths.len()).collect::<Vec<_>>();
        order.sort_unstable_by_key(|at| (names.paths.get(*at), names.owners[*at]));
        names.owners = order.iter().map(|at| names.owners[*at]).collect();
        names.paths.reorder(&order);
        Ok(names)
    }

    fn add(&mut self, row: &Utterance) {
        let number = self.ids.len() as u32;
        self.ids.push(Some(&row.utterance_id));
        if row.start_s.is_some() || row.end_s.is_some() {
            return;
        }
        if !self.corpora.contains(&row.corpus) {
            self.corpora.insert(row.corpus.clone());
        }
        let path = format!("{}/{}", row.corpus, row.path);
        for path in [Some(path.as_str()), without_extension(&path)].into_iter().flatten() {
            self.paths.push(Some(&backwards(path)));
            self.owners.push(number);
        }
    }

    /// The id of utterance `number`.
    pub fn id(&self, number: usize) -> &str {
        self.ids.get(number).unwrap_or_default()
    }

    /// How many utterances there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The utterance that an id of a row names; none: it names none.
    ///
    /// # Errors
    /// Two that it could name.
    pub fn find(&self, id: &str) -> Result<Option<usize>, [usize; 2]> {
        let number = self.ids.partition_point(|other| other < Some(id));
        if self.ids.get(number) == Some(id) {
            return Ok(Some(number));
        }
        let id = backwards(id);
        if id.is_empty() {
            return Ok(None);
        }
        match one(self.whole(&id).chain(self.at(&id)))? {
            Some(number) => Ok(Some(number)),
            None => one(self.longer(&id).chain(self.shorter(&id))),
        }
    }

    /// Those whose path is this, in any corpus.
    fn whole<'a>(&'a self, path: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.corpora.iter().flat_map(move |corpus| self.at(&format!("{path}{corpus}/")).collect::<Vec<_>>())
    }

    /// Those whose path ends with this.
    fn longer<'a>(&'a self, path: &'a str) -> impl Iterator<Item = usize> + 'a {
        let start = self.paths.partition_point(|other| other < Some(path));
        let is_longer = move |at: &usize| self.paths.get(*at).is_some_and(|other| other.starts_with(path));
        (start..self.paths.len()).take_while(is_longer).map(|at| self.owners[at] as usize)
    }

    /// Those whose path this ends with.
    fn shorter<'a>(&'a self, path: &'a str) -> impl Iterator<Item = usize> + 'a {
        path.match_indices('/').flat_map(move |(at, _)| self.whole(&path[..=at]).collect::<Vec<_>>())
    }

    /// Those whose path, with the corpus in front, is this.
    fn at(&self, path: &str) -> impl Iterator<Item = usize> {
        let start = self.paths.partition_point(|other| other < Some(path));
        let end = self.paths.partition_point(|other| other <= Some(path));
        self.owners[start..end].iter().map(|number| *number as usize)
    }
}

/// The one number that is there, as often as it is.
fn one(mut numbers: impl Iterator<Item = usize>) -> Result<Option<usize>, [usize; 2]> {
    let Some(first) = numbers.next() else { return Ok(None) };
    match numbers.find(|number| *number != first) {
        Some(second) => Err([first.min(second), first.max(second)]),
        None => Ok(Some(first)),
    }
}

/// The steps of a path from the last to the first, each with a `/` behind it: `b.wav/a/`.
fn backwards(path: &str) -> String {
    let steps = path.split(['/', '\\']).filter(|step| !matches!(*step, "" | "."));
    steps.rev().flat_map(|step| [step, "/"]).collect()
}

fn without_extension(path: &str) -> Option<&str> {
    let name = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    path.rfind('.').filter(|dot| *dot > name).map(|dot| &path[..dot])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(id: &str, path: &str, start_s: Option<f64>) -> Utterance {
        Utterance {
            utterance_id: id.to_owned(),
            corpus: id.split('/').next().unwrap_or_default().to_owned(),
            path: path.to_owned(),
            start_s,
            end_s: None,
            speaker: None,
            gender: None,
            text_id: None,
            intensity: None,
            language: None,
            source_label: String::new(),
            emotion: String::new(),
            bytes: 0,
        }
    }

    fn names(utterances: &[(&str, &str)]) -> Names {
        let rows = utterances.iter().map(|(id, path)| utterance(id, path, None)).collect::<Vec<_>>();
        named(rows)
    }

    fn named(rows: Vec<Utterance>) -> Names {
        Names::of::<()>(std::iter::once(Ok(rows))).expect("no block fails")
    }

    #[test]
    fn a_row_is_named_by_id_or_by_path() {
        let names = names(&[("c/k1", "s1/a.wav"), ("c/k2", "s1/b.wav"), ("d/k1", "s2/c.d.flac")]);
        let cases = [
            ("c/k1", Some(0)),
            ("s1/a.wav", Some(0)),
            ("s1/a", Some(0)),
            ("c/s1/a.wav", Some(0)),
            ("c/s1/a", Some(0)),
            ("./s1\\a.wav", Some(0)),
            ("/data/corpus/s1/a.wav", Some(0)),
            ("s3://bucket/c/s1/a.wav", Some(0)),
            ("../x/s1/a", Some(0)),
            ("a.wav", Some(0)),
            ("c.d", Some(2)),
            ("c.d.flac", Some(2)),
            ("s2/c", None),
            ("xs1/a.wav", None),
            ("1/a.wav", None),
            ("a.wav/s1", None),
            ("a.flac", None),
            ("k1", None),
            ("unknown", None),
            ("", None),
            ("/", None),
        ];
        for (id, want) in cases {
            assert_eq!(names.find(id), Ok(want), "{id}");
        }
    }

    #[test]
    fn what_could_be_two_is_none() {
        let both = names(&[("c/1", "s1/a.wav"), ("c/2", "s2/a.wav"), ("d/1", "s1/a.wav"), ("d/2", "a.wav")]);
        assert_eq!(both.find("s1/a.wav"), Err([0, 2]), "in two corpora");
        assert_eq!(both.find("c/s1/a.wav"), Ok(Some(0)));
        assert_eq!(both.find("s2/a.wav"), Ok(Some(1)), "the whole path goes before the end of one");
        assert_eq!(both.find("a.wav"), Ok(Some(3)), "so here");
        assert_eq!(both.find("/x/s2/a.wav"), Err([1, 3]));
        assert_eq!(names(&[("c/1", "a.wav"), ("c/2", "a.flac")]).find("a"), Err([0, 1]));
    }

    #[test]
    fn segments_have_no_path_of_their_own() {
        let rows = [utterance("c/a#0-1", "a.wav", Some(0.0)), utterance("c/a#1-2", "a.wav", Some(1.0))];
        let names = named(rows.into());
        assert_eq!(names.find("a.wav"), Ok(None));
        assert_eq!(names.find("c/a#1-2"), Ok(Some(1)));
    }

    #[test]
    fn many_utterances_of_one_name_are_found_quickly() {
        let rows =
            (0..20_000).map(|n| utterance(&format!("c/{n}"), &format!("{n}/audio.wav"), None)).collect::<Vec<_>>();
        let names = named(rows);
        assert!((0..20_000).all(|n| names.find(&format!("/data/{n}/audio.wav")) == Ok(Some(n))));
        assert_eq!(names.find("audio.wav").map_err(|_| ()), Err(()));
    }
}
