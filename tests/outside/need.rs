//! What a test may need that a clone of this repository does not have. If it is missing, the test is ignored, with the
//! reason; in CI (`CI` is set) it fails, unless CI need not have it either.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use ser_etl::audio::AudioParams;
use ser_etl::audio::{AudioReader, Segment};

use crate::golden::{Golden, RATE_HZ};

/// Something that may be missing.
pub trait Need: Sized {
    /// Whether CI has it, so that a test without it fails there.
    const IS_IN_CI: bool = true;

    /// Finds it, or says what is missing and what to do about that.
    fn find() -> Result<Self, String>;
}

/// Nothing but the build.
impl Need for () {
    fn find() -> Result<Self, String> {
        Ok(())
    }
}

/// A test of the list: it runs where what it takes is found.
pub fn trial<N: Need + 'static>(name: &str, test: fn(&N)) -> Trial {
    Trial::ignorable_test(name, move || match N::find() {
        Ok(found) => {
            test(&found);
            Ok(Completion::Completed)
        }
        Err(missing) => absent(missing, N::IS_IN_CI && env::var_os("CI").is_some()),
    })
}

fn absent(missing: String, in_ci: bool) -> Result<Completion, Failed> {
    if in_ci { Err(missing.into()) } else { Ok(Completion::ignored_with(missing)) }
}

/// The folder of real corpora: `SER_CORPORA`, or `corpora` in `SER_SHARED`.
pub struct Corpora(pub PathBuf);

impl Need for Corpora {
    fn find() -> Result<Self, String> {
        shared("SER_CORPORA", "corpora").map(Self)
    }
}

impl Corpora {
    fn ravdess(&self, id: &str) -> Vec<f32> {
        let name = id.strip_prefix("ravdess/").expect("a recording of RAVDESS");
        let path = self.0.join(format!("ravdess/Actor_{}/{name}.flac", &name[name.len() - 2..]));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut reader = AudioReader::new(&AudioParams { sample_rate_hz: RATE_HZ, ..AudioParams::default() });
        reader.read(&bytes, Some("flac"), Segment::default()).expect("the recording is sound").samples.to_vec()
    }
}

/// Reference values from recordings of RAVDESS: `SER_GOLDEN`, or `golden` in `SER_SHARED`.
impl Need for Golden {
    fn find() -> Result<Self, String> {
        let corpora = Corpora::find()?;
        let folder = shared("SER_GOLDEN", "golden")?;
        Ok(Self { folder, samples: Box::new(move |id| corpora.ravdess(id)) })
    }
}

/// The table of EmoBox: `SER_EMOBOX`, or `emobox` in `SER_SHARED`.
pub struct EmoBox(pub PathBuf);

impl Need for EmoBox {
    fn find() -> Result<Self, String> {
        shared("SER_EMOBOX", "emobox").map(Self)
    }
}

fn shared(variable: &str, name: &str) -> Result<PathBuf, String> {
    let parent = || env::var_os("SER_SHARED").map_or_else(beside_the_checkout, PathBuf::from);
    let folder = env::var_os(variable).map_or_else(|| parent().join(name), PathBuf::from);
    let missing = || format!("{} is missing; set SER_SHARED or {variable}", folder.display());
    if folder.is_dir() { Ok(folder) } else { Err(missing()) }
}

fn beside_the_checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("shared")
}

/// The right to mount a small disk.
pub struct SmallDisk;

impl Need for SmallDisk {
    /// A container may refuse to mount anything.
    const IS_IN_CI: bool = false;

    fn find() -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = Self::shell(folder.path(), "true").output().map_err(|error| format!("unshare: {error}"))?;
        let refused = || format!("no small disk can be mounted: {}", String::from_utf8_lossy(&output.stderr).trim());
        if output.status.success() { Ok(Self) } else { Err(refused()) }
    }
}

impl SmallDisk {
    /// A line of shell in a folder whose `full` is a disk of 64 KiB.
    pub fn shell(folder: &Path, line: &str) -> Command {
        let mount = "mkdir -p full && mount -t tmpfs -o size=64k tmpfs full";
        let mut command = Command::new("unshare");
        command.current_dir(folder).args(["-rm", "sh", "-c", &format!("{mount} && {line}")]);
        command
    }
}
