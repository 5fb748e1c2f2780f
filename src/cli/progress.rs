use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::stages::Progress;

use super::args::{ProgressMode, WorkOptions};

/// Progress as the command line asks for it: a bar on a terminal, else nothing.
pub(super) fn choose(options: &WorkOptions) -> Box<dyn Progress> {
    if options.progress == ProgressMode::Auto && !options.quiet && io::stderr().is_terminal() {
        Box::new(Bar::default())
    } else {
        Box::new(Silent)
    }
}

struct Silent;

impl Progress for Silent {
    fn start(&self, _what: &str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
    fn finish(&self) {}
}

#[derive(Default)]
struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn with(&self, change: impl FnOnce(&mut Option<ProgressBar>)) {
        change(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn start(&self, what: &str, total: u64) {
        let style = ProgressStyle::with_template("{msg:>9} {bar:40} {pos}/{len} {eta}");
        let bar = ProgressBar::new(total).with_message(what.to_owned());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        self.with(|slot| *slot = Some(bar));
    }

    fn advance(&self, steps: u64) {
        self.with(|slot| slot.iter().for_each(|bar| bar.inc(steps)));
    }

    fn finish(&self) {
        self.with(|slot| slot.take().into_iter().for_each(|bar| bar.finish_and_clear()));
    }
}
