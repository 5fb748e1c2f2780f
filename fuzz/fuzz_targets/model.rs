//! Any two files are a model or an error. The card ends where the first zero byte is, and names the weights that follow.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ser_etl::model::{FILES, load};

/// What stands before the hash of the weights.
const KEY: &[u8] = b"\"weights\": \"";

fuzz_target!(|data: &[u8]| {
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (card, weights) = data.split_at(cut);
    let (mut card, weights) = (card.to_vec(), weights.get(1..).unwrap_or_default());
    let at = card.windows(KEY.len()).position(|window| window == KEY);
    if let Some(hash) = at.and_then(|at| card.get_mut(at + KEY.len()..at + KEY.len() + 64)) {
        hash.copy_from_slice(blake3::hash(weights).to_hex().as_bytes());
    }
    let [weights_file, card_file] = FILES;
    let _ = load(&[(weights_file.to_owned(), weights.to_vec()), (card_file.to_owned(), card)]);
});
