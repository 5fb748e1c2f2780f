//! The text format of Prometheus, as its node exporter collects it from files.

use crate::stages::{Figure, Record, Results, StageName};

/// What is known of a run.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// `run`, or the stage that ran alone.
    pub command: &'static str,
    /// Name of the pipeline, where its file could be read.
    pub pipeline: Option<String>,
    /// Name of the pipeline file, which stands for it otherwise.
    pub file: String,
    /// The stages that ended.
    pub stages: Vec<StageFigures>,
    /// The figures of the report, where this run evaluated.
    pub results: Option<Results>,
    pub exit_code: u8,
    pub seconds: f64,
}

/// Figures of a stage.
#[derive(Debug)]
pub(super) struct StageFigures {
    stage: &'static str,
    rows: Option<u64>,
    rejects: Vec<(String, u64)>,
    seconds: f64,
    up_to_date: bool,
}

impl StageFigures {
    pub fn new(stage: StageName, record: &Record, up_to_date: bool) -> Self {
        Self {
            stage: stage.as_str(),
            rows: record.rows(),
            rejects: record.rejects().map(|(code, count)| (code.to_owned(), count)).collect(),
            seconds: record.seconds,
            up_to_date,
        }
    }
}

const LAST_SUCCESS: &str = "ser_last_success_timestamp_seconds";

/// What the file of an earlier run said.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Former {
    /// Name of its pipeline.
    pipeline: Option<String>,
    /// When a run last succeeded.
    last_success: Option<f64>,
}

impl Former {
    /// Reads the file of an earlier run of this command; another file says nothing.
    pub fn read(text: &str, command: &str) -> Self {
        let sample = text.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.strip_prefix("{pipeline=\""));
        let found = sample.and_then(|sample| {
            let (pipeline, rest) = unescaped(sample)?;
            let value = rest.strip_prefix(&format!(",command=\"{command}\"}} "))?;
            Some(Self { pipeline: Some(pipeline), last_success: Some(value.trim().parse().ok()?) })
        });
        found.unwrap_or_default()
    }
}

/// The value of a label up to its closing quote, and what follows.
fn unescaped(text: &str) -> Option<(String, &str)> {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// Labels and their values.
type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The file of a run that ended at `now`, in seconds since 1970.
pub(super) fn text(run: &Run, former: &Former, now: f64) -> String {
    // A run whose pipeline file cannot be read belongs to the pipeline of the runs before it.
    let of_former = former.pipeline.as_deref().filter(|_| run.pipeline.is_none());
    let pipeline = run.pipeline.as_deref().or(of_former).unwrap_or(&run.file);
    let is_same = former.pipeline.as_deref() == Some(pipeline);
    let last_success = if run.exit_code == 0 { Some(now) } else { former.last_success.filter(|_| is_same) };
    let mut page = Page { text: String::new(), common: vec![("pipeline", pipeline), ("command", run.command)] };
    page.gauge(
        "ser_run_exit_code",
        "Exit code of the last run: 0 is success",
        [(vec![], Some(f64::from(run.exit_code)))],
    );
    page.gauge("ser_run_seconds", "How long the last run took", [(vec![], Some(run.seconds))]);
    page.gauge("ser_last_run_timestamp_seconds", "When the last run ended", [(vec![], Some(now))]);
    page.gauge(LAST_SUCCESS, "When a run last ended with exit code 0", [(vec![], last_success)]);
    let stages = || run.stages.iter().map(|stage| (vec![("stage", stage.stage)], stage));
    page.gauge(
        "ser_stage_rows",
        "Rows of the largest table of a stage",
        stages().map(|(labels, stage)| (labels, stage.rows.map(|rows| rows as f64))),
    );
    page.gauge(
        "ser_rejects",
        "Files or utterances that a stage refused, by the code of docs/REJECTS.md",
        stages().flat_map(|(labels, stage)| {
            let labels = move |code| [labels.clone(), vec![("code", code)]].concat();
            stage.rejects.iter().map(move |(code, count)| (labels(code), Some(*count as f64)))
        }),
    );
    page.gauge(
        "ser_stage_seconds",
        "How long a stage took when it last did work",
        stages().map(|(labels, stage)| (labels, Some(stage.seconds))),
    );
    page.gauge(
        "ser_stage_up_to_date",
        "1: the stage had nothing to do; 0: it did work",
        stages().map(|(labels, stage)| (labels, Some(f64::from(u8::from(stage.up_to_date))))),
    );
    let results = run.results.as_ref();
    let models =
        || results.iter().flat_map(|results| results.models.iter().map(|model| (results.track.as_str(), model)));
    let sample = |end: fn(Figure) -> Option<f64>| {
        models().map(move |(track, model)| {
            let labels = vec![("model", model.model.as_str()), ("track", track)];
            (labels, model.uar().and_then(end))
        })
    };
    page.gauge("ser_uar", "Unweighted average recall of a model on the test rows", sample(|uar| Some(uar.value)));
    page.gauge("ser_uar_low", "Lower end of the 95 % interval of ser_uar", sample(|uar| uar.low));
    page.gauge("ser_uar_high", "Upper end of the 95 % interval of ser_uar", sample(|uar| uar.high));
    let headline = results.and_then(|results| Some((results, results.models.first()?.uar()?)));
    page.gauge(
        "ser_headline_uar",
        "Unweighted average recall of the model that the report leads with",
        headline.map(|(results, uar)| (vec![("track", results.track.as_str())], Some(uar.value))),
    );
    page.text
}

/// The text so far, and the labels of every sample.
struct Page<'a> {
    text: String,
    common: Labels<'a>,
}

