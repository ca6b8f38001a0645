//! Invented people: their names, their telephone numbers and what is said about them.

/// Given names.
pub(super) const FIRST: [&str; 24] = [
    "Rowan", "Dana", "Zoë", "Milo", "Ines", "Tariq", "Wren", "Odile", "Juno", "Kofi", "Petra", "Sol",
    "Anouk", "Bram", "Cleo", "Dev", "Elif", "Fintan", "Greta", "Hollis", "Imani", "Joss", "Keiko", "Lev",
];

/// Family names that nobody is likely to have.
pub(super) const LAST: [&str; 23] = [
    "Example",
    "Sampleton",
    "Fictive",
    "O'Mockery",
    "Núñez-Muster",
    "Dummeray",
    "Testwell",
    "Placeholm",
    "Loremson",
    "Ipsumova",
    "Nobodi",
    "Facsimile",
    "Pretendre",
    "Quasimov",
    "Madeupson",
    "Stubbins-Mock",
    "Imaginari",
    "Notreel",
    "Simulant",
    "Pseudonova",
    "Vorlage",
    "Wunderstub",
    "Ypsilanto",
];

/// Area codes of the simulated numbers.
const AREAS: [u64; 24] = [
    213, 323, 415, 503, 602, 702, 720, 206, 305, 312, 404, 512, 617, 646, 713, 801, 808, 816, 858, 901, 907,
    916, 919, 971,
];

/// A ten-digit number from the range that is set aside for fiction (555-0100 to 555-0199).
pub(super) fn phone(pick: u64) -> u64 {
    one_of(&AREAS, pick) * 10_000_000 + 5_550_100 + (pick / AREAS.len() as u64) % 100
}

/// One of the pool, by a number of any size.
pub(super) fn one_of<T: Copy>(pool: &[T], pick: u64) -> T {
    pool[usize::try_from(pick % pool.len() as u64).expect("a place in a pool fits")]
}

/// Repeatable scatter: nearby numbers give unrelated ones.
pub(super) fn scatter(seed: u64, number: u64) -> u64 {
    let mut mixed = (seed ^ 0x5851_F42D_4C95_7F2D).wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// So much plain prose, to cut long comments from.
pub(super) fn prose(seed: u64, byte_count: usize) -> String {
    const WORDS: [&str; 20] = [
        "asked", "about", "the", "offer", "again", "and", "wants", "a", "quote", "by", "mail", "before",
        "Friday", "because", "someone", "else", "decides", "call", "later", "please",
    ];
    let mut dice = fastrand::Rng::with_seed(scatter(seed, 0xC0DE));
    let mut text = String::with_capacity(byte_count + 16);
    while text.len() < byte_count {
        text.push_str(WORDS[dice.usize(..WORDS.len())]);
        text.push(' ');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_fictional() {
        for pick in 0..2_000 {
            let number = phone(pick).to_string();
            assert_eq!((number.len(), &number[3..8]), (10, "55501"), "{number}");
        }
    }
}
