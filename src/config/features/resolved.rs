use super::check::{VERSION, check_groups, require};
use super::{FeatureSetParams, FrameParams, Group};
use crate::config::{ConfigError, Descriptor};

/// Longest window and largest step, as a share of a second.
const LONGEST_S: usize = 1;
const BANDS: std::ops::RangeInclusive<usize> = 1..=512;

impl FeatureSetParams {
    /// Checks a resolved set that was read back from a file, for audio at `sample_rate_hz`.
    ///
    /// # Errors
    /// The first value that no check of a pipeline file would have let through, or another version of the formulas.
    pub fn check(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let problem = format!("this version of ser-etl computes features by formulas {VERSION}; train the model again");
        require(self.version == VERSION, "features.version".to_owned(), self.version, &problem)?;
        self.frame.check(sample_rate_hz)?;
        let mfcc = &self.mfcc;
        check_bands("mfcc.mel_bands", mfcc.mel_bands)?;
        let legal = (1..=mfcc.mel_bands).contains(&mfcc.coefficients);
        require(legal, key("mfcc.coefficients"), mfcc.coefficients, "1 to `mel_bands` is legal")?;
        check_bands("log_mel.bands", self.log_mel.bands)?;
        for (name, top_db) in [("mfcc.top_db", mfcc.top_db), ("log_mel.top_db", self.log_mel.top_db)] {
            let top_db = top_db.unwrap_or(1.0);
            require(top_db > 0.0 && top_db.is_finite(), key(name), top_db, "above 0 is legal")?;
        }
        self.check_pitch(sample_rate_hz)?;
        check_groups("features.groups", &self.groups)
    }

    fn check_pitch(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let of_voice = |group: &Group| {
            group.needs_voicing() || group.descriptors.iter().any(|descriptor| Descriptor::VOICE.contains(descriptor))
        };
        let most = if self.groups.iter().any(of_voice) { f64::from(sample_rate_hz) / 4.0 } else { f64::MAX };
        let (min_hz, max_hz) = (self.pitch.min_hz, self.pitch.max_hz);
        require(min_hz >= 20.0, key("pitch.min_hz"), min_hz, "20 or above is legal")?;
        let problem = format!("above {min_hz} (`min_hz`) and at most {most} is legal");
        require(max_hz > min_hz && max_hz <= most, key("pitch.max_hz"), max_hz, &problem)
    }
}

impl FrameParams {
    fn check(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let longest = LONGEST_S * sample_rate_hz as usize;
        for (name, samples, least) in
            [("frame.window_samples", self.window_samples, 2), ("frame.hop_samples", self.hop_samples, 1)]
        {
            let legal = (least..=longest).contains(&samples);
            require(legal, key(name), samples, &format!("{least} to {longest} is legal"))?;
        }
        let smallest = self.window_samples.next_power_of_two().max(8);
        let legal = self.n_fft.is_power_of_two() && (smallest..=65536).contains(&self.n_fft);
        require(legal, key("frame.n_fft"), self.n_fft, &format!("a power of two from {smallest} to 65536 is legal"))
    }
}

fn check_bands(name: &str, bands: usize) -> Result<(), ConfigError> {
    require(BANDS.contains(&bands), key(name), bands, "1 to 512 is legal")
}

fn key(name: &str) -> String {
    format!("features.{name}")
}
