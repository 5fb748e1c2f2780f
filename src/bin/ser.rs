//! `ser`: every stage and whole pipelines.

#[path = "launch/stdout.rs"]
mod stdout;

fn main() -> std::process::ExitCode {
    ser_etl::cli::main(stdout::was_closed())
}
