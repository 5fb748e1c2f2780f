//! A run whose disk is full.

use crate::need::SmallDisk;
use crate::util::failure;
use crate::util::job::workplace;

pub fn a_full_disk_is_exit_4_with_the_remedy(_: &SmallDisk) {
    let folder = workplace();
    let line = format!("exec {} run pipeline.toml --out full/out", env!("CARGO_BIN_EXE_ser"));
    let (code, error) = failure(&SmallDisk::shell(folder.path(), &line).output().expect("unshare starts"));
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("full/out") && error.contains("free some space"), "{error}");
}
