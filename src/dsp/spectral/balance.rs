use super::{LN_TO_DB, Lanes, POWER_FLOOR, Spectrum, simd};

/// Energy of 50-1000 Hz over that of 1-5 kHz, dB (Eyben et al. 2016); 0 in silence.
pub fn alpha_ratio_db(spectrum: &Spectrum) -> Lanes {
    level_db(spectrum, 50.0, 1000.0) - level_db(spectrum, 1000.0, 5000.0)
}

/// Strongest bin of 0-2 kHz over that of 2-5 kHz, dB (Hammarberg et al. 1980); 0 in silence.
pub fn hammarberg_db(spectrum: &Spectrum) -> Lanes {
    (peak(spectrum, 0.0, 2000.0) - peak(spectrum, 2000.0, 5000.0)) * LN_TO_DB
}

/// Energy of the bins from `low_hz` to `high_hz`, dB of the spectrum's own unit, at least -100; a sine of full scale in
/// the band has 10 log10 of the squared half of the window's sum.
pub fn level_db(spectrum: &Spectrum, low_hz: f32, high_hz: f32) -> Lanes {
    let energy = simd(
        #[inline(always)]
        || {
            let bins = &spectrum.power[spectrum.bins(low_hz, high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR), |sum, power| sum + *power)
        },
    );
    energy.map(f32::ln) * LN_TO_DB
}

/// Natural logarithm of the strongest bin's power.
fn peak(spectrum: &Spectrum, low_hz: f32, high_hz: f32) -> Lanes {
    simd(
        #[inline(always)]
        || {
            let bins = &spectrum.log_power[spectrum.bins(low_hz, high_hz)];
            bins.iter().fold(Lanes::splat(POWER_FLOOR.ln()), |peak, log| peak.max(*log))
        },
    )
}
