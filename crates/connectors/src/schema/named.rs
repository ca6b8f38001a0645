//! Rows of short lists that other rows name by their id. Each has to exist, though no list may ever bring it: vendors leave out who has
//! left, what is archived, and what is their own.

use std::collections::BTreeMap;

use super::batch::Batch;
use super::entity::Entity;
use super::rows::Rows;
use super::table::{Table, Values};
use super::{
    Account, Agent, AgentEvent, AgentPerformance, AttributeType, Call, Callback, Campaign, Channel,
    ContactAttribute, ContactNote, ContactSegment, ContactTag, Conversation, ConversationChannel,
    ConversationTag, Disposition, DoNotContact, Lead, List, Message, Queue, ReportExport, ReportMetric,
    Segment, TABLES, Tag,
};

/// A column that names a row of a short list.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// The table that has the column.
    pub table: &'static Table,
    /// The column with the id.
    pub column: &'static str,
    /// The column beside it that tells the name of what it names.
    pub name_column: Option<&'static str>,
    /// The table whose row it names; it has a column `name`.
    pub parent: &'static Table,
}

/// Every column that names a row of a short list. Calls, conversations, contacts and leads are no short lists: what is named of them
/// and missing is asked for by its id.
pub const NAMINGS: &[Naming] = &[
    name::<Agent, Account>("account_id", None),
    name::<AgentEvent, Agent>("agent_id", Some("agent_name")),
    name::<AgentEvent, Campaign>("campaign_id", Some("campaign_name")),
    name::<AgentPerformance, Agent>("agent_id", Some("agent_name")),
    name::<AgentPerformance, Campaign>("campaign_id", None),
    name::<Call, Agent>("agent_id", Some("agent_name")),
    name::<Call, Agent>("transferred_from_agent_id", None),
    name::<Call, Campaign>("campaign_id", Some("campaign_name")),
    name::<Call, Disposition>("disposition_code", Some("disposition_name")),
    name::<Call, List>("list_id", None),
    name::<Call, Queue>("queue_id", Some("queue_name")),
    name::<Callback, Agent>("agent_id", Some("agent_name")),
    name::<Callback, Campaign>("campaign_id", Some("campaign_name")),
    name::<Callback, Disposition>("disposition_code", None),
    name::<Callback, List>("list_id", None),
    name::<Channel, Account>("account_id", None),
    name::<ContactAttribute, Agent>("agent_id", None),
    name::<ContactAttribute, AttributeType>("attribute_type_id", None),
    name::<ContactNote, Agent>("agent_id", None),
    name::<ContactSegment, Segment>("segment_id", None),
    name::<ContactTag, Agent>("agent_id", None),
    name::<Conversation, Agent>("agent_id", None),
    name::<Conversation, Channel>("channel_id", None),
    name::<ConversationChannel, Channel>("channel_id", None),
    name::<ConversationTag, Tag>("tag_id", Some("tag_name")),
    name::<DoNotContact, Campaign>("campaign_id", Some("campaign_name")),
    name::<Lead, Agent>("agent_id", Some("agent_name")),
    name::<Lead, Agent>("owner_id", None),
    name::<Lead, Agent>("created_by_id", None),
    name::<Lead, Agent>("updated_by_id", None),
    name::<Lead, Campaign>("campaign_id", Some("campaign_name")),
    name::<Lead, Channel>("channel_id", None),
    name::<Lead, Disposition>("status", Some("status_name")),
    name::<Lead, List>("list_id", Some("list_name")),
    name::<List, Campaign>("campaign_id", None),
    name::<Message, Agent>("agent_id", None),
    name::<ReportExport, Account>("account_id", None),
    name::<ReportExport, Agent>("agent_id", None),
    name::<ReportMetric, Agent>("agent_id", None),
];

const fn name<C: Entity, P: Entity>(column: &'static str, name_column: Option<&'static str>) -> Naming {
    Naming {
        table: C::TABLE,
        column,
        name_column,
        parent: P::TABLE,
    }
}

