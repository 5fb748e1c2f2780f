use std::env;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What the stage launchers do: become `ser <stage>` of the same folder, with the same arguments.
///
/// Kept out of the library's other rooms so that a launcher links almost nothing.
pub fn launch(stage: &str) -> ExitCode {
    let error = Command::new(sibling()).arg(stage).args(env::args_os().skip(1)).exec();
    eprintln!("error: could not start `ser`, which should lie beside this program: {error}");
    ExitCode::from(70)
}

fn sibling() -> PathBuf {
    let here = env::current_exe().ok();
    let beside = here.and_then(|path| Some(path.parent()?.join("ser")));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("ser"))
}
