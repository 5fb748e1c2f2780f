//! `ser-split`: becomes `ser split`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("split")
}
