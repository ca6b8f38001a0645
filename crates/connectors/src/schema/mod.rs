//! The common schema: one file per entity, and the columnar batches that carry rows to the warehouse.

mod account;
mod agent;
mod agent_event;
mod agent_performance;
mod attribute_type;
mod batch;
mod call;
mod call_metric;
mod callback;
mod campaign;
mod channel;
mod contact;
mod contact_attribute;
mod contact_note;
mod contact_segment;
mod contact_tag;
mod conversation;
mod conversation_channel;
mod conversation_tag;
mod disposition;
mod do_not_contact;
mod entity;
mod key;
mod lead;
mod list;
mod message;
mod named;
mod phone;
mod queue;
mod raw;
mod recording;
mod report_export;
mod report_metric;
mod rows;
mod segment;
mod table;
mod tag;

pub use account::Account;
pub use agent::Agent;
pub use agent_event::AgentEvent;
pub use agent_performance::AgentPerformance;
pub use attribute_type::AttributeType;
pub use batch::{Batch, Children, Proof, Tombstone};
pub use call::Call;
pub use call_metric::CallMetric;
pub use callback::Callback;
pub use campaign::Campaign;
pub use channel::Channel;
pub use contact::Contact;
pub use contact_attribute::ContactAttribute;
pub use contact_note::ContactNote;
pub use contact_segment::ContactSegment;
pub use contact_tag::ContactTag;
pub use conversation::Conversation;
pub use conversation_channel::ConversationChannel;
pub use conversation_tag::ConversationTag;
pub use disposition::Disposition;
pub use do_not_contact::DoNotContact;
pub use entity::{Decimal, Entity};
pub use key::storable_key;
pub use lead::Lead;
pub use list::List;
pub use message::Message;
pub use named::{NAMINGS, NamedRow, NamedRows, Naming};
pub use phone::{Region, e164};
pub use queue::Queue;
pub(crate) use raw::make_storable;
pub use recording::Recording;
pub use report_export::ReportExport;
pub use report_metric::ReportMetric;
pub use rows::{Hash, Ownership, Rows};
pub use segment::Segment;
pub use table::{Column, Kind, Table, Values};
pub use tag::Tag;

/// Every table of the common schema, in the order in which a person would read them.
pub const TABLES: &[&Table] = &[
    Agent::TABLE,
    Call::TABLE,
    Recording::TABLE,
    Conversation::TABLE,
    Message::TABLE,
    Contact::TABLE,
    Lead::TABLE,
    Campaign::TABLE,
    List::TABLE,
    Queue::TABLE,
    Disposition::TABLE,
    Callback::TABLE,
    Channel::TABLE,
    Account::TABLE,
    Tag::TABLE,
    ConversationTag::TABLE,
    ConversationChannel::TABLE,
    AgentPerformance::TABLE,
    AgentEvent::TABLE,
    CallMetric::TABLE,
    ReportMetric::TABLE,
    DoNotContact::TABLE,
    Segment::TABLE,
    ContactSegment::TABLE,
    ReportExport::TABLE,
    ContactNote::TABLE,
    ContactTag::TABLE,
    ContactAttribute::TABLE,
    AttributeType::TABLE,
];
