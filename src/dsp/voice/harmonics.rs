use super::{FORMANTS, Formant, LN_TO_DB, Lanes, POWER_FLOOR};

/// Levels of harmonics of a voiced frame, dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harmonics {
    /// First over second harmonic: high in breathy, low in pressed voice (Hanson 1997, uncorrected).
    pub h1_h2_db: f32,
    /// Strongest harmonic within half a fundamental of each formant over the first harmonic; NaN where the frame lacks
    /// the formant (Eyben et al. 2016; Hanson's H1-A3 is the negative of the third).
    pub formant_level_db: [f32; FORMANTS],
}

/// Reads the harmonics of one frame off a block's power spectra, whose bins are `bin_hz` apart.
pub fn harmonics(power: &[Lanes], lane: usize, bin_hz: f32, f0_hz: f32, formants: &[Formant; FORMANTS]) -> Harmonics {
    let first = level(power, lane, bin_hz, f0_hz, f0_hz / 4.0);
    let second = level(power, lane, bin_hz, 2.0 * f0_hz, f0_hz / 4.0);
    let near = |formant: &Formant| match formant.hz.is_nan() {
        true => f32::NAN,
        false => level(power, lane, bin_hz, formant.hz, f0_hz / 2.0) - first,
    };
    Harmonics { h1_h2_db: first - second, formant_level_db: formants.each_ref().map(near) }
}

/// Level of the strongest bin within `reach_hz` of a frequency, dB, at least -100.
fn level(power: &[Lanes], lane: usize, bin_hz: f32, hz: f32, reach_hz: f32) -> f32 {
    let last = power.len() - 1;
    let bin = |hz: f32| ((hz / bin_hz).round().max(0.0) as usize).min(last);
    let strongest =
        power[bin(hz - reach_hz)..=bin(hz + reach_hz)].iter().fold(POWER_FLOOR, |peak: f32, row| peak.max(row.0[lane]));
    strongest.ln() * LN_TO_DB
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_harmonics() {
        let mut power = vec![Lanes::ZERO; 513];
        // 16 kHz, 1024 points: harmonics of 156.25 Hz every ten bins, 0 -3 -6 ... dB
        for k in 1..40 {
            power[10 * k].0[5] = 10_f32.powf(-0.3 * (k as f32 - 1.0));
        }
        let formant = |hz| Formant { hz, bandwidth_hz: 80.0 };
        let formants = [formant(500.0), formant(1400.0), formant(f32::NAN)];
        let got = harmonics(&power, 5, 15.625, 156.25, &formants);
        assert!((got.h1_h2_db - 3.0).abs() < 1e-3);
        // the third harmonic is nearest to 500 Hz; half a fundamental around 1400 Hz holds the ninth
        assert!((got.formant_level_db[0] + 6.0).abs() < 1e-3 && (got.formant_level_db[1] + 24.0).abs() < 1e-3);
        assert!(got.formant_level_db[2].is_nan());
        let silent = harmonics(&power, 0, 15.625, 156.25, &formants);
        assert_eq!((silent.h1_h2_db, silent.formant_level_db[0]), (0.0, 0.0));
    }
}
