//! Invented people: the same customers call, write and become leads, and the same agents serve them, at every vendor.

use std::sync::OnceLock;

use crate::rng::{one_of, rng_of, scatter};

/// How many customers there are; every vendor draws from the same ones.
pub(crate) const CUSTOMERS: u32 = 2_000;
/// The number of the first customer; it is their lead's id at Convoso.
pub(crate) const FIRST_CUSTOMER: u32 = 7_000_000;

/// Given names.
pub(crate) const FIRST: [&str; 24] = [
    "Rowan", "Dana", "Zoë", "Milo", "Ines", "Tariq", "Wren", "Odile", "Juno", "Kofi", "Petra", "Sol",
    "Anouk", "Bram", "Cleo", "Dev", "Elif", "Fintan", "Greta", "Hollis", "Imani", "Joss", "Keiko", "Lev",
];

/// Family names that nobody is likely to have.
#[rustfmt::skip]
pub(crate) const LAST: [&str; 23] = [
    "Example", "Sampleton", "Fictive", "O'Mockery", "Núñez-Muster", "Dummeray", "Testwell", "Placeholm", "Loremson",
    "Ipsumova", "Nobodi", "Facsimile", "Pretendre", "Quasimov", "Madeupson", "Stubbins-Mock", "Imaginari", "Notreel",
    "Simulant", "Pseudonova", "Vorlage", "Wunderstub", "Ypsilanto",
];

/// Area codes of the simulated numbers.
const AREAS: [u64; 24] = [
    213, 323, 415, 503, 602, 702, 720, 206, 305, 312, 404, 512, 617, 646, 713, 801, 808, 816, 858, 901, 907,
    916, 919, 971,
];

/// An invented customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Customer {
    /// Their number.
    pub(crate) number: u32,
    /// Given name.
    pub(crate) first: &'static str,
    /// Family name.
    pub(crate) last: &'static str,
    /// E-mail address, their own.
    pub(crate) email: String,
    /// Ten digits; several customers may share a telephone.
    pub(crate) phone: u64,
}

/// The customer of this number.
pub(crate) fn describe_customer(seed: u64, number: u32) -> Customer {
    let pick = scatter(seed ^ 1, u64::from(number));
    Customer {
        number,
        first: one_of(&FIRST, pick / 60),
        last: one_of(&LAST, (pick >> 24) / 60),
        email: format!("customer{number}@sim.example"),
        phone: phone_of(scatter(seed, u64::from(number))),
    }
}

/// One of the customers, by a number of any size.
pub(crate) fn any_customer(seed: u64, pick: u64) -> Customer {
    let place = u32::try_from(pick % u64::from(CUSTOMERS)).expect("a place among the customers fits");
    describe_customer(seed, FIRST_CUSTOMER + place)
}

/// An agent, the same at every vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Colleague {
    /// Given name.
    pub(crate) first: &'static str,
    /// Family name.
    pub(crate) last: &'static str,
    /// E-mail address, their own.
    pub(crate) email: String,
}

/// The agent at a place.
pub(crate) fn describe_colleague(place: usize) -> Colleague {
    Colleague {
        first: FIRST[place % FIRST.len()],
        last: LAST[(place * 7 + place / FIRST.len()) % LAST.len()],
        email: format!("agent{place}@sim.example"),
    }
}

/// A ten-digit number from the range that is set aside for fiction (555-0100 to 555-0199).
pub(crate) fn phone_of(pick: u64) -> u64 {
    one_of(&AREAS, pick) * 10_000_000 + 5_550_100 + (pick / AREAS.len() as u64) % 100
}

/// So much plain prose, to cut long texts from.
pub(crate) fn write_prose(seed: u64, byte_count: usize) -> String {
    const WORDS: [&str; 20] = [
        "asked", "about", "the", "offer", "again", "and", "wants", "a", "quote", "by", "mail", "before",
        "Friday", "because", "someone", "else", "decides", "call", "later", "please",
    ];
    let mut rng = rng_of(seed, 0xC0DE);
    let mut text = String::with_capacity(byte_count + 16);
    while text.len() < byte_count {
        text.push_str(WORDS[rng.usize(..WORDS.len())]);
        text.push(' ');
    }
    text
}

/// Long prose of which every call takes a piece; it is written when the first one does.
pub(crate) struct Prose {
    seed: u64,
    byte_count: usize,
    text: OnceLock<String>,
}

impl Prose {
    /// Prose for pieces of up to so many bytes.
    pub(crate) fn new(seed: u64, longest: usize) -> Self {
        Self {
            seed,
            // Beyond the longest piece, so that pieces differ.
            byte_count: longest + 64 * 1024,
            text: OnceLock::new(),
        }
    }

    /// A piece of it.
    pub(crate) fn piece(&self, pick: u64, byte_count: usize) -> &str {
        let text = self.text.get_or_init(|| write_prose(self.seed, self.byte_count));
        let room = (text.len() - byte_count) as u64;
        let from = usize::try_from(pick % room).expect("prose fits memory");
        &text[from..from + byte_count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_fictional() {
        for pick in 0..2_000 {
            let number = phone_of(pick).to_string();
            assert_eq!((number.len(), &number[3..8]), (10, "55501"), "{number}");
        }
    }
}
