use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{ChecksSection, ExtractSection, TablesSection, overrides};
use crate::audio::{AudioParams, AugmentSection, Transform};
use crate::corpus::Corpus;
use crate::dataset::{NormalizeParams, NormalizeSection, Scheme, Scope, SplitParams, SplitSection};
use crate::eval::EvaluateSection;
use crate::features::{FeatureParams, FeatureSetParams, FeaturesSection, Provenance, Recipe};
use crate::matrix::Memory;
use crate::model::{
    Calibration, FusionParams, FusionSection, ModelSpec, Regression, RegressionSection, TrainSection, TuneParams,
    TuneSection, View,
};
use crate::options::{ConfigError, check_keys, read};
use crate::protocol::Protocol;
use crate::schema::{FUSION, FeatureKeys, Row, SELECTED, Utterance};
use crate::storage::Storage;

/// A pipeline file: everything that a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Name of the pipeline. It is the title of the report.
    pub name: String,
    /// Seed of everything random (default 1).
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Folder that tables, models and the report go to. Relative to the pipeline file; `--out` overrides it.
    pub out: String,
    /// Bytes of numbers that memory holds at a time in normalize and train: features, and rows made of them. What goes beyond
    /// lies in temporary files, which takes more time and changes no byte of the results. Default 536870912, which is
    /// 512 MiB. The files have no name and end with the process; TMPDIR says in which folder they are.
    #[serde(default = "default_memory_limit")]
    pub memory_limit: u64,
    /// Name of the text column that holds the date of each utterance: a group of the pattern, or a column of the
    /// manifest (default: none). The column then holds dates as `2026-11-26`, and the parts of features/ and frames/ lie
    /// in a folder for each of them: `features/date=2026-11-26/`. So new files of a new day change no other part, and
    /// `--from` and `--to` choose days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The common set of emotions of all corpora, two or more: utterances whose label maps to another emotion are left out,
    /// and counted as filtered (default: every emotion that the corpora have).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emotions: Vec<String>,
    /// What is recognized: `classification` (default), the emotion; or `regression`, the number in the column `target`.
    #[serde(default, skip_serializing_if = "TaskKind::is_classification")]
    pub task: TaskKind,
    /// Text column that holds a number for each utterance, such as `arousal`: a group of the pattern, or a column of the
    /// manifest or preset. Utterances without a number there are rejects (`bad_target`). Only for `task = "regression"`,
    /// which requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The corpora, one or more.
    pub corpus: Vec<Corpus>,
    /// Decoding and resampling.
    #[serde(default)]
    pub audio: AudioParams,
    /// Altered copies of utterances, added to the training rows.
    #[serde(default)]
    pub augment: AugmentSection,
    /// What is computed from the samples.
    #[serde(default)]
    pub features: FeaturesSection,
    /// How the extract stage works.
    #[serde(default)]
    pub extract: ExtractSection,
    /// Limits on what extract made, before anything is trained on it.
    #[serde(default)]
    pub checks: ChecksSection,
    /// Which utterances are trained on and which are tested on.
    #[serde(default)]
    pub split: SplitSection,
    /// How features are centred and scaled.
    #[serde(default)]
    pub normalize: NormalizeSection,
    /// The models.
    #[serde(default)]
    pub train: TrainSection,
    /// Which settings of the models the run tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<TuneSection>,
    /// Several models combined into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fusion: Option<FusionSection>,
    /// The models of a number, where the task is regression.
    #[serde(default, skip_serializing_if = "RegressionSection::is_default")]
    pub regression: RegressionSection,
    /// Intervals and comparisons.
    #[serde(default)]
    pub evaluate: EvaluateSection,
    /// How tables are laid out for other programs.
    #[serde(default)]
    pub tables: TablesSection,
    /// How files are read and written.
    #[serde(default)]
    pub storage: Storage,
}

fn default_seed() -> u64 {
    1
}

fn default_memory_limit() -> u64 {
    512 << 20
}

/// A pipeline that passed every check.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// The file as read, overrides applied.
    pub pipeline: Pipeline,
    /// What numbers may take of memory.
    pub memory: Memory,
    /// How utterances are altered for training: an augmented row an utterance each.
    pub augment: Vec<Transform>,
    /// The feature set by its name, resolved; or the table that takes its place.
    pub features: FeatureParams,
    /// The split scheme, resolved.
    pub split: SplitParams,
    /// Whose statistics centre and scale the features.
    pub normalize: NormalizeParams,
    /// The models with their parameters, in the order of the report.
    pub models: Vec<ModelSpec>,
    /// What the models see, where nothing else is tried.
    pub view: View,
    /// The search for better settings.
    pub tune: Option<TuneParams>,
    /// Several models combined into one.
    pub fusion: Option<FusionParams>,
    /// What is fitted where the task is regression; `models`, `tune` and `fusion` are then of no use.
    pub regression: Option<Regression>,
}

/// What is recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// The emotion.
    #[default]
    Classification,
    /// A number.
    Regression,
}

impl TaskKind {
    fn is_classification(&self) -> bool {
        *self == Self::Classification
    }
}

