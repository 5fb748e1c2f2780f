use super::{LN_TO_DB, Lanes, Spectrum, simd};

/// Octave bands from 200 Hz up, below it one more: as in librosa.feature.spectral_contrast.
const EDGES_HZ: [f32; CONTRAST_BANDS + 1] = [0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, f32::INFINITY];

/// Number of bands of [`contrast_db`].
pub const CONTRAST_BANDS: usize = 6;

/// Level of the strongest over that of the weakest bin in each of six bands (0, 200, 400, 800, 1600, 3200 Hz and up),
/// dB, 0 or above (Jiang et al. 2002, with neighbourhoods of one bin): high where harmonics stand out; 0 in silence.
pub fn contrast_db(spectrum: &Spectrum) -> [Lanes; CONTRAST_BANDS] {
    std::array::from_fn(|band| {
        let bins = &spectrum.log_power[spectrum.bins(EDGES_HZ[band], EDGES_HZ[band + 1])];
        let Some((first, rest)) = bins.split_first() else { return Lanes::ZERO };
        simd(
            #[inline(always)]
            || {
                let extremes = |(low, high): (Lanes, Lanes), log: &Lanes| (low.min(*log), high.max(*log));
                let (low, high) = rest.iter().fold((*first, *first), extremes);
                (high - low) * LN_TO_DB
            },
        )
    })
}
