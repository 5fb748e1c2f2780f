//! `ser-evaluate`: becomes `ser evaluate`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("evaluate")
}
