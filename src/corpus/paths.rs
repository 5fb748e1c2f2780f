//! Paths as text: `/` between folders, whatever the system. A zip made on Windows may leave `\` in names: such a name
//! is read as if `/` stood there, while the file keeps the name under which it can be asked for.

use std::borrow::Cow;

use crate::schema::plural;

/// What stands between the parts of a path.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// A path as it is read: with `/` between folders.
pub(super) fn with_slashes(path: &str) -> Cow<'_, str> {
    if path.contains('\\') { path.replace('\\', "/").into() } else { path.into() }
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once(SEPARATORS).map_or(path, |(_, name)| name)
}

/// The extension of a file in lower case; `None` where the name has none (a leading dot makes no extension).
pub(super) fn extension(path: &str) -> Option<String> {
    split_extension(path).1.map(str::to_lowercase)
}

/// A path without the extension of its last part.
pub(super) fn without_extension(path: &str) -> &str {
    split_extension(path).0
}

/// Whether a part of the path begins with a dot, or is the folder that macOS adds to archives.
pub(super) fn is_hidden(path: &str) -> bool {
    path.split(SEPARATORS).any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// The warning about hidden audio files, where there are any.
pub fn hidden_warning(hidden: usize) -> Option<String> {
    let files = plural(hidden, "hidden audio file");
    (hidden > 0).then(|| format!("{files} ignored (names with a leading dot, __MACOSX)"))
}

/// The code of files whose names cannot be asked for.
const BAD_NAME_CODE: &str = "bad_name";

/// Code and message of a file whose name is not UTF-8: it is listed with replacement characters, and cannot be asked for
/// by name.
pub fn bad_name(path: &str) -> Option<(&'static str, &'static str)> {
    path.contains(char::REPLACEMENT_CHARACTER).then_some((BAD_NAME_CODE, "the name is not UTF-8; rename the file"))
}

fn split_extension(path: &str) -> (&str, Option<&str>) {
    let stem_begins = path.len() - file_name(path).len();
    match path.rfind('.') {
        Some(dot) if dot > stem_begins => (&path[..dot], Some(&path[dot + 1..])),
        _ => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path() {
        let cases = [
            ("a/b.c/d.WAV", "d.WAV", Some("wav"), "a/b.c/d"),
            ("d", "d", None, "d"),
            ("a.b/d", "d", None, "a.b/d"),
            (".wav", ".wav", None, ".wav"),
            ("x/.wav", ".wav", None, "x/.wav"),
            ("a.tar.gz", "a.tar.gz", Some("gz"), "a.tar"),
            ("a.", "a.", Some(""), "a"),
            ("", "", None, ""),
            ("é/ü.flac", "ü.flac", Some("flac"), "é/ü"),
            ("a.b\\c", "c", None, "a.b\\c"),
            ("x/a\\b.wav", "b.wav", Some("wav"), "x/a\\b"),
        ];
        for (path, name, ext, bare) in cases {
            assert_eq!(file_name(path), name, "{path}");
            assert_eq!(extension(path).as_deref(), ext, "{path}");
            assert_eq!(without_extension(path), bare, "{path}");
        }
    }

    #[test]
    fn hidden_files_are_known_by_any_part() {
        for (path, want) in [("._a.wav", true), ("a/.b/c.wav", true), ("__MACOSX\\a.wav", true), ("a.b/c.wav", false)] {
            assert_eq!(is_hidden(path), want, "{path}");
        }
    }
}
