//! What an outcome of a call means for rates, as the settings of a source say it.

/// The setting that says it: a list of codes, each with a colon and a class.
pub const OUTCOME_CLASSES: &str = "outcome_classes";

/// The word for a code that has no class.
const NO_CLASS: &str = "none";

/// The classes.
const CLASSES: [&str; 7] = [
    "contact",
    "live",
    "machine",
    "no_answer",
    "bad_number",
    "drop",
    "live_now",
];

/// What a line of the setting must be.
const FORM: &str = "must be a code, a colon and one of contact, live, machine, no_answer, bad_number, drop, live_now and none, \
                    such as \"VIP: contact\"";

/// A code and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeClass<'a> {
    /// The code, as calls carry it.
    pub code: &'a str,
    /// The class; nothing where the setting says that the code has none.
    pub class: Option<&'static str>,
}

impl<'a> OutcomeClass<'a> {
    /// Reads a line of the setting. A code may hold colons, a class does not.
    pub fn read(line: &'a str) -> Option<Self> {
        let (code, word) = line.rsplit_once(':')?;
        let (code, word) = (code.trim(), word.trim());
        let class = CLASSES.iter().find(|class| **class == word).copied();
        let is_known = class.is_some() || word == NO_CLASS;
        (is_known && !code.is_empty()).then_some(Self { code, class })
    }
}

/// Says what is wrong with a line of the setting.
pub fn check_outcome_class(line: &str) -> Result<(), &'static str> {
    OutcomeClass::read(line).map(|_| ()).ok_or(FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_code_a_colon_and_a_class() {
        let known = |code, class| Some(OutcomeClass { code, class });
        for (line, wanted) in [
            ("VIP: contact", known("VIP", Some("contact"))),
            (" A:B :live_now", known("A:B", Some("live_now"))),
            ("AM: none", known("AM", None)),
            ("AM", None),
            (": drop", None),
            ("AM: machines", None),
            ("AM:", None),
        ] {
            assert_eq!(OutcomeClass::read(line), wanted, "{line}");
            assert_eq!(check_outcome_class(line).is_ok(), wanted.is_some(), "{line}");
        }
    }
}
