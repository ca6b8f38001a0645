//! users/search: agents as an object of rows.

use super::knobs::{EmptyUsers, Knobs};
use super::roster::Agent;
use super::world::{State, World};
use super::{Refused, count, echo, whole};
use crate::json::{Object, push_number};
use crate::question::{Answer, Question};

/// Documented default.
const DEFAULT_LIMIT: usize = 20;
/// No greatest page is documented (assumed).
const MOST: usize = 500;

pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", DEFAULT_LIMIT, (7230, "Invalid limit"))?.min(MOST);
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    let knobs = world.look(Knobs::clone);
    world.read(|state, _| {
        let found = find(state, question);
        if found.is_empty() && knobs.empty_users == EmptyUsers::Code6005 {
            return Err((6005, "Missing Users"));
        }
        let mut body = String::from(r#"{"success":true,"data":"#);
        let mut data = Object::open(&mut body);
        echo(&mut data, question, "offset", offset);
        echo(&mut data, question, "limit", limit);
        count(&mut data, &knobs, "total", found.len());
        push_results(data.key("results"), found.into_iter().skip(offset).take(limit));
        data.close();
        body.push('}');
        Ok(Answer::json(body))
    })
}

fn find<'a>(state: &'a State, question: &Question) -> Vec<&'a Agent> {
    let words = question.get("user");
    state
        .roster
        .present()
        .filter(|agent| words.is_none_or(|words| agent.answers_to(words)))
        .collect()
}

/// An empty map comes as `[]`, as PHP writes it (assumed).
fn push_results<'a>(out: &mut String, rows: impl Iterator<Item = &'a Agent>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        out.push_str("[]");
        return;
    }
    let mut mark = '{';
    for agent in rows {
        out.push(mark);
        mark = ',';
        out.push('"');
        push_number(out, u64::from(agent.key()));
        out.push_str("\":");
        agent.push(out);
    }
    out.push('}');
}
