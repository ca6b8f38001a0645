//! Optional fields that could not be read: what they cost is the field, and somebody counts them.

use std::cell::RefCell;
use std::fmt;

/// What was wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// The value is of no known form.
    Unreadable,
    /// The value can be read, and cannot be true: a negative length, a number that no column holds, a date centuries away.
    OutOfRange,
    /// A list or an object where a single value belongs, or the other way round.
    WrongShape,
}

impl FaultKind {
    /// The word of it in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::OutOfRange => "out_of_range",
            Self::WrongShape => "wrong_shape",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "has an unknown form",
            Self::OutOfRange => "is out of range",
            Self::WrongShape => "is a list or an object where a single value belongs, or the reverse",
        })
    }
}

/// A field that could not be read in some records, and became NULL in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's name at the vendor.
    pub field: &'static str,
    /// What was wrong.
    pub kind: FaultKind,
    /// In how many records.
    pub count: u64,
    /// The id of one of the rows. Never the value.
    pub example: Option<String>,
}

/// The faults of a record or of a page. Readers of fields take it by reference and go on.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<FieldFault>>);

impl Faults {
    /// No fault so far.
    pub const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// Counts a fault of the record that is being read. The same fault of the same field counts once in a record, however often
    /// the field is looked at.
    pub fn record_fault(&self, field: &'static str, kind: FaultKind) {
        let mut faults = self.0.borrow_mut();
        if !faults
            .iter()
            .any(|fault| fault.field == field && fault.kind == kind)
        {
            faults.push(FieldFault {
                field,
                kind,
                count: 1,
                example: None,
            });
        }
    }

    /// Adds the faults of one record to those of its page; `row` is the id of the row that the record became.
    pub fn add_record(&self, record: Self, row: Option<&str>) {
        for fault in record.into_list() {
            self.add_fault(FieldFault {
                example: fault.example.or_else(|| row.map(str::to_owned)),
                ..fault
            });
        }
    }

    /// True where every field could be read.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The faults, in the order in which they were met.
    pub fn into_list(self) -> Vec<FieldFault> {
        self.0.into_inner()
    }

    fn add_fault(&self, fault: FieldFault) {
        let mut faults = self.0.borrow_mut();
        let same = |known: &&mut FieldFault| known.field == fault.field && known.kind == fault.kind;
        match faults.iter_mut().find(same) {
            Some(known) => {
                known.count += fault.count;
                known.example = known.example.take().or(fault.example);
            }
            None => faults.push(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_counts_once_in_a_record_and_once_for_each_record_of_a_page() {
        let page = Faults::new();
        for row in [None, Some("7"), Some("8")] {
            let record = Faults::new();
            record.record_fault("call_length", FaultKind::OutOfRange);
            record.record_fault("call_length", FaultKind::OutOfRange);
            page.add_record(record, row);
        }
        let record = Faults::new();
        record.record_fault("call_length", FaultKind::Unreadable);
        page.add_record(record, Some("9"));

        let fault = |kind, count, example: &str| FieldFault {
            field: "call_length",
            kind,
            count,
            example: Some(example.to_owned()),
        };
        assert!(!page.is_empty());
        assert_eq!(
            page.into_list(),
            [
                fault(FaultKind::OutOfRange, 3, "7"),
                fault(FaultKind::Unreadable, 1, "9"),
            ]
        );
    }
}
