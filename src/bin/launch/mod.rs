//! What the stage launchers share. They use nothing of the library, so each is small.

mod stdout;

use std::env;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use rustix::io::{FdFlags, fcntl_setfd};

/// Becomes `ser <stage>` of the same folder, with the same arguments.
pub fn exec(stage: &str) -> ExitCode {
    if stdout::was_closed() {
        // What the runtime put in its place ends with this program.
        let _ = fcntl_setfd(io::stdout(), FdFlags::CLOEXEC);
    }
    let error = Command::new(sibling()).arg(stage).args(env::args_os().skip(1)).exec();
    let _ =
        writeln!(io::stderr(), "error: could not start `ser`, which must be in the folder of this program: {error}");
    ExitCode::from(70)
}

fn sibling() -> PathBuf {
    let here = env::current_exe().ok();
    let beside = here.and_then(|path| Some(path.parent()?.join("ser")));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("ser"))
}
