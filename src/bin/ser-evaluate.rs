//! `ser-evaluate`: becomes `ser evaluate`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("evaluate")
}
