//! `ser-normalize`: becomes `ser normalize`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("normalize")
}
