//! `ser-ingest`: becomes `ser ingest`.

mod launch;

fn main() -> std::process::ExitCode {
    launch::exec("ingest")
}
