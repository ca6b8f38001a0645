//! Fields that could not be read: counted, because each becomes NULL and costs nothing else.

use std::cell::RefCell;

/// Counts the fields of a page that could not be read.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<FieldFault>>);

/// A field that could not be read in some records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The vendor's name of the field.
    pub field: &'static str,
    /// What was wrong.
    pub kind: FaultKind,
    /// In how many records.
    pub count: u64,
    /// The id of one row that has it.
    pub example_id: Option<String>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// It has an unknown form.
    Form,
    /// It has a known form and an impossible value.
    Range,
}

impl FaultKind {
    /// The word for it in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Form => "unknown form",
            Self::Range => "impossible value",
        }
    }
}

impl Faults {
    /// Counts a field that could not be read.
    pub fn count(&self, field: &'static str, kind: FaultKind) {
        let mut faults = self.0.borrow_mut();
        match faults
            .iter_mut()
            .find(|fault| fault.field == field && fault.kind == kind)
        {
            Some(fault) => fault.count += 1,
            None => faults.push(FieldFault {
                field,
                kind,
                count: 1,
                example_id: None,
            }),
        }
    }

    /// Notes the row that the faults without an example belong to.
    pub fn name_example(&self, id: &str) {
        for fault in self
            .0
            .borrow_mut()
            .iter_mut()
            .filter(|fault| fault.example_id.is_none())
        {
            fault.example_id = Some(id.to_owned());
        }
    }

    /// True where every field could be read.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The faults.
    pub fn into_inner(self) -> Vec<FieldFault> {
        self.0.into_inner()
    }
}
