//! How much memory numbers may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The memory that all matrices of a run share. What it does not hold goes to temporary files, and gives the same bits.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Bytes that are not taken.
    left: Arc<AtomicU64>,
    /// What needs no more is held in any case: a file of its own would only cost time.
    small: u64,
}

/// The share of the memory that is small.
const SMALL: u64 = 100;

impl Memory {
    /// Room for so many bytes of numbers.
    pub fn new(bytes: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(bytes)), small: bytes / SMALL }
    }

    /// Room for everything.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Takes so many bytes until the lease is dropped; none where they are not left. A hundredth of the memory is not
    /// counted.
    pub(super) fn lease(&self, bytes: u64) -> Option<Lease> {
        let bytes = if bytes <= self.small { 0 } else { bytes };
        let take = |left: u64| left.checked_sub(bytes);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_ok().then(|| Lease { left: Arc::clone(&self.left), bytes })
    }
}

/// Bytes that are taken.
#[derive(Debug)]
pub(super) struct Lease {
    left: Arc<AtomicU64>,
    bytes: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let memory = Memory::new(10);
        let first = memory.lease(6).expect("there is room");
        assert!(memory.clone().lease(5).is_none(), "clones share what is left");
        drop(first);
        assert!(memory.lease(10).is_some());
        assert!(Memory::unlimited().lease(u64::MAX).is_some());
        let memory = Memory::new(1000);
        let _all = memory.lease(1000).expect("there is room");
        assert!(memory.lease(10).is_some() && memory.lease(11).is_none(), "what is small is held in any case");
        assert!(Memory::new(0).lease(1).is_none());
    }
}
