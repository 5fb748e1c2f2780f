use std::sync::mpsc::{self, Receiver as Queue, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use crate::storage::Mailbox;

/// Events that may wait: no run has as many.
const MOST_WAITING: usize = 64;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Attempts for an event, and the pause before the second; it doubles.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the end of a run waits for what is under way.
const FAREWELL: Duration = Duration::from_secs(2);

/// Who receives events over HTTP.
#[derive(Clone, PartialEq, Eq)]
pub struct Receiver {
    /// `http://` or `https://` address of the server.
    pub url: String,
    /// Path of its endpoint; `None`: `api/v1/lineage`.
    pub endpoint: Option<String>,
    /// What is sent as a bearer token.
    pub key: Option<String>,
}

impl std::fmt::Debug for Receiver {
    /// Neither the key nor what may be a key in the address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receiver")
    }
}

/// Sends events from a thread of its own.
pub(super) struct Post {
    queue: SyncSender<String>,
    /// What became of the events; disconnected where the thread has ended.
    report: Queue<Report>,
    address: String,
    dropped: usize,
}

/// What became of the events.
#[derive(Debug, Default)]
struct Report {
    lost: usize,
    /// Why the last one was lost.
    reason: String,
}

impl Post {
    /// Starts the thread.
    ///
    /// # Errors
    /// Says what is wrong with the address or the key.
    pub fn start(receiver: &Receiver) -> Result<Self, String> {
        let endpoint = receiver.endpoint.as_deref().unwrap_or("api/v1/lineage").trim_start_matches('/');
        let url = format!("{}/{endpoint}", receiver.url.trim_end_matches('/'));
        let mailbox = Mailbox::new(&url, receiver.key.as_deref())?;
        let address = mailbox.address().to_owned();
        let (queue, events) = mpsc::sync_channel::<String>(MOST_WAITING);
        let (tell, report) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let mut found = Report::default();
            for event in events {
                deliver(&mailbox, &event, &mut found);
            }
            // Nobody may be waiting any more.
            let _ = tell.send(found);
        });
        Ok(Self { queue, report, address, dropped: 0 })
    }

    /// Hands an event to the thread; never waits.
    pub fn send(&mut self, event: String) {
        if self.queue.try_send(event).is_err() {
            self.dropped += 1;
        }
    }

    /// Waits for a moment until all is sent, and says what is lost.
    pub fn close(self) {
        drop(self.queue);
        let problem = match self.report.recv_timeout(FAREWELL) {
            Ok(Report { lost: 0, .. }) if self.dropped == 0 => return,
            Ok(Report { lost, reason }) => format!("{} were lost: {reason}", lost + self.dropped),
            Err(RecvTimeoutError::Timeout) => format!("the last were given up after {} s", FAREWELL.as_secs()),
            Err(RecvTimeoutError::Disconnected) => "the thread that sends them has failed".to_owned(),
        };
        tracing::warn!("lineage events to {}: {problem}; the run goes on", self.address);
    }
}

/// Sends an event, some times if need be: but once only where others were lost before.
fn deliver(mailbox: &Mailbox, event: &str, report: &mut Report) {
    let attempts = if report.lost == 0 { ATTEMPTS } else { 1 };
    for attempt in 1..=attempts {
        match mailbox.post(event.as_bytes().to_vec(), ANSWER) {
            Ok(()) => return,
            Err(error) if !error.may_pass || attempt == attempts => {
                *report = Report { lost: report.lost + 1, reason: error.reason };
                return;
            }
            Err(_) => thread::sleep(PAUSE * 2_u32.pow(attempt - 1)),
        }
    }
}
