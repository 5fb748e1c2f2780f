//! The files of a source: there may be millions.

use crate::schema::Texts;

/// A file under the source of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFile<'a> {
    /// Path relative to the source, with `/` between folders.
    pub path: &'a str,
    /// Size in bytes.
    pub bytes: u64,
}

/// Files under the source of a corpus, in the order in which they were listed.
#[derive(Debug, Default)]
pub struct SourceFiles {
    paths: Texts,
    bytes: Vec<u64>,
    /// Their numbers, in the order of their paths.
    by_path: Vec<u32>,
}

impl SourceFiles {
    /// Number of files.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// File `number`, of those that there are.
    pub fn get(&self, number: usize) -> SourceFile<'_> {
        SourceFile { path: self.paths.get(number).unwrap_or_default(), bytes: self.bytes[number] }
    }

    /// All files, as they were listed.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = SourceFile<'_>> {
        (0..self.len()).map(|number| self.get(number))
    }

    /// All files, by path.
    pub(super) fn sorted(&self) -> impl Iterator<Item = SourceFile<'_>> {
        self.by_path.iter().map(|number| self.get(*number as usize))
    }

    /// The number of the file of this path.
    pub fn find(&self, path: &str) -> Option<usize> {
        let found = self.by_path.binary_search_by_key(&path, |number| self.get(*number as usize).path);
        found.ok().map(|at| self.by_path[at] as usize)
    }
}

impl<'a> FromIterator<SourceFile<'a>> for SourceFiles {
    fn from_iter<I: IntoIterator<Item = SourceFile<'a>>>(listed: I) -> Self {
        let mut files = Self::default();
        for file in listed {
            files.paths.push(Some(file.path));
            files.bytes.push(file.bytes);
        }
        let mut by_path = (0..files.len() as u32).collect::<Vec<_>>();
        by_path.sort_by_key(|number| files.get(*number as usize).path);
        files.by_path = by_path;
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_paths_and_keep_their_order() {
        let paths = ["b/1.wav", "a/2.wav", "a/10.wav"];
        let files = paths.into_iter().zip(1..).map(|(path, bytes)| SourceFile { path, bytes }).collect::<SourceFiles>();
        assert!(files.iter().map(|file| file.path).eq(paths));
        assert!(files.sorted().map(|file| file.bytes).eq([3, 2, 1]));
        assert_eq!(paths.map(|path| files.find(path)), [Some(0), Some(1), Some(2)]);
        assert_eq!((files.find("a"), files.len()), (None, 3));
    }
}
