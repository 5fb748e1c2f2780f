//! Folds identical functions when linking `ser`: its libraries hold many copies, and the program is a fifth smaller.

fn main() {
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    println!("cargo::rerun-if-changed=build.rs");
}
