use std::fmt;
use std::time::SystemTime;

use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Who holds a lock, as it stands in the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    host: String,
    pid: u32,
    since: String,
    /// Tells this holding from every other, of the same process too.
    #[serde(default)]
    nonce: u64,
    /// Grows whenever a lease is renewed, so that the lock's content changes.
    #[serde(default)]
    renewals: u32,
    /// Tells hosts of one name apart, and containers of one host: process numbers mean something inside it only.
    machine: String,
}

impl Holder {
    /// This process, from now on.
    pub fn here() -> Self {
        let now = OffsetDateTime::from(SystemTime::now());
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            since: now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default(),
            nonce: rand::random(),
            renewals: 0,
            machine: machine(),
        }
    }

    /// The same holding after one more renewal.
    pub fn renewed(self) -> Self {
        Self { renewals: self.renewals + 1, ..self }
    }

    /// Whether both are the same holding of the lock.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.nonce, self.pid, &self.machine) == (other.nonce, other.pid, &other.machine)
    }

    /// What a lock file says; `None` where it says nothing legible.
    pub fn parse(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }

    pub fn to_json(&self) -> Vec<u8> {
        // Texts and numbers: their JSON cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether the process is known to be gone: it ran here and does not any more.
    pub fn is_gone(&self) -> bool {
        let ours = Self::here();
        let here = (&self.host, &self.machine) == (&ours.host, &ours.machine);
        let alive = || match i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // A process of another user may not be signalled, but it is there.
            Some(pid) => !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)),
            None => false,
        };
        here && !alive()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}, since {}", self.pid, self.host, self.since)
    }
}

/// Boot and process namespace, where the system tells them.
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), namespace.display()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_not_gone_and_a_dead_one_is() {
        let ours = Holder::here();
        assert!(!ours.is_gone());
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        let dead = Holder { pid: child.id(), ..ours.clone() };
        child.wait().expect("its end");
        assert!(dead.is_gone());
        let elsewhere = Holder { host: "another host".to_owned(), ..dead };
        assert!(!elsewhere.is_gone(), "nothing is known of other hosts");
        assert_eq!(Holder::parse(&ours.to_json()), Some(ours));
    }
}
