//! `ser-extract`: becomes `ser extract`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("extract")
}
