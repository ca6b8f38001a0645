//! The trait that every stream implements.

use crate::schema::Table;

use super::{Ask, Cursor, Page, ReadError, Request, Response, Window};

/// One list of a vendor, as a pure reader: no I/O, no clock, no state.
///
/// The engine asks `first`, sends the request, hands the answer to `read`, and goes on with the questions that `read` gave,
/// last one first, until none is left. It never asks the same question twice within one pass, it may ask a whole window
/// again, and it may run the streams of one source side by side.
///
/// An implementer promises: an answer that is not certainly a good one is an error, never an empty page; a record that
/// cannot be read is a reject, never left out; and the questions of a window, followed to their end, name every row of it.
pub trait Stream: Send + Sync {
    /// The stream's name, unique within its vendor.
    fn name(&self) -> &'static str;

    /// The tables it fills. The vendor's totals count the rows of the first.
    fn tables(&self) -> &'static [&'static Table];

    /// How it moves through time.
    fn cursor(&self) -> &Cursor;

    /// The first question of a window. Streams without a time filter ignore the window.
    fn first(&self, window: &Window) -> Request;

    /// The question about one id, for streams that are read by id.
    fn about(&self, id: &str) -> Option<Request>;

    /// Reads the answer to a question of this stream.
    fn read(&self, asked: &Ask, got: &Response) -> Result<Page, ReadError>;
}
