//! leads/search: leads by filters of time, and the tombstones of those that are gone.

use fastrand::Rng;
use serde_json::{Value, json};

use super::catalogue::CAMPAIGNS;
use super::knobs::{EmptyLeads, Knobs};
use super::ledger::{Gone, Lead, Ledger};
use super::world::World;
use super::{Refused, echoed, span, whole};
use crate::question::{Answer, Question};

/// Documented greatest page.
const MOST: usize = 2_000;
/// Documented default.
const DEFAULT_LIMIT: usize = 10;

pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", DEFAULT_LIMIT, (7230, "Invalid limit"))?;
    if !(1..=MOST).contains(&limit) {
        return Err((7230, "Invalid limit"));
    }
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    let search = Search::read(question)?;
    let knobs = world.look(Knobs::clone);
    let mut dice = world.dice(knobs.ties);
    world.leads(|ledger, _| {
        let found = search.find(ledger, dice.as_mut());
        if found.is_empty() && knobs.empty_leads == EmptyLeads::Code6000 {
            return Err((6000, "Missing Lists"));
        }
        let rows = found.iter().skip(offset).take(limit);
        let rows: Vec<Value> = rows.map(|lead| record(ledger, lead, &knobs)).collect();
        let data = if knobs.leads_as_array {
            Value::Array(rows)
        } else {
            json!({
                "offset": echoed(question, "offset", offset), "limit": echoed(question, "limit", limit),
                "total": knobs.count(found.len()), "entries": rows,
            })
        };
        Ok(Answer::json(json!({"success": true, "data": data}).to_string()))
    })
}

/// What a question asks for: spans of local seconds, whose ends both count (assumed).
struct Search<'a> {
    updated: Option<(i64, i64)>,
    created: Option<(i64, i64)>,
    gone: Option<(Gone, (i64, i64))>,
    lead_id: Option<&'a str>,
    list_id: Option<&'a str>,
    status: Option<&'a str>,
}

impl<'a> Search<'a> {
    fn read(question: &'a Question) -> Result<Self, Refused> {
        let deleted = span(question, "deleted_at_start", "deleted_at_end")?;
        let archived = span(question, "archived_at_start", "archived_at_end")?;
        let deleted = deleted.map(|span| (Gone::Deleted, span));
        Ok(Self {
            updated: span(question, "updated_at_start_date", "updated_at_end_date")?,
            created: span(question, "created_at_start_date", "created_at_end_date")?,
            gone: deleted.or(archived.map(|span| (Gone::Archived, span))),
            lead_id: question.get("lead_id"),
            list_id: question.get("list_id"),
            status: question.get("status"),
        })
    }

    /// The leads in the vendor's order: by time of change where that is asked for (documented), else in no known one.
    fn find<'b>(&self, ledger: &'b Ledger, dice: Option<&mut Rng>) -> Vec<&'b Lead> {
        let mut found: Vec<&Lead> = ledger
            .leads
            .iter()
            .filter(|lead| self.fits(ledger, lead))
            .collect();
        if let Some(dice) = dice {
            dice.shuffle(&mut found);
        }
        if self.updated.is_some() {
            found.sort_by_key(|lead| lead.modified);
        } else {
            found.sort_by_key(|lead| lead.who.number.reverse_bits());
        }
        found
    }

    fn fits(&self, ledger: &Ledger, lead: &Lead) -> bool {
        let within = |span: Option<(i64, i64)>, at| {
            span.is_none_or(|(first, last)| (first..=last).contains(&ledger.wall(at)))
        };
        let stands = match (self.gone, lead.gone) {
            (None, None) => true,
            (Some((wanted, span)), Some((gone, at))) => wanted == gone && within(Some(span), at),
            _ => false,
        };
        let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted == own);
        stands
            && within(self.updated, lead.modified)
            && within(self.created, lead.created)
            && is(self.lead_id, &lead.who.number.to_string())
            && is(self.list_id, &lead.list.to_string())
            && is(self.status, &lead.status.0)
    }
}

/// A lead as the vendor writes it.
fn record(ledger: &Ledger, lead: &Lead, knobs: &Knobs) -> Value {
    let plain = |at: Option<i64>| at.map_or_else(String::new, |at| super::wall_text(ledger.wall(at)));
    let campaign = CAMPAIGNS
        .iter()
        .find(|campaign| campaign.lists.contains(&lead.list));
    let number = lead.who.number;
    let id = number.to_string();
    json!({
        "id": if knobs.lead_ids_as_numbers { json!(number) } else { json!(id) }, "lead_id": id,
        "created_at": ledger.iso(lead.created), "modified_at": ledger.iso(lead.modified),
        "first_name": lead.who.first, "last_name": lead.who.last, "email": lead.who.email,
        "status": lead.status.0, "status_name": lead.status.1,
        "user_id": lead.user_id.to_string(), "owner_id": (["1000777", "0", "0", "1000784"][number as usize % 4]),
        "created_by": "1000001", "last_modified_by": lead.user_id.to_string(),
        "source_id": (["API", "WEB"][number as usize % 2]), "source_name": (["API", "Web form"][number as usize % 2]),
        "list_id": lead.list.to_string(), "directory_name": super::furniture::list_name(lead.list),
        "campaign_uid": campaign.map(|campaign| campaign.id.to_string()),
        "campaign_name": campaign.map(|campaign| campaign.name),
        "locale_gmt": "-8.00", "called_since_last_reset": if lead.called > 0 { "Y" } else { "N" },
        "phone_code": "1", "phone_number": lead.who.phone.to_string(),
        "alt_phone_1": if number.is_multiple_of(7) { (lead.who.phone + 1).to_string() } else { String::new() },
        "alt_phone_2": if number.is_multiple_of(11) { (lead.who.phone + 2).to_string() } else { String::new() },
        "address1": format!("{} Sample Street", number % 900), "address2": if number.is_multiple_of(3) { "Floor 2" } else { "" },
        "city": (["Exampleville", "Sampleton"][number as usize % 2]), "state": (["CA", "NY", ""][number as usize % 3]),
        "postal_code": format!("{:05}", number % 99_999), "country": (["US", "CA"][number as usize % 2]),
        "gender": (["M", "F", "X"][number as usize % 3]),
        "called_count": lead.called.to_string(), "called_count_inbound": lead.called_inbound.to_string(),
        "last_called": plain(lead.last_called), "first_contacted_at": plain(lead.first_contacted),
        "is_contacted": if lead.first_contacted.is_some() { "1" } else { "0" },
        "field_1": lead.note, "field_84": "x",
    })
}

/// Every lead that ordinary searches show: its id and its record.
pub(super) fn all(ledger: &Ledger, knobs: &Knobs) -> Vec<(String, String)> {
    let present = ledger.leads.iter().filter(|lead| lead.gone.is_none());
    let pair = |lead: &Lead| {
        (
            lead.who.number.to_string(),
            record(ledger, lead, knobs).to_string(),
        )
    };
    present.map(pair).collect()
}
