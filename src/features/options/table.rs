//! The keys of `[features]` for a table of others, and which of its columns they choose.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::FeaturesSection;
use crate::options::{ColumnPatterns, ConfigError, nearest, used};

/// Names of the column of ids, the first that is there counts.
const IDS: [&str; 5] = ["utterance_id", "file", "path", "name", "filename"];
/// Columns of numbers that are no features unless they are asked for: openSMILE's times, and the numbers of rows.
const NO_FEATURES: [&str; 5] = ["start", "end", "frameTime", "__index_level_0__", "Unnamed: 0"];
/// Columns that an error names.
const SHOWN: usize = 20;

/// A table of features that another program computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableParams {
    /// Where it lies: no parameter of its rows.
    #[serde(skip)]
    pub place: String,
    /// The name of its file: the feature dictionary has it.
    file: String,
    /// The column of ids, where it is named.
    id: Option<String>,
    /// The features, where they are chosen.
    columns: Option<ColumnPatterns>,
}

/// A column of a table of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name; empty where it has none.
    pub name: String,
    /// Whether its cells are numbers.
    pub is_numeric: bool,
}

/// What is read of a table of others: numbers of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The column of ids.
    pub id: usize,
    /// The features, in the order of the table.
    pub features: Vec<usize>,
}

impl TableParams {
    /// The keys of the section, where it names a table.
    pub(super) fn of(section: &FeaturesSection) -> Result<Option<Self>, ConfigError> {
        let FeaturesSection { set, sets, table, id, columns } = section;
        let Some(place) = table else {
            let keys = [("features.id", id.is_some()), ("features.columns", columns.is_some())];
            keys.into_iter().try_for_each(|(key, set)| used(key, "set", !set, "`features.table`"))?;
            return Ok(None);
        };
        let refuse = |key: &str, value: &str| {
            let problem = "features.table takes the place of a set that is computed";
            Err(ConfigError::new(key, value, problem).hint("remove this key, or features.table"))
        };
        if let Some(set) = set {
            return refuse("features.set", set);
        }
        if !sets.is_empty() {
            return refuse("features.sets", "set");
        }
        for (key, value) in [("features.table", Some(place)), ("features.id", id.as_ref())] {
            if value.is_some_and(|value| value.trim().is_empty()) {
                return Err(ConfigError::new(key, "\"\"", "it must not be empty; leave the key out instead"));
            }
        }
        columns.iter().try_for_each(|columns| columns.check("features.columns"))?;
        let file = place.rsplit('/').next().unwrap_or(place).to_owned();
        Ok(Some(Self { place: place.clone(), file, id: id.clone(), columns: columns.clone() }))
    }

    /// The name of its file.
    pub fn file_name(&self) -> &str {
        &self.file
    }

    /// The columns that are read of a table with these.
    ///
    /// # Errors
    /// There is no column of ids, a pattern fits none, no column is left, two have one name, one holds no numbers.
    pub fn choose(&self, columns: &[TableColumn]) -> Result<Chosen, ConfigError> {
        let id = self.id_among(columns)?;
        let features = match &self.columns {
            Some(patterns) => Self::picked(patterns, id, columns)?,
            None => usual(id, columns),
        };
        if features.is_empty() {
            let problem = format!("column `{}` is the id, and no other column holds numbers", columns[id].name);
            let hint = format!("the table has {}", names(columns));
            return Err(ConfigError::new("features.table", self.file_name(), problem).hint(hint));
        }
        let mut seen = BTreeSet::new();
        for column in features.iter().map(|at| &columns[*at]) {
            let refuse = |problem: &str, hint: &str| {
                Err(ConfigError::new("features.columns", format!("{:?}", column.name), problem).hint(hint))
            };
            if !column.is_numeric {
                let hint =
                    format!("leave it out with the pattern {:?}, or write it as numbers", format!("!{}", column.name));
                return refuse("the column holds no numbers", &hint);
            }
            if column.name.is_empty() {
                return refuse("a feature needs a name", "name the column in the table");
            }
            if !seen.insert(column.name.as_str()) {
                return refuse("two columns of the table have this name", "rename one of the two in the table");
            }
        }
        Ok(Chosen { id, features })
    }

    fn id_among(&self, columns: &[TableColumn]) -> Result<usize, ConfigError> {
        let is = |name: &str| columns.iter().position(|column| column.name == name);
        let found = match &self.id {
            Some(id) => is(id),
            None => IDS.into_iter().find_map(is),
        };
        found.ok_or_else(|| {
            let hint = format!("the table has {}", names(columns));
            let Some(id) = &self.id else {
                let problem = format!("the table has no column {}", IDS.map(|name| format!("`{name}`")).join(", "));
                let hint = format!("{hint}; features.id says which of them names the utterance");
                return ConfigError::new("features.id", "not set", problem).hint(hint);
            };
            let nearest = nearest(id, columns.iter().map(|column| column.name.as_str()));
            let nearest = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            ConfigError::new("features.id", format!("{id:?}"), "the table has no such column").hint(hint + &nearest)
        })
    }

