//! Who is to be forgotten: `ser forget` writes it down, and ingest takes nobody in who is listed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::storage::Store;

use super::{StageError, written};

/// Where it stands. Only hashes of names: the list names nobody.
pub(super) const FILE: &str = "run/forgotten.json";

/// Hashes of speakers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// BLAKE3 of each speaker, as tables name them.
    speakers: BTreeSet<String>,
}

impl Forgotten {
    /// Those of an output.
    ///
    /// # Errors
    /// The list is there and cannot be read: nobody may come back because of that.
    pub fn read(out: &dyn Store) -> Result<Self, StageError> {
        match out.stat(FILE)? {
            None => Ok(Self::default()),
            Some(_) => written::read_json(out, FILE)?
                .ok_or_else(|| StageError::Forgotten { path: format!("{}/{FILE}", out.root()) }),
        }
    }

    /// Puts a speaker on the list; whether he or she is new there.
    pub fn add(&mut self, speaker: &str) -> bool {
        self.speakers.insert(hash(speaker))
    }

    /// Whether nobody is to be forgotten.
    pub fn is_empty(&self) -> bool {
        self.speakers.is_empty()
    }

    /// Whether a speaker is on the list.
    pub fn holds(&self, speaker: &str) -> bool {
        !self.is_empty() && self.speakers.contains(&hash(speaker))
    }
}

fn hash(speaker: &str) -> String {
    blake3::hash(format!("ser forget {speaker}").as_bytes()).to_hex().to_string()
}
