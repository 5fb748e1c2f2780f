//! `ser-ingest`: becomes `ser ingest`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("ingest")
}
