use crate::schema::{CANONICAL_EMOTIONS, is_canonical_emotion};

/// Regular expression over the relative paths of a synthetic corpus, for the `pattern` of a pipeline file.
pub const PATTERN: &str =
    r"^(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$";

/// Largest number of speakers, sentences or repetitions.
const MOST: u32 = 100_000;
/// Sample rates that are rendered, in Hz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=96_000;

/// A synthetic corpus: every speaker says every sentence in every emotion, so many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusPlan {
    /// Speakers, from 1 to 100000; odd ones are male, even ones female.
    pub speakers: u32,
    /// Sentences, from 1 to 100000.
    pub sentences: u32,
    /// Repetitions of each sentence, from 1 to 100000.
    pub repetitions: u32,
    /// Emotions, canonical ones, each once.
    pub emotions: Vec<String>,
    /// Seed of voices, sentences and chance.
    pub seed: u64,
    /// Sample rate in Hz, from 8000 to 96000.
    pub sample_rate_hz: u32,
}

/// A plan that cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {value}: {problem}")]
pub struct PlanError {
    /// What is wrong, as the flag is called: `speakers`, `emotions`, ...
    pub what: &'static str,
    /// The offending value.
    pub value: String,
    /// What is legal.
    pub problem: String,
}

/// Gender of a synthetic voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// Higher pitch, shorter vocal tract.
    Female,
    /// Lower pitch, longer vocal tract.
    Male,
}

impl Gender {
    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// One utterance of a plan: what is said, by whom, how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// Speaker, from 1.
    pub speaker: u32,
    /// Canonical emotion.
    pub emotion: String,
    /// Sentence, from 1.
    pub sentence: u32,
    /// Repetition, from 1.
    pub repetition: u32,
}

impl CorpusPlan {
    /// Refuses plans that cannot be rendered.
    ///
    /// # Errors
    /// Counts or rate out of range; no emotion, a repeated one, or one that is not canonical.
    pub fn check(&self) -> Result<(), PlanError> {
        for (what, value) in
            [("speakers", self.speakers), ("sentences", self.sentences), ("repetitions", self.repetitions)]
        {
            if !(1..=MOST).contains(&value) {
                return Err(PlanError::new(what, value, format!("it must lie from 1 to {MOST}")));
            }
        }
        if !RATES_HZ.contains(&self.sample_rate_hz) {
            let problem = format!("it must lie from {} to {} Hz", RATES_HZ.start(), RATES_HZ.end());
            return Err(PlanError::new("sample-rate", self.sample_rate_hz, problem));
        }
        self.check_emotions()
    }

    fn check_emotions(&self) -> Result<(), PlanError> {
        if self.emotions.is_empty() {
            return Err(PlanError::new("emotions", "empty", legal_emotions()));
        }
        for (place, emotion) in self.emotions.iter().enumerate() {
            if !is_canonical_emotion(emotion) {
                return Err(PlanError::new("emotions", emotion, legal_emotions()));
            }
            if self.emotions[..place].contains(emotion) {
                return Err(PlanError::new("emotions", emotion, "it is named twice".to_owned()));
            }
        }
        Ok(())
    }

    /// Number of utterances.
    pub fn len(&self) -> u64 {
        u64::from(self.speakers) * self.emotions.len() as u64 * u64::from(self.sentences) * u64::from(self.repetitions)
    }

    /// Whether the plan holds no utterance; never for a checked one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every utterance: by speaker, then emotion in the plan's order, then sentence, then repetition.
    pub fn utterances(&self) -> impl Iterator<Item = Utterance> + '_ {
        (1..=self.speakers).flat_map(move |speaker| {
            self.emotions.iter().flat_map(move |emotion| {
                (1..=self.sentences).flat_map(move |sentence| {
                    let emotion = emotion.clone();
                    (1..=self.repetitions).map(move |repetition| Utterance {
                        speaker,
                        emotion: emotion.clone(),
                        sentence,
                        repetition,
                    })
                })
            })
        })
    }
}

impl PlanError {
    fn new(what: &'static str, value: impl std::fmt::Display, problem: String) -> Self {
        Self { what, value: value.to_string(), problem }
    }
}

fn legal_emotions() -> String {
    format!("legal are {}", CANONICAL_EMOTIONS.join(", "))
}

impl Utterance {
    /// Gender of the speaker.
    pub fn gender(&self) -> Gender {
        if self.speaker % 2 == 1 { Gender::Male } else { Gender::Female }
    }

    /// Path within the corpus: `spk03_male/anger_s02_r1.wav`; [`PATTERN`] reads it.
    pub fn path(&self) -> String {
        let Self { speaker, emotion, sentence, repetition } = self;
        format!("spk{speaker:02}_{}/{emotion}_s{sentence:02}_r{repetition}.wav", self.gender().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn plan() -> CorpusPlan {
        let emotions = ["anger", "sadness"].map(str::to_owned).to_vec();
        CorpusPlan { speakers: 3, sentences: 2, repetitions: 2, emotions, seed: 1, sample_rate_hz: 16_000 }
    }

    #[test]
    fn wrong_plans_name_what_is_wrong() {
        let named = |emotions: &[&str]| emotions.iter().map(|emotion| (*emotion).to_owned()).collect();
        let cases = [
            (CorpusPlan { speakers: 0, ..plan() }, "speakers"),
            (CorpusPlan { sentences: MOST + 1, ..plan() }, "sentences"),
            (CorpusPlan { repetitions: 0, ..plan() }, "repetitions"),
            (CorpusPlan { emotions: named(&[]), ..plan() }, "emotions"),
            (CorpusPlan { emotions: named(&["angry"]), ..plan() }, "emotions"),
            (CorpusPlan { emotions: named(&["anger", "fear", "anger"]), ..plan() }, "emotions"),
            (CorpusPlan { sample_rate_hz: 4_000, ..plan() }, "sample-rate"),
        ];
        for (wrong, what) in cases {
            assert_eq!(wrong.check().map_err(|error| error.what), Err(what), "{wrong:?}");
        }
        assert_eq!(plan().check(), Ok(()));
    }

    #[test]
    fn every_combination_has_a_path_of_its_own() {
        let mut paths: Vec<String> = plan().utterances().map(|utterance| utterance.path()).collect();
        assert_eq!(paths.len() as u64, plan().len());
        assert_eq!(paths[0], "spk01_male/anger_s01_r1.wav");
        assert_eq!(paths[23], "spk03_male/sadness_s02_r2.wav");
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 24);
    }
}
