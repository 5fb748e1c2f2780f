//! Hashes what the numbers of each stage depend on, for the caches under run/; lists the presets; and folds identical
//! functions when linking `ser`: its libraries hold many copies, and the program is a fifth smaller.

#![allow(clippy::disallowed_methods, reason = "a build script stands outside the rooms")]

#[path = "build/fingerprint.rs"]
mod fingerprint;

use std::path::Path;
use std::{env, fs, io};

use fingerprint::Source;

fn main() -> io::Result<()> {
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    // Beside the manifest of a checkout or a package; a program that uses the library has a lock file of its own,
    // elsewhere, and this one, where there is one, stands for it.
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mut sources = Vec::new();
    read(Path::new("src"), "", &mut sources)?;
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("presets.rs"), presets(&sources)?)?;
    for (stage, hash) in fingerprint::fingerprints(&sources, &lock) {
        println!("cargo::rustc-env=SER_BUILD_{}={hash}", stage.to_uppercase());
    }
    ["build.rs", "build", "src", "Cargo.lock"].iter().for_each(|path| println!("cargo::rerun-if-changed={path}"));
    Ok(())
}

/// A constant of name and text of every preset, by name.
fn presets(sources: &[Source]) -> io::Result<String> {
    let src = env::current_dir()?.join("src");
    let mut files: Vec<(&str, &str)> = sources
        .iter()
        .filter_map(|(path, _)| Some((path.strip_prefix("corpus/presets/")?.strip_suffix(".toml")?, path.as_str())))
        .collect();
    files.sort_unstable();
    let lines = files.iter().map(|(name, path)| format!("({name:?}, include_str!({:?})),\n", src.join(path)));
    Ok(format!("const SHIPPED: [(&str, &str); {}] = [\n{}];\n", files.len(), lines.collect::<String>()))
}

/// Every file below a folder.
fn read(folder: &Path, prefix: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{path}/"), sources)?;
        } else {
            sources.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}
