//! What goes wrong, and what was asked for.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use s3s::{S3Result, s3_error};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 503 SlowDown.
    Throttled,
    /// 500 InternalError.
    Broken,
    /// 403 AccessDenied.
    Denied,
    /// The body ends after half of its bytes.
    Truncated,
    /// The body stops after half of its bytes, and the connection stays open.
    Stalled,
    /// The answer takes its time.
    Slow(Duration),
    /// Another object stands in the place of the one that was listed.
    Changed,
    /// 501 NotImplemented.
    Unknown,
    /// What was asked for is done, and the answer is a 500.
    AnswerLost,
}

/// Some requests that go wrong.
#[derive(Debug)]
pub struct Rule {
    pub operation: &'static str,
    pub key: String,
    pub fault: Fault,
    pub times: usize,
}

/// What goes wrong, and what was asked for.
#[derive(Debug, Default)]
pub struct Book {
    pub rules: Mutex<Vec<Rule>>,
    /// Operation and key.
    pub requests: Mutex<Vec<(&'static str, String)>>,
    /// The keys of open multipart uploads, by the uploads' ids.
    pub uploads: Mutex<BTreeMap<String, String>>,
    pub life: Mutex<Life>,
}

/// How long the server answers.
#[derive(Debug, Default)]
pub struct Life {
    /// Requests that change something.
    pub changes: usize,
    /// Refuse every request from this change on.
    pub last: Option<usize>,
}

impl Life {
    /// Whether a request is answered.
    fn answers(&mut self, operation: &str) -> bool {
        self.changes += usize::from(["put", "copy", "delete", "complete upload"].contains(&operation));
        self.last.is_none_or(|last| self.changes <= last)
    }
}

impl Book {
    /// Notes a request; says what goes wrong with it.
    fn note(&self, operation: &'static str, key: &str) -> Option<Fault> {
        self.requests.lock().expect("no panic").push((operation, key.to_owned()));
        if !self.life.lock().expect("no panic").answers(operation) {
            return Some(Fault::Denied);
        }
        let mut rules = self.rules.lock().expect("no panic");
        let fits = |rule: &&mut Rule| rule.operation == operation && key.contains(&rule.key) && rule.times > 0;
        let rule = rules.iter_mut().find(fits)?;
        rule.times -= 1;
        Some(rule.fault)
    }

    /// The same, and fails where the fault is an answer without content.
    pub async fn admit(&self, operation: &'static str, key: &str) -> S3Result<Option<Fault>> {
        match self.note(operation, key) {
            Some(Fault::Throttled) => Err(s3_error!(SlowDown, "Please reduce your request rate.")),
            Some(Fault::Broken) => Err(s3_error!(InternalError, "We encountered an internal error.")),
            Some(Fault::Denied) => Err(s3_error!(AccessDenied, "Access Denied")),
            Some(Fault::Unknown) => Err(s3_error!(NotImplemented, "A header implies what is not implemented.")),
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            other => Ok(other),
        }
    }
}
