//! Keys that fit into an index.

use xxhash_rust::xxh3::xxh3_128;

/// Longest key that is kept as it is, in bytes. An entry of an index holds 2,700 bytes, the source's name among them.
const LONGEST_KEY: usize = 1_000;
/// How many characters of a longer key are kept, for people.
const KEPT_CHARACTERS: usize = 200;

/// The key itself, or its first characters and a hash of the whole where no index could hold it. The record has it in full.
pub fn storable_key(key: String) -> String {
    if key.len() <= LONGEST_KEY {
        return key;
    }
    let kept: String = key.chars().take(KEPT_CHARACTERS).collect();
    format!("{kept}:{:032x}", xxh3_128(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_keys_are_shortened_and_stay_apart() {
        let long = |end: &str| "é".repeat(1_500) + end;
        assert_eq!(storable_key("k".repeat(1_000)), "k".repeat(1_000));
        let (one, other) = (storable_key(long("a")), storable_key(long("b")));
        assert_eq!((one.chars().count(), one.len()), (233, 433));
        assert_ne!(one, other);
        assert_eq!(storable_key(one.clone()), one, "a shortened key stays as it is");
    }
}
