//! A new migration is part of the program without a change of its code.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
