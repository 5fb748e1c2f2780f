//! The times that Matroska gives its blocks.

use super::AudioError;
use super::error::corrupt;
use super::mono::MonoMix;

/// Blocks that lie farther apart than this in seconds have lost one between them: times are rounded to milliseconds, and
/// blocks of several packets give one time to all.
const GAP_S: f64 = 0.15;

/// Compares the times of blocks with what was decoded.
#[derive(Debug)]
pub struct Clock {
    /// Seconds that an encoder put before the first sample that is meant; blocks are dated earlier by it.
    delay_s: f64,
    /// Time of the first packet in seconds; none: nothing was heard.
    start_s: Option<f64>,
    /// The last time that was told, and how many samples had been decoded then.
    last: (f64, usize),
}

impl Clock {
    /// Nothing heard yet.
    pub fn new(delay_s: f64) -> Self {
        Self { delay_s, start_s: None, last: (0.0, 0) }
    }

    /// Hears that a packet of `at_s` seconds was decoded and mixed; sets how many samples of time lie before the first.
    ///
    /// # Errors
    /// `corrupt`: blocks are missing before it.
    pub fn hear(&mut self, at_s: f64, mono: &mut MonoMix) -> Result<(), AudioError> {
        let before = mono.decoded - mono.packet.len();
        let (last_s, decoded) = self.last;
        let rate_hz = f64::from(mono.rate_hz.max(1));
        match self.start_s {
            None => self.last = (at_s, before),
            Some(_) if at_s != last_s => {
                let expected_s = last_s + (before - decoded) as f64 / rate_hz;
                if at_s > expected_s + GAP_S && mono.rate_hz > 0 {
                    let detail = format!("the blocks from {expected_s:.3} s to {at_s:.3} s are missing");
                    return Err(corrupt(detail));
                }
                self.last = (at_s, before);
            }
            Some(_) => {}
        }
        let start_s = *self.start_s.get_or_insert(at_s);
        mono.lead = ((start_s + self.delay_s).max(0.0) * rate_hz).round() as u64;
        Ok(())
    }
}
