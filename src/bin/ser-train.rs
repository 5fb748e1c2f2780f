//! `ser-train`: becomes `ser train`.

fn main() -> std::process::ExitCode {
    ser_etl::cli::launch("train")
}
