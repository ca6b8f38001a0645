//! The contract with vendors: a stream says the first question of a window, and turns an answer into rows and the next questions.

mod account;
mod contract;
mod cursor;
mod endpoint;
mod error;
mod faults;
mod page;
mod paginator;
mod request;
mod seek;
mod window;

pub use account::{Account, Options};
pub use contract::Stream;
pub use cursor::{Absence, Cursor, Daily, Feed, Keys, Reference, Trailing, Windowing};
pub use endpoint::{Endpoint, Item, Opened};
pub use error::{MapError, ReadError, Remedy};
pub use faults::{FaultKind, Faults, FieldFault};
pub use page::{Ask, Page, Reject};
pub use paginator::{Next, Paginator};
pub use request::{Auth, Door, Request, Response, Verb};
pub use seek::Seek;
pub use window::Window;
