//! Repeatable chance: what looks random follows from the seed.

use fastrand::Rng;

/// Repeatable scatter: nearby numbers give unrelated ones.
pub(crate) fn scatter(seed: u64, number: u64) -> u64 {
    let mut mixed = (seed ^ 0x5851_F42D_4C95_7F2D).wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A generator of its own for each number.
pub(crate) fn rng_of(seed: u64, number: u64) -> Rng {
    Rng::with_seed(scatter(seed, number))
}

/// One of the pool, by a number of any size.
pub(crate) fn one_of<T: Copy>(pool: &[T], pick: u64) -> T {
    pool[usize::try_from(pick % pool.len() as u64).expect("a place in a pool fits")]
}

/// An id of 24 hexadecimal characters.
pub(crate) fn hex_id(rng: &mut Rng) -> String {
    format!("{:08x}{:016x}", rng.u32(1..), rng.u64(..))
}
