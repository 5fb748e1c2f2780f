use crate::features::{descriptors, functionals, look_up, ready_sets};
use crate::schema::{FeatureInfo, plural};

use super::args::FeaturesCommand;
use super::say;

/// Prints what feature sets are made of.
pub(super) fn run(command: &FeaturesCommand) -> anyhow::Result<()> {
    match command {
        FeaturesCommand::List => list(),
        FeaturesCommand::Describe { name } => look_up(name)?.iter().for_each(print),
    }
    Ok(())
}

fn list() {
    say("Ready sets (features.set):");
    ready_sets().for_each(|(name, set)| say(&format!("  {name:<24} {}", plural(set.names().len(), "column"))));
    say("\nDescriptors:");
    descriptors().iter().for_each(print);
    say("\nFunctionals (those with a number stand for all their kind):");
    functionals().iter().for_each(print);
}

fn print(info: &FeatureInfo) {
    let source = if info.source.is_empty() { String::new() } else { format!(" ({})", info.source) };
    say(&format!("  {:<24} {:<8} {}{source}", info.name, info.unit, info.description));
}
