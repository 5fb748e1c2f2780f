//! Any two files are a model or an error. The card ends where the first zero byte is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ser_etl::model::{FILES, load};

fuzz_target!(|data: &[u8]| {
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (card, weights) = data.split_at(cut);
    let weights = weights.get(1..).unwrap_or_default();
    let [weights_file, card_file] = FILES;
    let _ = load(&[(weights_file.to_owned(), weights.to_vec()), (card_file.to_owned(), card.to_vec())]);
});