/// A row that something names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedRow<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name, where that is told beside the id.
    pub name: Option<&'a str>,
}

/// Rows of one table that are named, in the order of their ids.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedRows<'a> {
    /// The table.
    pub table: &'static Table,
    /// The rows, each once.
    pub rows: Vec<NamedRow<'a>>,
}

impl Batch {
    /// The rows that those of the batch name, table by table in the order in which every transaction writes them, without those of
    /// which enough is known.
    pub fn named_rows(&self, is_known: impl Fn(&'static Table, NamedRow<'_>) -> bool) -> Vec<NamedRows<'_>> {
        let mut found: BTreeMap<usize, BTreeMap<&str, Option<&str>>> = BTreeMap::new();
        for rows in self.rows().iter().filter(|rows| !rows.is_empty()) {
            for naming in NAMINGS.iter().filter(|naming| naming.table == rows.table()) {
                let place = TABLES.iter().position(|table| *table == naming.parent);
                let Some(place) = place else { continue };
                let parents = found.entry(place).or_default();
                for row in named_by(rows, naming).filter(|row| !is_known(naming.parent, *row)) {
                    let name = parents.entry(row.id).or_default();
                    *name = name.or(row.name);
                }
            }
        }
        found
            .into_iter()
            .filter(|(_, parents)| !parents.is_empty())
            .map(|(place, parents)| NamedRows {
                table: TABLES[place],
                rows: parents
                    .into_iter()
                    .map(|(id, name)| NamedRow { id, name })
                    .collect(),
            })
            .collect()
    }
}

/// What a column of these rows names; neighbours that name the same do so once.
fn named_by<'a>(rows: &'a Rows, naming: &Naming) -> impl Iterator<Item = NamedRow<'a>> {
    let ids = texts_of(rows, naming.column);
    let names = naming.name_column.map(|column| texts_of(rows, column));
    let mut last = None;
    ids.iter().enumerate().filter_map(move |(place, id)| {
        let row = NamedRow {
            id: id.as_deref()?,
            name: names.and_then(|names| names[place].as_deref()),
        };
        (last.replace(row) != Some(row)).then_some(row)
    })
}

fn texts_of<'a>(rows: &'a Rows, column: &str) -> &'a [Option<String>] {
    let place = rows.table().columns.iter().position(|known| known.name == column);
    match place.map(|place| &rows.columns()[place]) {
        Some(Values::Text(values)) => values,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_and_what_is_named_have_the_columns() {
        for naming in NAMINGS {
            let has = |table: &Table, column| table.columns.iter().any(|known| known.name == column);
            assert!(has(naming.table, naming.column), "{naming:?}");
            assert!(
                naming.name_column.is_none_or(|column| has(naming.table, column)),
                "{naming:?}"
            );
            assert!(has(naming.parent, "name"), "{naming:?}");
        }
    }

    fn lead(id: &str, agent: Option<&str>, name: Option<&str>, owner: &str) -> Lead {
        Lead {
            id: id.to_owned(),
            agent_id: agent.map(str::to_owned),
            agent_name: name.map(str::to_owned),
            owner_id: Some(owner.to_owned()),
            ..Lead::default()
        }
    }

    #[test]
    fn each_row_is_named_once_and_by_the_name_that_anything_tells() {
        let mut batch = Batch::default();
        for lead in [
            lead("1", Some("b"), None, "a"),
            lead("2", Some("b"), Some("Bea"), "a"),
            lead("3", None, None, "c"),
        ] {
            batch.push(lead, "{}");
        }
        let row = |id, name| NamedRow { id, name };
        let all = [row("a", None), row("b", Some("Bea")), row("c", None)];
        let named = batch.named_rows(|_, _| false);
        assert_eq!(named.len(), 1);
        assert_eq!((named[0].table, &*named[0].rows), (Agent::TABLE, &all[..]));
        let named = batch.named_rows(|_, row| row.id != "c");
        assert_eq!(named[0].rows, [row("c", None)]);
        assert_eq!(batch.named_rows(|_, _| true), []);
    }
}
