//! `ser`: every stage and whole pipelines.

fn main() -> std::process::ExitCode {
    ser_etl::cli::main()
}
