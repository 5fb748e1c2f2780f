//! What of the decoded samples a player lets one hear, and when.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

/// Silence comes in stretches of so many samples at most.
const SILENCE: u64 = 1 << 16;

/// A stretch of what is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stretch {
    /// So many samples of silence.
    Silence(u64),
    /// These of the decoded samples.
    Samples(Range<u64>),
}

/// The order in which decoded samples are played; each stretch of them begins where the one before ended or later.
#[derive(Default)]
pub struct Timeline {
    /// None: everything as it is decoded.
    stretches: Option<VecDeque<Stretch>>,
    /// Decoded samples that are not played yet, and the place of the first.
    held: Vec<f32>,
    position: u64,
    is_new: bool,
    /// What was played last is silence that nothing was decoded for.
    pub is_inserted: bool,
}

impl Timeline {
    /// Plays nothing but these stretches.
    pub fn new(stretches: Vec<Stretch>) -> Self {
        Self { stretches: Some(stretches.into()), ..Self::default() }
    }

    /// Takes the samples of a decoded packet.
    pub fn hear(&mut self, packet: &mut Vec<f32>) {
        match self.stretches {
            None => self.is_new = !packet.is_empty(),
            Some(_) => {
                self.position += self.held.len() as u64;
                mem::swap(&mut self.held, packet);
                packet.clear();
            }
        }
    }

    /// Puts the next samples into `packet`; false: another packet must be heard first.
    pub fn play(&mut self, packet: &mut Vec<f32>) -> bool {
        let Some(stretches) = &mut self.stretches else { return mem::take(&mut self.is_new) };
        packet.clear();
        self.is_inserted = false;
        while let Some(stretch) = stretches.front_mut() {
            match stretch {
                Stretch::Silence(0) => {}
                Stretch::Silence(left) => {
                    let len = SILENCE.min(*left);
                    *left -= len;
                    packet.resize(len as usize, 0.0);
                    self.is_inserted = true;
                    return true;
                }
                Stretch::Samples(wanted) => {
                    let held = self.held.len() as u64;
                    let first = wanted.start.saturating_sub(self.position).min(held);
                    let last = wanted.end.saturating_sub(self.position).min(held);
                    if first < last {
                        packet.extend_from_slice(&self.held[first as usize..last as usize]);
                        self.held.drain(..last as usize);
                        self.position += last;
                        return true;
                    }
                    if wanted.end > self.position + held {
                        return false;
                    }
                }
            }
            stretches.pop_front();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(stretches: Vec<Stretch>, packets: &[usize]) -> Vec<f32> {
        let mut timeline = Timeline::new(stretches);
        let (mut all, mut packet, mut next) = (Vec::new(), Vec::new(), 0);
        for len in packets {
            packet = (next..next + len).map(|n| n as f32).collect();
            next += len;
            timeline.hear(&mut packet);
            while timeline.play(&mut packet) {
                all.extend_from_slice(&packet);
            }
        }
        assert!(!timeline.play(&mut packet));
        all
    }

    #[test]
    fn stretches_are_played_wherever_packets_end() {
        let stretches = || vec![Stretch::Samples(3..5), Stretch::Silence(2), Stretch::Samples(8..u64::MAX)];
        for packets in [&[10][..], &[1; 10], &[4, 0, 6], &[3, 2, 3, 2], &[9, 1]] {
            assert_eq!(played(stretches(), packets), [3.0, 4.0, 0.0, 0.0, 8.0, 9.0], "{packets:?}");
        }
    }

    #[test]
    fn silence_comes_in_pieces_before_the_first_sample() {
        let all = played(vec![Stretch::Silence(200_000), Stretch::Samples(0..2)], &[5]);
        assert_eq!((all.len(), &all[199_999..]), (200_002, &[0.0, 0.0, 1.0][..]));
    }

    #[test]
    fn nothing_is_played_of_nothing() {
        assert_eq!(played(vec![Stretch::Samples(4..4), Stretch::Silence(0)], &[8]), [0.0; 0]);
        assert_eq!(played(Vec::new(), &[8]), [0.0; 0]);
    }
}
