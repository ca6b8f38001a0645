//! Texts that always fit into the books.

/// Longest text of the vendor's own words, and of names that the vendor gives, in characters.
pub(super) const LONGEST_WORDS: usize = 200;
/// Longest reason, in characters.
pub(super) const LONGEST_REASON: usize = 1_000;

/// The text without what Postgres refuses, cut at so many characters.
pub(super) fn cut_to_fit(text: &str, longest: usize) -> String {
    let kept = text
        .chars()
        .map(|sign| if sign == '\0' { '\u{fffd}' } else { sign });
    kept.take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut_to_fit("a\0bé", 3), "a\u{fffd}b");
        assert_eq!(cut_to_fit("éé", 3), "éé");
    }
}