impl<'a> Page<'a> {
    /// A metric with its samples; without a value, there is no sample, and without a sample no metric.
    fn gauge(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels<'a>, Option<f64>)>) {
        let mut head = Some(format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for (labels, value) in samples {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let labels =
                self.common.iter().chain(&labels).map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
            let labels = labels.collect::<Vec<_>>().join(",");
            self.text += &head.take().unwrap_or_default();
            self.text += &format!("{name}{{{labels}}} {value}\n");
        }
    }
}

/// The value of a label: backslashes, quotes and line feeds are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(exit_code: u8, pipeline: Option<&str>) -> Run {
        Run {
            command: "run",
            pipeline: pipeline.map(str::to_owned),
            file: "calls".to_owned(),
            exit_code,
            seconds: 1.5,
            ..Run::default()
        }
    }

    /// The value of the only sample of a metric.
    fn value(text: &str, name: &str) -> Option<f64> {
        let sample = text.lines().find(|line| line.starts_with(&format!("{name}{{")))?;
        sample.rsplit(' ').next()?.parse().ok()
    }

    #[test]
    fn a_failed_run_keeps_the_last_success_of_its_pipeline() {
        let good = text(&run(0, Some("night\\ly \"x\"\n")), &Former::default(), 100.0);
        assert!(good.contains(r#"ser_run_exit_code{pipeline="night\\ly \"x\"\n",command="run"} 0"#), "{good}");
        assert_eq!(value(&good, LAST_SUCCESS), Some(100.0));
        let former = || Former::read(&good, "run");
        assert_eq!(former(), Former { pipeline: Some("night\\ly \"x\"\n".to_owned()), last_success: Some(100.0) });
        let bad = text(&run(3, Some("night\\ly \"x\"\n")), &former(), 200.0);
        assert_eq!(
            (value(&bad, LAST_SUCCESS), value(&bad, "ser_last_run_timestamp_seconds")),
            (Some(100.0), Some(200.0))
        );
        let unread = text(&run(2, None), &former(), 300.0);
        assert_eq!(value(&unread, LAST_SUCCESS), Some(100.0));
        assert!(unread.contains(r#"{pipeline="night\\ly"#), "its pipeline is that of the runs before it: {unread}");
        let other = text(&run(3, Some("another")), &former(), 400.0);
        assert_eq!(value(&other, LAST_SUCCESS), None);
        assert!(text(&run(2, None), &Former::default(), 1.0).contains("{pipeline=\"calls\","));
    }

    #[test]
    fn a_file_that_is_no_former_one_says_nothing() {
        let good = text(&run(0, Some("calls")), &Former::default(), 100.0);
        for text in ["", "junk", "ser_last_success_timestamp_seconds{pipeline=\"a", &good.replace("} 100", "} x")] {
            assert_eq!(Former::read(text, "run"), Former::default(), "{text}");
        }
        assert_eq!(Former::read(&good, "extract"), Former::default());
    }
}
