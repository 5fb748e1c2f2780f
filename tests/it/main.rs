//! The one integration-test binary: a module a stage or contract.

mod contract;
mod layering;
mod schemas;
mod util;
