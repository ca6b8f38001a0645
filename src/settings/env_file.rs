//! Variables from a file, in the form that compose reads: the environment of a container holds only what is listed for it by name.

use std::path::Path;

use super::forms::trim_text;
use super::layers::read_text;
use super::problems::Findings;

/// Names the file.
const ENV_FILE: &str = "CONVENE_ENV_FILE";
const FILE_BYTES: u64 = 1 << 20;

/// The variables of the file that the environment names, but for those that the environment has itself. It may be missing.
pub(super) fn read_variables(
    environment: &[(String, String)],
    findings: &mut Findings,
) -> Vec<(String, String)> {
    let named = environment.iter().find(|(name, _)| name == ENV_FILE);
    let Some(path) = named.map(|(_, path)| path).filter(|path| !path.is_empty()) else {
        return Vec::new();
    };
    if !Path::new(path).exists() {
        return Vec::new();
    }
    let lines = read_text(Path::new(path), FILE_BYTES).and_then(|text| parse_lines(&text));
    let mut variables = lines.unwrap_or_else(|problem| {
        findings.add_file_problem(path.clone(), problem);
        Vec::new()
    });
    let is_given = |name: &str| environment.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    variables.retain(|(name, _)| !is_given(name));
    variables
}

/// Every line is `NAME=value`, empty, or a comment. Nothing is replaced within values: a token may hold a dollar sign.
fn parse_lines(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = trim_text(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        // The line itself may hold a secret.
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| format!("has a line that is not NAME=value: line {}", index + 1))?;
        variables.push((trim_text(name).to_owned(), bare_value(value).to_owned()));
    }
    Ok(variables)
}

/// The value without the quotes around it, or without the comment after it.
fn bare_value(value: &str) -> &str {
    let value = trim_text(value);
    for quote in ['"', '\''] {
        let quoted = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
        if let Some((inner, after)) = quoted
            && (trim_text(after).is_empty() || trim_text(after).starts_with('#'))
        {
            return inner;
        }
    }
    value
        .split_once(" #")
        .map_or(value, |(value, _)| trim_text(value))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{ENV_FILE, Findings, parse_lines, read_variables};

    #[test]
    fn lines_are_read_as_compose_reads_them_but_for_dollar_signs() {
        for (line, expected) in [
            ("A=b", Some(("A", "b"))),
            ("export A=b", Some(("A", "b"))),
            ("  A = b  \r", Some(("A", "b"))),
            ("A=\"b # c\" # d", Some(("A", "b # c"))),
            ("A='b'", Some(("A", "b"))),
            ("A=b # c", Some(("A", "b"))),
            ("A=b#c", Some(("A", "b#c"))),
            ("A=b=c", Some(("A", "b=c"))),
            ("A=$b${c}", Some(("A", "$b${c}"))),
            ("A='b'c", Some(("A", "'b'c"))),
            ("A=", Some(("A", ""))),
            ("# A=b", None),
            ("", None),
        ] {
            let read = parse_lines(line).expect(line);
            let read = read.first().map(|(name, value)| (name.as_str(), value.as_str()));
            assert_eq!(read, expected, "{line}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number_alone() {
        let problem = parse_lines("A=b\n\nhush").expect_err("no variable");
        assert_eq!(problem, "has a line that is not NAME=value: line 3");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_a_missing_file_is_none() {
        let path = std::env::temp_dir().join(format!("convene-env-{}", std::process::id()));
        let environment = |path: &str| {
            let pairs = [(ENV_FILE, path), ("CONVENE__A", "mine")];
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let mut findings = Findings::default();
        let path_text = path.to_str().expect("Unicode");
        assert_eq!(read_variables(&environment(path_text), &mut findings), []);
        assert_eq!(read_variables(&environment(""), &mut findings), []);
        fs::write(&path, "convene__a=theirs\nCONVENE__B=2\n").expect("it can be written");
        let read = read_variables(&environment(path_text), &mut findings);
        fs::remove_file(&path).expect("it is there");
        assert_eq!(read, [("CONVENE__B".to_owned(), "2".to_owned())]);
        assert_eq!(read_variables(&environment("/dev"), &mut findings), []);
        let problems = findings.into_result(()).expect_err("a folder").to_string();
        assert!(problems.starts_with("/dev: cannot be read"), "{problems}");
    }
}
