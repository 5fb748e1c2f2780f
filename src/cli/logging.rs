use tracing::Level;
use tracing_subscriber::fmt;

use super::args::{LogFormat, WorkOptions};
use super::output::Log;

/// Sends the log to stderr, as text or as JSON lines.
pub(super) fn start(options: &WorkOptions) {
    let level = if options.quiet { Level::WARN } else { Level::INFO };
    let log = fmt().with_writer(|| Log).with_max_level(level).with_target(false);
    // Fails where a log is already set up, as in tests that call this twice.
    let _ = match options.log_format {
        LogFormat::Text => tracing::subscriber::set_global_default(log.with_ansi(false).finish()),
        LogFormat::Json => tracing::subscriber::set_global_default(log.json().flatten_event(true).finish()),
    };
    // Panics inside a decoder are caught and become rejects: they belong to the log, in its format.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}
