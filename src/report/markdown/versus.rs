//! The comparison of two runs.

use super::Column::{Left, Right};
use super::table;
use crate::report::escape::{code, text};
use crate::report::{Change, RunSide, Versus, number};

/// The comparison of two runs as Markdown. Ends with a newline.
pub fn versus(versus: &Versus) -> String {
    let mut blocks = vec![
        format!("# {} against {}", text(&versus.b.name), text(&versus.a.name)),
        runs(versus),
        changes(versus),
        words(versus),
    ];
    if !versus.gates.is_empty() {
        blocks.push("## Gate".to_owned());
        blocks.push(gates(versus));
    }
    blocks.join("\n\n") + "\n"
}

fn runs(versus: &Versus) -> String {
    let columns = [
        Left("Run"),
        Left("Folder"),
        Left("Model"),
        Left("Track"),
        Right("Test utterances"),
        Right("Only in this run"),
        Left("Predictions"),
    ];
    let row = |(letter, side): (&str, &RunSide)| {
        vec![
            letter.to_owned(),
            code(&side.name),
            code(&side.model),
            text(&side.track),
            number::count(side.utterances),
            number::count(side.only_here),
            code(&side.predictions[..side.predictions.len().min(12)]),
        ]
    };
    table(&columns, [("A", &versus.a), ("B", &versus.b)].map(row))
}

fn changes(versus: &Versus) -> String {
    let columns = [Left("Metric"), Right("A"), Right("B"), Right("B minus A"), Right("p")];
    let row = |change: &Change| {
        let (low, high) = change.interval.unzip();
        vec![
            code(&change.metric),
            number::figure(Some(change.a)),
            number::figure(Some(change.b)),
            number::difference(change.delta(), low, high),
            number::p_value(change.p_value),
        ]
    };
    table(&columns, versus.changes.iter().map(row))
}

fn words(versus: &Versus) -> String {
    let left_out = match versus.a.only_here + versus.b.only_here {
        0 => String::new(),
        1 => " 1 utterance tested by one run only was left out.".to_owned(),
        count => format!(" {} utterances tested by one run only were left out.", number::count(count)),
    };
    let paired = format!(
        "Both runs are measured on the {} of {} that both tested.{left_out}",
        number::plural(versus.shared, "utterance"),
        number::plural(versus.speakers, "known speaker"),
    );
    let test = match versus.test.strip_prefix("none: ") {
        Some(reason) => format!("No interval and no p value: {}.", text(reason)),
        None => format!(
            "Brackets: 95 % interval of the difference over speakers (paired bootstrap, {} draws). p: two-sided \
             permutation test over speakers ({}).",
            number::count(versus.resamples as i64),
            text(&versus.test),
        ),
    };
    format!("{paired} {test}")
}

fn gates(versus: &Versus) -> String {
    let line = |gate| {
        let (holds, words) = versus.verdict(gate);
        format!("- **{}**: {}", if holds { "passed" } else { "failed" }, text(&words))
    };
    versus.gates.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Gate;

    fn side(name: &str, only_here: i64) -> RunSide {
        RunSide {
            name: name.to_owned(),
            model: "mlp".to_owned(),
            track: "inductive".to_owned(),
            utterances: 100 + only_here,
            only_here,
            predictions: "0123456789abcdef".to_owned(),
        }
    }

    fn pair(a: f64, b: f64, interval: Option<(f64, f64)>, max_drop: f64) -> Versus {
        let change = Change { metric: "uar".to_owned(), a, b, interval, p_value: interval.map(|_| 0.25) };
        Versus {
            a: side("old", 0),
            b: side("new|er", 1),
            shared: 100,
            speakers: 9,
            changes: vec![change],
            test: if interval.is_some() { "all 512 swaps" } else { "none: 5 speakers, at least 8 needed" }.to_owned(),
            resamples: 2000,
            gates: vec![Gate::MinShared(0.9), Gate::MaxDrop { metric: "uar".to_owned(), max_drop }],
        }
    }

    #[test]
    fn the_whole_comparison() {
        insta::assert_snapshot!(versus(&pair(0.56, 0.5, Some((-0.08, -0.04)), 0.02)), @r"
        # new\|er against old

        | Run | Folder | Model | Track | Test utterances | Only in this run | Predictions |
        | --- | --- | --- | --- | ---: | ---: | --- |
        | A | `old` | `mlp` | inductive | 100 | 0 | `0123456789ab` |
        | B | new\|er | `mlp` | inductive | 101 | 1 | `0123456789ab` |

        | Metric | A | B | B minus A | p |
        | --- | ---: | ---: | ---: | ---: |
        | `uar` | 0.560 | 0.500 | -0.060 [-0.080, -0.040] | 0.250 |

        Both runs are measured on the 100 utterances of 9 known speakers that both tested. 1 utterance tested by one run only was left out. Brackets: 95 % interval of the difference over speakers (paired bootstrap, 2,000 draws). p: two-sided permutation test over speakers (all 512 swaps).

        ## Gate

        - **passed**: both runs tested 100 of 101 utterances (99 %); 90 % are required
        - **failed**: on 100 of 101 utterances uar fell by 0.060 (from 0.560 to 0.500), more than the 0.02 allowed; more than chance: the 95 % interval of the change, \[-0.080, -0.040\], is below 0
        ");
    }

    #[test]
    fn a_gate_is_judged_on_most_of_both_runs_or_fails() {
        for (only_a, only_b, want) in [(48, 0, false), (0, 48, false), (11, 11, true), (12, 0, false)] {
            let mut pair = pair(0.5, 0.5, None, 0.02);
            (pair.a, pair.b) = (side("old", only_a), side("new", only_b));
            assert_eq!(pair.broken().is_none(), want, "{only_a} {only_b}");
        }
    }

    #[test]
    fn gates_tell_by_how_much_and_whether_it_is_chance() {
        let cases = [
            (
                pair(0.56, 0.5, Some((-0.08, -0.04)), 0.02),
                Some("fell by 0.060 (from 0.560 to 0.500), more than the 0.02"),
            ),
            (pair(0.56, 0.5, Some((-0.08, -0.04)), 0.02), Some("more than chance: the 95 % interval")),
            (pair(0.56, 0.5, Some((-0.08, 0.01)), 0.02), Some("may be chance")),
            (pair(0.56, 0.5, None, 0.02), Some("chance cannot be ruled out (5 speakers, at least 8 needed)")),
            (pair(0.56, 0.5, None, 0.06), None),
            (pair(0.5, 0.56, None, 0.0), None),
            (pair(0.5, 0.5, None, 0.0), None),
        ];
        for (pair, want) in cases {
            match (pair.broken(), want) {
                (None, None) => assert_eq!(versus(&pair).matches("**passed**").count(), 2),
                (Some(words), Some(want)) => assert!(words.contains(want), "{words}"),
                other => panic!("{other:?} of {pair:?}"),
            }
        }
    }
}
