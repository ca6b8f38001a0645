//! What cargo does not know by itself: that migrations are part of the program, and how it is linked.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    let is = |name: &str, wanted: &str| std::env::var(name).is_ok_and(|value| value == wanted);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // A tenth of the program was the list of addresses to be set at its start, all of it in memory from then on.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
