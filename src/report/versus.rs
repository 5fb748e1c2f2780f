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

/// How far a metric may fall.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The metric.
    pub metric: String,
    /// The largest legal value of A minus B.
    pub max_drop: f64,
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
        let Some(change) = self.changes.iter().find(|change| change.metric == gate.metric) else {
            return (true, format!("{} is not defined here", gate.metric));
        };
        let (metric, drop) = (&gate.metric, -change.delta());
        let from = format!("from {:.3} to {:.3}", change.a, change.b);
        let moved = match drop {
            drop if drop > ROUNDING => format!("{metric} fell by {drop:.3} ({from})"),
            drop if drop < -ROUNDING => format!("{metric} rose by {:.3} ({from})", -drop),
            _ => format!("{metric} stayed at {:.3}", change.a),
        };
        let holds = drop <= gate.max_drop + ROUNDING;
        if holds {
            return (true, format!("{moved}; a fall of {} is allowed", gate.max_drop));
        }
        (false, format!("{moved}, more than the {} allowed; {}", gate.max_drop, self.chance(change)))
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
                format!("whether it is more than chance cannot be told ({reason})")
            }
            Some((low, high)) if high < 0.0 => {
                format!("more than chance: the 95 % interval of the change, [{low:+.3}, {high:+.3}], lies below 0")
            }
            Some((low, high)) => {
                format!("it may be chance: the 95 % interval of the change, [{low:+.3}, {high:+.3}], holds 0")
            }
        }
    }
}
