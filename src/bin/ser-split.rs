//! `ser-split`: becomes `ser split`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("split")
}
