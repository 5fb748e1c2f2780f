use crate::features::{FeatureSet, descriptors, functionals, look_up, ready_sets};
use crate::schema::{FeatureInfo, plural};

use super::args::FeaturesCommand;
use super::output;

/// Prints what feature sets are made of.
pub(super) fn run(command: &FeaturesCommand) -> anyhow::Result<()> {
    let lines = match command {
        FeaturesCommand::List => list(),
        FeaturesCommand::Describe { name } => look_up(name)?.iter().map(line).collect(),
    };
    Ok(output::result(&lines)?)
}

fn list() -> String {
    let set = |(name, set): (_, FeatureSet)| format!("  {name:<24} {}\n", plural(set.names().len(), "column"));
    let sets = ready_sets().map(set).collect::<String>();
    let descriptors = descriptors().iter().map(line).collect::<String>();
    let functionals = functionals().iter().map(line).collect::<String>();
    format!(
        "Ready sets (features.set):\n{sets}\nDescriptors:\n{descriptors}\n\
         Functionals (a name with a number is an example of its kind):\n{functionals}"
    )
}

fn line(info: &FeatureInfo) -> String {
    let source = if info.source.is_empty() { String::new() } else { format!(" ({})", info.source) };
    format!("  {:<24} {:<8} {}{source}\n", info.name, info.unit, info.description)
}