impl Pipeline {
    /// Reads a pipeline file's text with `--set` overrides applied.
    ///
    /// # Errors
    /// Refuses text that is no TOML, unknown keys, and values of a wrong type, each with what is legal.
    pub fn parse(text: &str, assignments: &[String]) -> Result<Self, ConfigError> {
        const WHAT: &str = "pipeline file";
        let mut table = read::table(text, WHAT)?;
        for assignment in assignments {
            overrides::apply(&mut table, assignment)?;
        }
        check_keys(&table, json_schema())?;
        if !table.contains_key("out") {
            return Err(ConfigError::new(
                "out",
                "missing",
                "wanted a folder or s3://BUCKET/PREFIX for tables and models",
            )
            .hint("write it into the pipeline file, or give --out"));
        }
        read::typed(table, WHAT)
    }

    /// Checks every section.
    ///
    /// # Errors
    /// The first key whose value is not legal.
    pub fn check(self) -> Result<Parameters, ConfigError> {
        check_name(&self.name)?;
        if self.out.trim().is_empty() {
            return Err(ConfigError::new("out", format!("{:?}", self.out), "wanted a folder or s3://BUCKET/PREFIX"));
        }
        self.check_partition()?;
        self.check_emotions()?;
        Corpus::check_all(&self.corpus)?;
        self.audio.check()?;
        let augment = self.augment.check(self.seed)?;
        self.extract.check()?;
        self.checks.check()?;
        self.evaluate.check()?;
        self.storage.check()?;
        let normalize = self.normalize.check()?;
        let models = self.train.check()?;
        let features = self.features.params(self.audio.sample_rate_hz)?;
        self.check_table(&features)?;
        let split = self.split.check()?;
        let tune = self.tune.as_ref().map(|tune| tune.check(&self.train, &self.normalize, self.seed)).transpose()?;
        let fusion = self.fusion.as_ref().map(|fusion| fusion.check(&models, tune.is_some())).transpose()?;
        let corpora = self.corpus.iter().map(|corpus| corpus.name.as_str()).collect::<Vec<_>>();
        split.check_corpora(&corpora)?;
        let split = self.published(split)?;
        let regression = self.regression()?;
        self.check_calibration(&split, tune.is_some())?;
        let view = View {
            normalize,
            columns: self.train.columns.clone(),
            balance: self.train.balance.clone(),
            votes: self.train.votes.clone(),
        };
        let memory = Memory::new(self.memory_limit);
        let parameters = Parameters {
            pipeline: self,
            memory,
            augment,
            features,
            split,
            normalize,
            models,
            view,
            tune,
            fusion,
            regression,
        };
        if parameters.regression.is_none() {
            parameters.check_early_stopping()?;
        }
        parameters.pipeline.evaluate.headline(&parameters.model_names())?;
        Ok(parameters)
    }
}

impl Pipeline {
    /// Refuses a partition by a column that every corpus has: none of these holds dates.
    fn check_partition(&self) -> Result<(), ConfigError> {
        let Some(column) = &self.partition else { return Ok(()) };
        let typed = [Utterance::table().columns, FeatureKeys::table().columns].concat();
        let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !column.is_empty() && column.chars().all(is_legal) && typed.iter().all(|typed| typed.name != column) {
            return Ok(());
        }
        let problem =
            "wanted a group of `pattern` or a column of the manifest that holds dates, of letters, digits and `_`";
        Err(ConfigError::new("partition", format!("{column:?}"), problem))
    }

    /// Completes a split by published folds with what these keep apart.
    fn published(&self, split: SplitParams) -> Result<SplitParams, ConfigError> {
        let SplitParams::Published { protocol, dev, stratify_by, .. } = split else { return Ok(split) };
        let known = Protocol::known("split.protocol", &protocol)?;
        let wrong = |problem: String| ConfigError::new("split.protocol", format!("{protocol:?}"), problem);
        let [corpus] = self.corpus.as_slice() else {
            return Err(wrong(format!("a protocol is for one corpus, and there are {}", self.corpus.len())));
        };
        let Some(published) = known.of(corpus.preset.as_deref()) else {
            let problem = format!("it has no folds of corpus `{}`", corpus.name);
            let corpora = known.corpora().collect::<Vec<_>>().join(", ");
            return Err(wrong(problem).hint(format!("it is for corpora that are read by the presets {corpora}")));
        };
        let apart = published.apart.clone();
        Ok(SplitParams::Published { protocol, dev, stratify_by, apart })
    }

    /// Refuses a common set of emotions that is none.
    fn check_emotions(&self) -> Result<(), ConfigError> {
        let names = self.emotions.iter().collect::<BTreeSet<_>>();
        if self.emotions.is_empty()
            || (names.len() == self.emotions.len() && names.len() > 1 && !names.contains(&String::new()))
        {
            return Ok(());
        }
        Err(ConfigError::new("emotions", format!("{:?}", self.emotions), "wanted two emotions or more, each once"))
    }

