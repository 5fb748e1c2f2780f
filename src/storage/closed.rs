use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// Whether a descriptor was closed when the program began (`ser schema >&-`). Rust then opens the null device in its
/// place, for reading too; whoever means to discard what is printed opens it for writing only (`> /dev/null`).
pub fn was_closed(descriptor: impl AsFd) -> bool {
    let Ok(descriptor) = descriptor.as_fd().try_clone_to_owned() else { return true };
    let mut file = File::from(descriptor);
    let is_null = match (file.metadata(), fs::metadata("/dev/null")) {
        (Ok(ours), Ok(null)) => ours.rdev() == null.rdev(),
        _ => false,
    };
    is_null && file.read(&mut [0]).is_ok()
}
