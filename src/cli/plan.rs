use serde::Serialize;

use crate::monitor::Monitor;
use crate::stages::{Parts, Reason, StageName, State, plan_parts};

use super::args::{Format, PlanOptions};
use super::run::{self, state_line};
use super::{logging, output};

/// What a run would do.
#[derive(Debug, Serialize)]
struct Plan {
    pipeline: String,
    out: String,
    stages: Vec<StagePlan>,
    /// The parts of the features table; none before ingest has run.
    parts: Option<Parts>,
}

#[derive(Debug, Serialize)]
struct StagePlan {
    stage: &'static str,
    /// `up_to_date`, `would_run` or `would_run_after`.
    state: &'static str,
    /// What would be worked on, in words.
    amount: Option<String>,
    /// The stage that comes first.
    after: Option<&'static str>,
    /// Why it would run.
    reasons: Vec<Reason>,
}

/// Prints what a run would do and why, and which parts of the features table are pending.
pub(super) fn run(options: &PlanOptions) -> anyhow::Result<()> {
    logging::start(&options.run.work);
    run::with_context(&options.run, &options.dates, false, &Monitor::none(), |context| {
        let states = run::states(context, &StageName::ALL)?;
        // A plan of some dates is one of what ingest has, whatever dates it took in last.
        let is_dated = || context.dates.is_some() && StageName::Extract.check_before(context).is_ok();
        let is_ingested = matches!(states.first(), Some((_, State::UpToDate(_)))) || is_dated();
        let parts = is_ingested.then(|| plan_parts(context)).transpose()?;
        let text = match options.format {
            Format::Text => text(&states, parts.as_ref()),
            Format::Json => {
                let pipeline = &context.parameters.pipeline;
                let stages = states.into_iter().map(stage_plan).collect();
                let plan = Plan { pipeline: pipeline.name.clone(), out: context.out.root(), stages, parts };
                serde_json::to_string_pretty(&plan)? + "\n"
            }
        };
        Ok(output::result(&text)?)
    })
}

fn stage_plan((stage, state): (StageName, State)) -> StagePlan {
    let none = StagePlan { stage: stage.as_str(), state: "", amount: None, after: None, reasons: Vec::new() };
    match state {
        State::UpToDate(record) => StagePlan { state: "up_to_date", amount: Some(record.summary), ..none },
        State::WouldRun { amount, reasons } => StagePlan { state: "would_run", amount: Some(amount), reasons, ..none },
        State::WouldRunAfter(before) => StagePlan { state: "would_run_after", after: Some(before), ..none },
    }
}

fn text(states: &[(StageName, State)], parts: Option<&Parts>) -> String {
    let mut text = String::new();
    for (stage, state) in states {
        text += &state_line(stage.as_str(), state);
        if let State::WouldRun { reasons, .. } = state {
            reasons.iter().for_each(|reason| text += &format!("{:<10}   {reason}\n", ""));
        }
    }
    if let Some(parts) = parts {
        text += &format!("parts      {} of {} pending\n", parts.pending.len(), parts.all);
        for part in &parts.pending {
            text += &format!("{:<10}   {} utterances, {} bytes: {}\n", "", part.rows, part.bytes, part.name);
        }
    }
    text
}
