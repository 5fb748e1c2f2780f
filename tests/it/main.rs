//! The one integration-test binary: a module a stage or contract.

#![allow(clippy::disallowed_methods, reason = "tests stand outside the rooms")]

mod audio;
mod augment;
mod compare;
mod contract;
mod corpus;
mod deploy;
mod faults;
mod features_golden;
mod features_htk;
mod fold_models;
mod frames;
mod layering;
mod misuse;
mod opensmile_golden;
mod predict;
mod real_speech;
mod s3;
mod s3_server;
mod schemas;
mod storage;
mod tune;
mod unlike;
mod util;
mod voice_golden;
