//! The tests that need nothing but the build: a module a stage or contract. tests/outside has the others.

#![allow(clippy::disallowed_methods, reason = "tests stand outside the rooms")]

#[path = "../golden/mod.rs"]
mod golden;
#[path = "../util/mod.rs"]
mod util;

mod advice;
mod audio;
mod augment;
mod compare;
mod containers;
mod contract;
mod dates;
mod delta;
mod deploy;
mod early;
mod edit_lists;
mod endings;
mod faults;
mod features_htk;
mod fingerprint;
mod fold_models;
mod foreign_features;
mod forget;
mod fragments;
mod frames;
mod fuzz;
mod growing;
mod init;
mod inspect;
mod kill_points;
mod layering;
mod lineage;
mod manifests;
mod matroska;
mod metrics_file;
mod misuse;
mod movies;
mod nights;
mod odd_files;
mod outside;
mod parts;
mod predict;
mod predict_shards;
mod presets;
mod protocols;
mod quicktime;
mod regression;
mod rejects;
mod s3;
mod s3_lock;
mod schemas;
mod shell;
mod signals;
mod storage;
mod synthetic_golden;
mod terminal;
mod tune;
mod unlike;
mod verify;
mod votes;