    /// What is fitted where the task is regression; refuses sections of the other task.
    fn regression(&self) -> Result<Option<Regression>, ConfigError> {
        let of_other = |key: &str, is_set: bool| match is_set {
            true => {
                let problem = format!(
                    "it is of no use with task = {:?}",
                    if self.task.is_classification() { "classification" } else { "regression" }
                );
                Err(ConfigError::new(key, "set", problem).hint("remove it, or change `task`"))
            }
            false => Ok(()),
        };
        if self.task.is_classification() {
            of_other("target", self.target.is_some())?;
            of_other("regression", self.regression != RegressionSection::default())?;
            return Ok(None);
        }
        of_other("train", self.train != TrainSection::default())?;
        of_other("tune", self.tune.is_some())?;
        of_other("fusion", self.fusion.is_some())?;
        of_other("tables.delta", self.tables.delta)?;
        of_other("evaluate.importance", self.evaluate.importance != EvaluateSection::default().importance)?;
        match self.target.as_deref() {
            Some(target) if !target.is_empty() => Ok(Some(self.regression.check(target)?)),
            _ => Err(ConfigError::new("target", "not set", "task `regression` needs the column that holds the number")),
        }
    }

    /// Refuses what only audio can give where features come from a table, and corpora without audio where they do not.
    fn check_table(&self, features: &FeatureParams) -> Result<(), ConfigError> {
        let FeatureParams::Table(_) = features else { return Corpus::check_sources(&self.corpus) };
        let refuse = |key: &str, hint: &str| {
            let problem = "features.table holds no audio, which this needs";
            Err(ConfigError::new(key, "set", problem).hint(hint))
        };
        if self.augment != AugmentSection::default() {
            return refuse("augment", "remove [augment]: altered copies need features of their own");
        }
        if self.extract.frames {
            return refuse("extract.frames", "remove the key: a table of others has one row for each utterance");
        }
        Ok(())
    }

    /// Refuses a temperature where there are no rows to fit it on.
    fn check_calibration(&self, split: &SplitParams, has_inner_folds: bool) -> Result<(), ConfigError> {
        let has_rows = has_inner_folds || split.may_have_dev();
        if self.train.calibration == Calibration::None || has_rows {
            return Ok(());
        }
        let problem = "calibration needs dev rows or inner folds, and there are neither";
        Err(ConfigError::new("train.calibration", "\"temperature\"", problem)
            .hint("set split.dev above 0, or add a [tune] section"))
    }
}

impl Parameters {
    /// Whether test utterances may be normalized by their own statistics.
    pub fn is_transductive(&self) -> bool {
        match self.normalize.scope {
            Scope::Corpus => false,
            Scope::Speaker => true,
            // Of a corpus that is not trained on.
            Scope::EachCorpus => matches!(self.split.scheme(), Scheme::CrossCorpus | Scheme::Loco | Scheme::Predefined),
        }
    }

    /// What computes the features of a set.
    pub fn recipe(&self, features: &FeatureSetParams) -> Recipe {
        Recipe { audio: self.pipeline.audio.clone(), features: features.clone() }
    }

    /// What saved models carry of the pipeline.
    pub fn provenance(&self) -> Provenance {
        match &self.features {
            FeatureParams::Set(features) => Provenance::Computed(self.recipe(features)),
            FeatureParams::Table(table) => Provenance::Table { table: table.file_name().to_owned() },
        }
    }

    /// The names of all models in tables and report: those that are fitted, then `fusion` and `selected` where there
    /// are.
    pub fn model_names(&self) -> Vec<&'static str> {
        if let Some(regression) = &self.regression {
            return regression.model_names();
        }
        let fusion = self.fusion.as_ref().map(|_| FUSION);
        let selected = self.tune.as_ref().map(|_| SELECTED);
        self.models.iter().map(|spec| spec.kind().as_str()).chain(fusion).chain(selected).collect()
    }

    /// Every specification that is fitted: the candidates of a search, or the models as they are configured.
    pub fn fitted(&self) -> Vec<&ModelSpec> {
        match &self.tune {
            None => self.models.iter().collect(),
            Some(tune) => tune.candidates.iter().map(|candidate| &candidate.spec).collect(),
        }
    }

    /// Refuses early stopping where there are no dev rows to watch.
    fn check_early_stopping(&self) -> Result<(), ConfigError> {
        let early = self.fitted().into_iter().find(|spec| spec.uses_dev());
        match early.filter(|_| !self.split.may_have_dev()) {
            None => Ok(()),
            Some(spec) => {
                let problem = "early stopping watches dev rows, and the split has none";
                Err(ConfigError::new(format!("train.{}.patience", spec.kind()), spec.patience(), problem)
                    .hint("set split.dev above 0, or leave patience at 0"))
            }
        }
    }
}

/// The JSON Schema of the pipeline file.
pub fn json_schema() -> &'static Json {
    static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(Pipeline).to_value());
    &SCHEMA
}

fn check_name(name: &str) -> Result<(), ConfigError> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(ConfigError::new("name", format!("{name:?}"), "wanted a name without control characters"));
    }
    Ok(())
}