    fn picked(patterns: &ColumnPatterns, id: usize, columns: &[TableColumn]) -> Result<Vec<usize>, ConfigError> {
        let others = (0..columns.len()).filter(|at| *at != id).collect::<Vec<_>>();
        let names = others.iter().map(|at| columns[*at].name.clone()).collect::<Vec<_>>();
        let picked = patterns.pick("features.columns", "the table beside its ids", &names)?;
        Ok(picked.into_iter().map(|at| others[at]).collect())
    }
}

/// The columns that are features unless others are asked for.
fn usual(id: usize, columns: &[TableColumn]) -> Vec<usize> {
    let is_feature = |at: &usize| {
        let TableColumn { name, is_numeric } = &columns[*at];
        *at != id && *is_numeric && !name.is_empty() && !NO_FEATURES.contains(&name.as_str())
    };
    (0..columns.len()).filter(is_feature).collect()
}

fn names(columns: &[TableColumn]) -> String {
    let shown = columns.iter().take(SHOWN).map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ");
    match columns.len() {
        0 => "no columns".to_owned(),
        count if count > SHOWN => format!("{count} columns, the first are {shown}"),
        _ => format!("the columns {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(toml: &str) -> Result<Option<TableParams>, String> {
        let section: FeaturesSection = toml::from_str(toml).expect("sound TOML");
        TableParams::of(&section).map_err(|error| error.to_string())
    }

    /// Which columns are read; `#` before a name says that its cells are numbers.
    fn choose(toml: &str, columns: &[&str]) -> Result<(usize, Vec<usize>), String> {
        let table = params(&format!("table = 'x/t.csv'\n{toml}")).expect("legal").expect("a table");
        let column = |name: &&str| TableColumn {
            name: name.trim_start_matches('#').to_owned(),
            is_numeric: name.starts_with('#'),
        };
        let columns = columns.iter().map(column).collect::<Vec<_>>();
        table.choose(&columns).map(|chosen| (chosen.id, chosen.features)).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_of_sets_and_of_tables_exclude_each_other() {
        assert_eq!(params("set = 'rich'"), Ok(None));
        for (toml, want) in [
            ("table = 't'\nset = 'standard'", "`features.set` is standard: features.table takes the place"),
            ("table = 't'\n[sets.mine]\ngroups = []", "`features.sets` is set"),
            ("id = 'file'", "`features.id` is set: is used with `features.table` only"),
            ("columns = ['*']", "`features.columns` is set"),
            ("table = ' '", "`features.table`"),
            ("table = 't'\nid = ''", "`features.id`"),
            ("table = 't'\ncolumns = []", "`features.columns`"),
        ] {
            let error = params(toml).expect_err(want);
            assert!(error.contains(want), "{error}\nshould say {want}");
        }
    }

    #[test]
    fn columns_of_numbers_are_features() {
        let opensmile = ["file", "#start", "#end", "#F0", "#jitter", "", "note"];
        assert_eq!(choose("", &opensmile), Ok((0, vec![3, 4])));
        assert_eq!(choose("columns = ['F*', 'start']", &opensmile), Ok((0, vec![1, 3])));
        assert_eq!(choose("", &["#Unnamed: 0", "name", "#frameTime", "#a"]), Ok((1, vec![3])));
        assert_eq!(choose("id = 'who'", &["file", "who", "#a"]), Ok((1, vec![2])));
        assert_eq!(choose("", &["#file", "#utterance_id", "#a"]), Ok((1, vec![0, 2])), "ids may be numbers");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (toml, columns, want) in [
            ("", &["who", "#a"][..], "the table has the columns `who`, `a`; features.id says"),
            ("id = 'fil'", &["file", "#a"], "did you mean `file`?"),
            ("", &["file", "note"], "no other column holds numbers"),
            ("columns = ['b*']", &["file", "#a"], "\"b*\": matches no column of the table beside its ids"),
            (
                "columns = ['a', 'note']",
                &["file", "#a", "note"],
                "`features.columns` is \"note\": the column holds no numbers",
            ),
            ("", &["file", "#a", "#b", "#a"], "two columns of the table have this name"),
        ] {
            let error = choose(toml, columns).expect_err(want);
            assert!(error.contains(want), "{error}\nshould say {want}");
        }
    }
}
