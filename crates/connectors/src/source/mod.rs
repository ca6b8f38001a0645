//! The contract with vendors: a stream is a value that says how it moves, how its pages follow each other, and how a record
//! becomes rows. Everything here is pure.

mod account;
mod envelope;
mod error;
mod evidence;
mod faults;
mod mode;
mod outcome;
mod paging;
mod reject;
mod request;
mod slice;
mod stream;
mod vendor;
mod window;

pub use account::{Account, Options};
pub use envelope::Envelope;
pub use error::{MapError, ReadError, Remedy};
pub use evidence::Evidence;
pub use faults::{FaultKind, Faults, FieldFault};
pub use mode::{
    Absence, DailyPolicy, FeedPolicy, History, LookupPolicy, Period, Reference, Reread, RowScope, SyncMode,
    WindowPolicy, window_of_days,
};
pub use outcome::{OUTCOME_CLASSES, OutcomeClass, check_outcome_class};
pub use paging::{
    ASTRAY, ById, Link, LinkPosition, LocalSpan, Next, Offset, OffsetPosition, PageRows, Paging, Seek,
    SeekPosition, Single, Whereabouts, distance_outside, next_offset,
};
pub use reject::Reject;
pub use request::{ApiHost, Auth, Request, Response, Verb};
pub use slice::{Extent, Scope, Slice};
pub use stream::{
    Belonging, Context, EnvelopeReader, Item, PutTogether, StreamDef, explain_status, one_partition,
    says_gone_in_json,
};
pub use vendor::{OptionDef, OptionForm, Vendor};
pub use window::Window;
