//! Guesses which word was meant.

// Longer words are no typing slips, and comparing them would cost for nothing.
const LONGEST: usize = 64;

/// The candidate that `given` most likely stands for, if any is near.
pub(super) fn find_nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if given.len() > LONGEST {
        return None;
    }
    let given = plain_form(given);
    let limit = (given.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(&given, &plain_form(candidate)), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?` for the end of a problem, or nothing.
pub fn hint_at<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    find_nearest(given, candidates).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

fn plain_form(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

// Levenshtein's count of letters to add, drop or change, keeping one row of the table.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::find_nearest;

    #[test]
    fn near_words_are_guessed_and_far_ones_are_not() {
        let words = [
            "schedule",
            "secrets",
            "since",
            "token",
            "url",
            "time_zone",
            "requests_per_minute",
        ];
        for (given, meant) in [
            ("shedule", Some("schedule")),
            ("Schedule", Some("schedule")),
            ("time-zone", Some("time_zone")),
            ("timezone", Some("time_zone")),
            ("requests_per_min", Some("requests_per_minute")),
            ("requests_in_every_minute", None),
            ("tokne", None),
            ("toke", Some("token")),
            ("uri", Some("url")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(find_nearest(given, words), meant, "{given}");
        }
    }

    #[test]
    fn a_very_long_word_is_not_compared() {
        let long = "x".repeat(65);
        assert_eq!(find_nearest(&long, [long.as_str()]), None);
    }
}
