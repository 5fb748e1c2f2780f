//! What sections and plots ask of the facts.

use super::{Facts, ModelFacts};
use crate::schema::{Metric, Track};

impl Facts {
    /// The track of every figure.
    pub(in crate::report) fn track(&self) -> Track {
        if self.normalization.transductive { Track::Transductive } else { Track::Inductive }
    }

    /// A line over figures, with their track.
    pub(in crate::report) fn on_track(&self, words: &str) -> String {
        format!("{words} ({})", self.track())
    }

    /// A figure's row of the metrics table.
    pub(in crate::report) fn metric(&self, model: &str, slice: &str, group: &str, metric: &str) -> Option<&Metric> {
        let wanted = (model, slice, group, metric);
        self.metrics.iter().find(|row| (&*row.model, &*row.slice, &*row.group, &*row.metric) == wanted)
    }

    /// Overall UAR of a model.
    pub(in crate::report) fn uar(&self, model: &str) -> Option<f64> {
        self.metric(model, "overall", "all", "uar")?.value
    }

    /// The models, best overall UAR first; equal ones, and those without a figure, in their order.
    pub(in crate::report) fn ranked(&self) -> Vec<&ModelFacts> {
        let mut models: Vec<&ModelFacts> = self.models.iter().collect();
        let figure = |model: &ModelFacts| self.uar(&model.name).unwrap_or(-1.0);
        models.sort_by(|a, b| figure(b).total_cmp(&figure(a)));
        models
    }

    /// A figure of the headline model in each fold; none where there is one fold, or one without the figure.
    pub(in crate::report) fn of_folds(&self, metric: &str) -> Option<Vec<f64>> {
        let of = |row: &&Metric| row.model == self.headline && row.slice == "fold" && row.metric == metric;
        let values = self.metrics.iter().filter(of).map(|row| row.value).collect::<Option<Vec<f64>>>()?;
        Some(values).filter(|values| values.len() > 1)
    }

    /// The groups of a model's slice, in the order of the metrics table; numbers by size.
    pub(in crate::report) fn groups(&self, model: &str, slice: &str) -> Vec<&str> {
        // Each group has the one or, where a number is predicted, the other.
        let is_lead = |metric: &str| metric == "uar" || metric == "ccc";
        let rows = self.metrics.iter().filter(|row| row.model == model && row.slice == slice && is_lead(&row.metric));
        let mut groups: Vec<&str> = rows.map(|row| row.group.as_str()).collect();
        groups.sort_by_key(|group| group.parse::<i64>().unwrap_or(0));
        groups
    }

    /// UAR of guessing: one over the number of classes in the headline model's test rows.
    pub(in crate::report) fn chance(&self) -> Option<f64> {
        let headline = self.confusions.iter().find(|confusion| confusion.model == self.headline)?;
        let present = headline.confusion.classes() - headline.confusion.class_counts().absent();
        (present > 0).then(|| 1.0 / present as f64)
    }
}
