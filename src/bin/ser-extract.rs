//! `ser-extract`: becomes `ser extract`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("extract")
}
