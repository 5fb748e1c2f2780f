//! `ser-train`: becomes `ser train`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("train")
}
