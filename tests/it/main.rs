//! The one integration-test binary: a module a stage or contract.

#![allow(clippy::disallowed_methods, reason = "tests stand outside the rooms")]

mod advice;
mod audio;
mod augment;
mod compare;
mod containers;
mod contract;
mod corpus;
mod deploy;
mod early;
mod edit_lists;
mod endings;
mod faults;
mod features_golden;
mod features_htk;
mod fingerprint;
mod fold_models;
mod fragments;
mod frames;
mod fuzz;
mod kill_points;
mod layering;
mod manifests;
mod matroska;
mod misuse;
mod movies;
mod odd_files;
mod opensmile_golden;
mod predict;
mod presets;
mod quicktime;
mod real_speech;
mod rejects;
mod s3;
mod s3_lock;
mod s3_server;
mod schemas;
mod signals;
mod storage;
mod terminal;
mod tune;
mod unlike;
mod util;
mod verify;
mod voice_golden;
