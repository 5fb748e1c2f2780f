use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the lease is looked at while a request waits for its answer.
const LOOK: Duration = Duration::from_millis(100);

/// Until when a store may write, by the clock of this process alone.
#[derive(Debug, Default)]
pub(super) struct Lease {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No lock is held: whoever writes needs none.
    #[default]
    Free,
    Until(Instant),
    /// Nothing may be written any more.
    Lost,
}

impl Lease {
    /// A lock was taken, or its lease renewed, by a request that began when `until` was a whole lease ahead. What was
    /// lost stays lost.
    pub fn extend(&self, until: Instant) {
        let mut state = self.now();
        if *state != State::Lost {
            *state = State::Until(until);
        }
    }

    /// Another run has the lock.
    pub fn lose(&self) {
        *self.now() = State::Lost;
    }

    /// The lock is released.
    pub fn end(&self) {
        let mut state = self.now();
        if *state != State::Lost {
            *state = State::Free;
        }
    }

    /// What is left of the lease of a held lock; nothing where it is lost.
    pub fn left(&self) -> Duration {
        match *self.now() {
            State::Until(until) => until.saturating_duration_since(Instant::now()),
            State::Free | State::Lost => Duration::ZERO,
        }
    }

    /// Waits for a request that changes something. `None`: the lease had ended before it was sent, or has ended since,
    /// and the request was dropped.
    pub async fn guard<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let mut request = pin!(request);
        loop {
            let state = *self.now();
            match state {
                State::Free => return Some(request.await),
                State::Lost => return None,
                State::Until(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if let Ok(answer) = tokio::time::timeout(LOOK.min(left), &mut request).await {
                        return Some(answer);
                    }
                }
            }
        }
    }

    /// The state by the clock: a lease that has ended is lost, whether or not anyone noticed.
    fn now(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Until(until) if until <= Instant::now()) {
            *state = State::Lost;
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_stays_lost_and_a_free_store_is_free() {
        let lease = Lease::default();
        let runtime = super::super::client::runtime().expect("a runtime");
        let may_write = || runtime.block_on(lease.guard(async {})).is_some();
        assert!(may_write(), "no lock is needed");
        lease.extend(Instant::now() + Duration::from_secs(60));
        assert!(may_write() && lease.left() > Duration::from_secs(50));
        lease.end();
        assert!(may_write());
        lease.extend(Instant::now() + Duration::from_millis(20));
        std::thread::sleep(Duration::from_millis(30));
        assert!(!may_write(), "nobody had to notice");
        lease.extend(Instant::now() + Duration::from_secs(60));
        lease.end();
        assert!(!may_write());
    }

    #[test]
    fn a_request_is_dropped_when_the_lease_ends_and_waits_where_it_is_renewed() {
        let lease = Lease::default();
        let runtime = super::super::client::runtime().expect("a runtime");
        let sleep = |seconds| async move { tokio::time::sleep(Duration::from_secs_f64(seconds)).await };
        let wait = |seconds| runtime.block_on(lease.guard(sleep(seconds)));
        lease.extend(Instant::now() + Duration::from_millis(150));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                lease.extend(Instant::now() + Duration::from_secs(1));
            });
            assert!(wait(0.4).is_some());
        });
        let start = Instant::now();
        assert!(wait(60.0).is_none() && start.elapsed() < Duration::from_secs(5));
    }
}
