//! ser-etl: a batch ETL job for speech emotion recognition over columnar storage.
//!
//! The map of the house, from the street inwards; an arrow points at what a room may use:
//!
//! `bin -> cli -> monitor -> stages -> pipeline -> {corpus, protocol, storage, table, report, synth, features, model} -> {audio, dataset} ->
//! {dsp, eval, matrix, text} -> options -> schema`
//!
//! A test reads the `use` lines and refuses an arrow that points the other way.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod audio;
pub mod cli;
pub mod corpus;
pub mod dataset;
pub mod dsp;
pub mod eval;
pub mod features;
pub mod matrix;
pub mod model;
pub mod monitor;
pub mod options;
pub mod pipeline;
pub mod protocol;
pub mod report;
pub mod schema;
pub mod stages;
pub mod storage;
pub mod synth;
pub mod table;
pub mod text;
