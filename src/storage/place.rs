use std::fs;
use std::path::{Component, Path, PathBuf};

/// Where `inner` lies below `outer`, with `/` between folders: empty where both are one place, `None` where it lies
/// elsewhere. Both are folders (which need not exist), `file://` or `s3://`.
pub fn below(outer: &str, inner: &str) -> Option<String> {
    let (outer, inner) = (Location::new(outer), Location::new(inner));
    if outer.scheme != inner.scheme {
        return None;
    }
    let rest = inner.path.strip_prefix(&outer.path).ok()?;
    Some(rest.to_string_lossy().into_owned())
}

/// A place by its one name: on disk from the root and without links, in a bucket as it is.
pub fn real_place(uri: &str) -> String {
    let place = Location::new(uri);
    format!("{}://{}", place.scheme, place.path.display())
}

struct Location<'a> {
    scheme: &'a str,
    path: PathBuf,
}

impl<'a> Location<'a> {
    fn new(uri: &'a str) -> Self {
        match uri.split_once("://") {
            None => Self { scheme: "file", path: real(Path::new(uri)) },
            Some(("file", path)) => Self { scheme: "file", path: real(Path::new(path)) },
            // Components leave out what `//` and a last `/` would add.
            Some((scheme, place)) => Self { scheme, path: Path::new(place).components().collect() },
        }
    }
}

/// A path from the root, without links as far as it exists, and without `.` and `..`.
fn real(path: &Path) -> PathBuf {
    let (path, mut real) = (std::path::absolute(path).unwrap_or_else(|_| path.to_owned()), PathBuf::new());
    for step in path.components() {
        match step {
            Component::CurDir => {}
            Component::ParentDir => drop(real.pop()),
            step => real.push(step),
        }
        real = fs::canonicalize(&real).unwrap_or(real);
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_step_by_step() {
        let cases = [
            ("/nowhere/a", "/nowhere/a/", Some("")),
            ("/nowhere/a", "/nowhere/./b/../a/c//d", Some("c/d")),
            ("/nowhere/a", "/nowhere/ab", None),
            ("file:///nowhere/a", "/nowhere/a/b", Some("b")),
            ("/", "/nowhere", Some("nowhere")),
            (".", "nowhere/it", Some("nowhere/it")),
            (".", "./src", Some("src")),
            ("s3://bucket", "s3://bucket/a", Some("a")),
            ("s3://bucket/a/", "s3://bucket/a", Some("")),
            ("s3://bucket/a", "s3://bucket/ab", None),
            ("s3://bucket/a", "s3://other/a", None),
            ("/bucket/a", "s3://bucket/a", None),
        ];
        for (outer, inner, want) in cases {
            assert_eq!(below(outer, inner).as_deref(), want, "{outer} {inner}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_looked_through() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("corpus")).expect("a folder");
        std::os::unix::fs::symlink("corpus", folder.path().join("link")).expect("linked");
        let at = |path: &str| folder.path().join(path).display().to_string();
        assert_eq!(below(&at("corpus"), &at("link/out/it")).as_deref(), Some("out/it"));
        assert_eq!(real_place(&at("link/a.wav")), real_place(&at("corpus/a.wav")));
        assert_ne!(real_place(&at("link/a.wav")), real_place(&at("corpus/b.wav")));
    }
}
