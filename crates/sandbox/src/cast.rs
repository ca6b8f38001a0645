//! The people of the simulated world: the same customers call, write and become leads, and the same agents serve them.

use super::people::{FIRST, LAST, one_of, phone, scatter};

/// How many customers there are; every vendor draws from the same ones.
pub(super) const CUSTOMERS: u32 = 2_000;
/// The number of the first customer; it is their lead's id at Convoso.
pub(super) const FIRST_CUSTOMER: u32 = 7_000_000;

/// An invented customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Customer {
    /// Their number.
    pub(super) number: u32,
    /// Given name.
    pub(super) first: &'static str,
    /// Family name.
    pub(super) last: &'static str,
    /// E-mail address, their own.
    pub(super) email: String,
    /// Ten digits; several customers may share a telephone.
    pub(super) phone: u64,
}

/// The customer of this number.
pub(super) fn customer(seed: u64, number: u32) -> Customer {
    let pick = scatter(seed ^ 1, u64::from(number));
    Customer {
        number,
        first: one_of(&FIRST, pick / 60),
        last: one_of(&LAST, (pick >> 24) / 60),
        email: format!("customer{number}@sim.example"),
        phone: phone(scatter(seed, u64::from(number))),
    }
}

/// One of the customers, by a number of any size.
pub(super) fn any_customer(seed: u64, pick: u64) -> Customer {
    let place = u32::try_from(pick % u64::from(CUSTOMERS)).expect("a place among the customers fits");
    customer(seed, FIRST_CUSTOMER + place)
}

/// An agent's names and e-mail address, the same at every vendor.
pub(super) fn colleague(place: usize) -> (&'static str, &'static str, String) {
    let first = FIRST[place % FIRST.len()];
    let last = LAST[(place * 7 + place / FIRST.len()) % LAST.len()];
    (first, last, format!("agent{place}@sim.example"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_always_the_same_and_has_an_address_of_their_own() {
        assert_eq!(customer(7, FIRST_CUSTOMER + 3), any_customer(7, 3));
        assert_eq!(any_customer(7, 3), any_customer(7, 3 + u64::from(CUSTOMERS)));
        let mut emails: Vec<String> = (0..100).map(|pick| any_customer(7, pick).email).collect();
        emails.dedup();
        assert_eq!(emails.len(), 100);
    }
}
