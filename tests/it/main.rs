//! The one integration-test binary: a module a stage or contract.

mod contract;
mod features_golden;
mod layering;
mod schemas;
mod util;
