//! Plain columns that fit 80 signs: what is too long is folded under its own column, so that nothing is cut and no line breaks.

use super::output::print_line;

/// How wide a terminal is that nobody has made wider.
const WIDTH: usize = 80;
/// What stands between two columns.
const GAP: &str = "  ";
/// A column that is narrower than this is not made narrower for the others.
const NARROWEST: usize = 12;

/// Prints rows in columns under their header.
pub(super) fn print_columns(header: &[&str], rows: &[Vec<String>]) {
    print_line(&lay_out(header, rows, WIDTH));
}

/// Prints names and what they stand for; what has nothing to say is left out.
pub(super) fn print_facts(facts: &[(&str, String)]) {
    let facts = facts.iter().filter(|(_, text)| !text.is_empty());
    let rows: Vec<Vec<String>> = facts
        .map(|(name, text)| vec![(*name).to_owned(), text.clone()])
        .collect();
    print_line(&lay_out(&[], &rows, WIDTH));
}

/// Prints text, folded between its words.
pub(super) fn print_text(text: &str) {
    for line in fold_text(text, WIDTH) {
        print_line(&line);
    }
}

/// The text in one line of a terminal, cut where it is too long.
pub(super) fn cut_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let kept: String = line.chars().take(WIDTH - 1).collect();
    format!("{kept}…")
}

/// The rows as text of this width.
fn lay_out(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<&[String]> = std::iter::once(header.as_slice())
        .filter(|header| !header.is_empty())
        .chain(rows.iter().map(Vec::as_slice))
        .collect();
    let widths = column_widths(&all, width);
    let mut lines = Vec::new();
    for row in all {
        lines.extend(fold_row(row, &widths));
    }
    lines.join("\n")
}

/// The longest columns give way until a line fits.
fn column_widths(rows: &[&[String]], width: usize) -> Vec<usize> {
    let count = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let longest = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..count).map(longest).collect();
    let room = width.saturating_sub(GAP.len() * count.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let Some(longest) = widths.iter_mut().max().filter(|longest| **longest > NARROWEST) else {
            break;
        };
        *longest -= 1;
    }
    widths
}

fn fold_row(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| fold_text(cell, *width))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |place: usize| {
        let parts: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{:width$}", cell.get(place).map_or("", String::as_str)))
            .collect();
        parts.join(GAP).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// The text in lines of this width, broken between words where that is possible.
fn fold_text(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let taken = line.chars().count();
            if taken > 0 && taken + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            } else if taken > 0 {
                line.push(' ');
            }
            line.push_str(word);
            while line.chars().count() > width.max(1) {
                let rest: String = line.chars().skip(width.max(1)).collect();
                lines.push(line.chars().take(width.max(1)).collect());
                line = rest;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn what_fits_stands_in_one_line() {
        let text = lay_out(&["a", "word"], &[row(&["1", "x"]), row(&["222", "y"])], 20);
        assert_eq!(text, "a    word\n1    x\n222  y");
    }

    #[test]
    fn the_longest_column_is_folded_under_itself() {
        let text = lay_out(&[], &[row(&["run 1", "one two three four five"])], 20);
        assert_eq!(text, "run 1  one two three\n       four five");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_whatever_is_in_it() {
        let long = "x".repeat(300);
        let rows = [row(&[
            &long,
            "b",
            &long,
            "words that follow each other for ever and ever",
        ])];
        let text = lay_out(&["one", "two", "three", "four"], &rows, WIDTH);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let signs = text.chars().filter(|sign| *sign == 'x').count();
        assert_eq!(signs, 600, "nothing is cut");
    }
}
