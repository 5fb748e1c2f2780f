//! Settings to try: values of the pipeline's own sections, checked by these sections.

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Candidate, MAX_CANDIDATES, View};
use crate::dataset::NormalizeSection;
use crate::model::{ModelKind, TrainSection};
use crate::options::{ConfigError, hash_number};

/// The keys beside those of models that may be tuned; the scope of normalization may not, since it would mix figures
/// that look at test speakers with those that do not.
const SHARED: [&str; 2] = ["normalize.method", "train.columns"];

/// Values to try, and what they are tried in.
pub(super) struct Space<'a> {
    keys: Vec<(String, &'a [Value])>,
    train: &'a TrainSection,
    normalize: &'a NormalizeSection,
}

impl<'a> Space<'a> {
    /// Takes the lists of values apart by their keys, which are sorted.
    pub fn new(
        space: &'a Map<String, Value>,
        train: &'a TrainSection,
        normalize: &'a NormalizeSection,
    ) -> Result<Self, ConfigError> {
        let mut keys = Vec::new();
        collect("", space, &mut keys)?;
        for (key, _) in &keys {
            check_key(key, train)?;
        }
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { keys, train, normalize })
    }

    /// The candidates of a model: all combinations in order, or `drawn` of them in random order.
    pub fn candidates(&self, kind: ModelKind, drawn: Option<usize>, seed: u64) -> Result<Vec<Candidate>, ConfigError> {
        let own = format!("train.{kind}.");
        let concerns = |key: &str| SHARED.contains(&key) || key.starts_with(&own);
        let keys: Vec<_> = self.keys.iter().filter(|(key, _)| concerns(key)).collect();
        let combinations = keys.iter().map(|(_, values)| values.len()).try_fold(1_usize, usize::checked_mul);
        let combinations = combinations.filter(|count| drawn.is_some() || *count <= MAX_CANDIDATES);
        let combinations = combinations.ok_or_else(|| too_many(kind, keys.len()))?;
        let numbers = match drawn {
            None => (0..combinations).collect(),
            Some(drawn) => {
                let mut random = ChaCha8Rng::seed_from_u64(hash_number(&format!("tune {seed} {kind}")));
                sample(&mut random, combinations, drawn.min(combinations)).into_vec()
            }
        };
        numbers.into_iter().map(|number| self.candidate(kind, &keys, number)).collect()
    }

    fn varies(&self, wanted: &str) -> bool {
        self.keys.iter().any(|(key, _)| key == wanted)
    }

    /// Combination `number`, the last key changing fastest.
    fn candidate(
        &self,
        kind: ModelKind,
        keys: &[&(String, &[Value])],
        number: usize,
    ) -> Result<Candidate, ConfigError> {
        let (mut train, mut normalize) = (to_json(self.train), to_json(self.normalize));
        let (mut settings, mut rest) = (Vec::new(), number);
        for (key, values) in keys.iter().rev() {
            let value = &values[rest % values.len()];
            rest /= values.len();
            let (section, path) = key.split_once('.').unwrap_or_default();
            set(if section == "train" { &mut train } else { &mut normalize }, path, value);
            settings.push(format!("{key} = {value}"));
        }
        settings.reverse();
        let mut train: TrainSection = from_json("train", train)?;
        if train.mlp.patience == 0 && self.varies("train.mlp.patience") && !self.varies("train.mlp.monitor") {
            // What the others watch, this one does not.
            train.mlp.monitor = None;
        }
        let normalize: NormalizeSection = from_json("normalize", normalize)?;
        train.check()?;
        let (columns, balance, votes) = (train.columns.clone(), train.balance.clone(), train.votes.clone());
        let view = View { normalize: normalize.check()?, columns, balance, votes };
        Ok(Candidate { spec: train.spec(kind), view, settings: settings.join(", ") })
    }
}

/// Lists of values under their dotted keys.
fn collect<'a>(
    path: &str,
    table: &'a Map<String, Value>,
    keys: &mut Vec<(String, &'a [Value])>,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(table) => collect(&key, table, keys)?,
            Value::Array(values) if !values.is_empty() => {
                check_values(&key, values)?;
                keys.push((key, values));
            }
            other => {
                let problem = "wanted a list of values to try: [0.5, 2.0]";
                return Err(ConfigError::new(format!("tune.space.{key}"), other, problem));
            }
        }
    }
    Ok(())
}

/// Refuses a value that stands there twice; 1 and 1.0 are one value.
fn check_values(key: &str, values: &[Value]) -> Result<(), ConfigError> {
    let same = |a: &Value, b: &Value| a == b || a.as_f64().is_some_and(|number| b.as_f64() == Some(number));
    for (at, value) in values.iter().enumerate() {
        if values[..at].iter().any(|other| same(other, value)) {
            let problem = "it is listed twice; list it once";
            return Err(ConfigError::new(format!("tune.space.{key}.{at}"), value, problem));
        }
    }
    Ok(())
}

fn too_many(kind: ModelKind, keys: usize) -> ConfigError {
    let problem = format!("the space has more than {MAX_CANDIDATES} combinations for `{kind}`; try fewer values");
    ConfigError::new("tune.space", format!("{keys} keys"), problem)
        .hint("search = \"random\" with tune.trials draws some of them")
}

fn check_key(key: &str, train: &TrainSection) -> Result<(), ConfigError> {
    let model = key.strip_prefix("train.").and_then(|rest| Some(rest.split_once('.')?.0));
    if SHARED.contains(&key) || model.is_some_and(|model| train.models.iter().any(|kind| kind.as_str() == model)) {
        return Ok(());
    }
    let models: Vec<String> = train.models.iter().map(|kind| format!("train.{kind}.*")).collect();
    let problem = format!("cannot be tuned here; legal are {}, {}", models.join(", "), SHARED.join(", "));
    let error = ConfigError::new(format!("tune.space.{key}"), "a list", problem);
    Err(match model {
        _ if key.starts_with("features.") => {
            error.hint("to choose among columns of the features table, use train.columns = [[\"*\"], [\"mfcc*\"]]")
        }
        Some(model) => error.hint(format!("only models of train.models can be tuned; `{model}` is not one of them")),
        None => error,
    })
}

/// Sets a dotted key.
fn set(section: &mut Value, path: &str, value: &Value) {
    let place = path.split('.').fold(section, |place, step| &mut place[step]);
    *place = value.clone();
}

fn to_json(section: &impl Serialize) -> Value {
    serde_json::to_value(section).expect("sections are plain structs")
}

fn from_json<T: DeserializeOwned>(section: &str, json: Value) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(&json).map_err(|error| {
        let path = error.path().to_string();
        let value = path.split('.').try_fold(&json, |value, step| value.get(step)).unwrap_or(&Value::Null).to_string();
        ConfigError::new(format!("tune.space.{section}.{path}"), value, error.into_inner().to_string())
    })
}
