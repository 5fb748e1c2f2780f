//! `ser-normalize`: becomes `ser normalize`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("normalize")
}
