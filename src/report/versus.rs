//! Two runs side by side.

/// One of the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSide {
    /// What the run is called: the last folder of its place.
    pub name: String,
    /// The model that is compared.
    pub model: String,
    /// `inductive` or `transductive`.
    pub track: String,
    /// Test utterances of the model.
    pub utterances: i64,
    /// Those that the other run did not test.
    pub only_here: i64,
    /// Content hash of its predictions table.
    pub predictions: String,
}

/// A metric of both runs on the test utterances that they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `uar`, `accuracy`, `macro_f1` or `weighted_f1`.
    pub metric: String,
    /// Run A's.
    pub a: f64,
    /// Run B's.
    pub b: f64,
    /// Ends of the 95 % interval of B minus A; none where none can be given.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p value; none where the test cannot be made.
    pub p_value: Option<f64>,
}

/// What must hold of two runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// The smallest share of the larger run's test utterances that both have tested.
    MinShared(f64),
    /// How far a metric may fall.
    MaxDrop {
        /// The metric.
        metric: String,
        /// The largest legal value of A minus B.
        max_drop: f64,
    },
}

/// Run B against run A.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    /// The run that is the measure.
    pub a: RunSide,
    /// The run that is judged.
    pub b: RunSide,
    /// Test utterances that both have.
    pub shared: i64,
    /// Their speakers.
    pub speakers: i64,
    /// In the order of reports.
    pub changes: Vec<Change>,
    /// The test behind the p values; `none: ` and the reason where there is none.
    pub test: String,
    /// Resamples of the speakers behind each interval.
    pub resamples: usize,
    /// What was asked for.
    pub gates: Vec<Gate>,
}

/// Differences up to here are rounding.
const ROUNDING: f64 = 1e-9;

impl Change {
    /// B minus A.
    pub fn delta(&self) -> f64 {
        self.b - self.a
    }
}

impl Versus {
    /// What a gate says, and whether it holds.
    pub fn verdict(&self, gate: &Gate) -> (bool, String) {
        match gate {
            Gate::MinShared(share) => self.coverage(*share),
            Gate::MaxDrop { metric, max_drop } => self.fall(metric, *max_drop),
        }
    }

    /// Whether the runs share enough test utterances for a verdict to be one on both.
    fn coverage(&self, share: f64) -> (bool, String) {
        let larger = self.larger();
        let percent = |share: f64| format!("{} %", (100.0 * share + ROUNDING).floor());
        let found = self.shared as f64 / larger.max(1) as f64;
        let words = format!("both runs tested {} of {larger} utterances ({})", self.shared, percent(found));
        if found + ROUNDING >= share {
            return (true, format!("{words}; {} are required", percent(share)));
        }
        let remedy = "find out why the others are missing, choose another reference, or lower --min-shared";
        (false, format!("{words}, less than the required {}; {remedy}", percent(share)))
    }

    /// Test utterances of the run that has more.
    fn larger(&self) -> i64 {
        self.a.utterances.max(self.b.utterances)
    }

    fn fall(&self, metric: &str, max_drop: f64) -> (bool, String) {
        let Some(change) = self.changes.iter().find(|change| change.metric == metric) else {
            return (true, format!("{metric} is not defined here"));
        };
        let drop = -change.delta();
        let from = format!("from {:.3} to {:.3}", change.a, change.b);
        let moved = match drop {
            drop if drop > ROUNDING => format!("{metric} fell by {drop:.3} ({from})"),
            drop if drop < -ROUNDING => format!("{metric} rose by {:.3} ({from})", -drop),
            _ => format!("{metric} stayed at {:.3}", change.a),
        };
        let moved = format!("on {} of {} utterances {moved}", self.shared, self.larger());
        if drop <= max_drop + ROUNDING {
            return (true, format!("{moved}; a fall of {max_drop} is allowed"));
        }
        (false, format!("{moved}, more than the {max_drop} allowed; {}", self.chance(change)))
    }

    /// The verdicts of the gates that do not hold; none where all do.
    pub fn broken(&self) -> Option<String> {
        let broken = self.gates.iter().map(|gate| self.verdict(gate)).filter(|(holds, _)| !holds);
        let words = broken.map(|(_, words)| words).collect::<Vec<_>>();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Whether a fall is more than who was tested explains.
    fn chance(&self, change: &Change) -> String {
        match change.interval {
            None => {
                let reason = self.test.strip_prefix("none: ").unwrap_or("no interval");
                format!("chance cannot be ruled out ({reason})")
            }
            Some((low, high)) if high < 0.0 => {
                format!("more than chance: the 95 % interval of the change, [{low:+.3}, {high:+.3}], is below 0")
            }
            Some((low, high)) => {
                format!("it may be chance: the 95 % interval of the change, [{low:+.3}, {high:+.3}], contains 0")
            }
        }
    }
}
