//! The names of the files of parts, known again.

use super::seal::{KEY_DIGITS, STAGED};

/// What names of such files end in: rejects, frames, features, seals.
const ENDINGS: [&str; 5] = [".rejects.parquet", ".frames.parquet", ".parquet", ".frames.json", ".json"];

/// Whether a path is one that this or an earlier run gave a file of a part: its name has the hash, the key or the
/// attempt of one.
pub(super) fn is_of_a_part(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending)) else { return false };
    let mut words = stem.rsplit('.').filter(|word| word.len() != 3 || !word.bytes().all(|byte| byte.is_ascii_digit()));
    let is_hash =
        |word: &str| [8, KEY_DIGITS].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    stem.contains('.') && words.next().is_some_and(is_hash)
}

/// The part that a file in features/, frames/ or run/extract is of: its name, and its key where the file is staged or
/// kept; none: it is of no part.
pub(in super::super) fn part_name(path: &str) -> Option<(String, Option<String>)> {
    if !is_of_a_part(path) {
        return None;
    }
    let is_number = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(name) = path.strip_prefix("features/") {
        return name.strip_suffix(".parquet").map(|name| (name.to_owned(), None));
    }
    if let Some(name) = path.strip_prefix("frames/") {
        let (readable, hash) = name.strip_suffix(".parquet")?.rsplit_once('.')?;
        let (readable, _) = readable.rsplit_once('.').filter(|(_, number)| is_number(number))?;
        return Some((format!("{readable}.{hash}"), None));
    }
    let name = path.strip_prefix(STAGED)?.strip_prefix('/')?;
    let name = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    let name = name.rsplit_once('.').filter(|(_, number)| is_number(number)).map_or(name, |(name, _)| name);
    let is_key = |word: &str| word.len() == KEY_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (name, last) = name.rsplit_once('.').filter(|(_, last)| is_key(last))?;
    // The name of the attempt is behind the key, where there is one.
    let (name, key) = name.rsplit_once('.').filter(|(_, key)| is_key(key)).unwrap_or((name, last));
    Some((name.to_owned(), Some(key.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::super::plan::Part;
    use super::super::seal::Attempt;
    use super::*;

    #[test]
    fn the_names_of_parts_are_known_again() {
        let (name, key) = ("a~b.0a1b2c3d".to_owned(), "0123456789abcdef0123".to_owned());
        let part = Part {
            name,
            key,
            date: None,
            at: std::iter::once(0..1).collect(),
            rows: 1,
            bytes: 0,
            utterances: String::new(),
        };
        let attempt = Attempt::new(&part);
        let ours = [
            part.published(),
            part.published_frames(0),
            part.seal_path(true),
            part.seal_path(false),
            attempt.features(),
            attempt.rejects(),
            attempt.frames(12),
            "run/extract/a.0a1b2c3d.json".to_owned(),
        ];
        let of = |path: &str| part_name(path).map(|(name, key)| (name, key.is_some()));
        for path in ours {
            assert!(is_of_a_part(&path), "{path}");
            let is_kept = path.starts_with(STAGED);
            let is_old = path == "run/extract/a.0a1b2c3d.json";
            assert_eq!(of(&path), (!is_old).then(|| ("a~b.0a1b2c3d".to_owned(), is_kept)), "{path}");
        }
        assert_eq!(
            of("features/date=2026-11-26/a.0a1b2c3d.parquet"),
            Some(("date=2026-11-26/a.0a1b2c3d".to_owned(), false))
        );
        let others = ["features/notes.txt", "features/mine.parquet", "features/.DS_Store", "features/a.v2.parquet"];
        for path in others.into_iter().chain(["features/0a1b2c3d.parquet", "run/extract/mine.123.parquet"]) {
            assert!(!is_of_a_part(path), "{path}");
        }
        assert_ne!(attempt.features(), Attempt::new(&part).features());
    }
}
