//! A call as a row of log/retrieve.

use std::fmt::Write;

use super::calls::Call;
use super::manner::{Manner, Row};
use super::scene::{Scene, View, id};
use super::story::{Fate, Kind};

impl Scene<'_> {
    /// Appends the row.
    pub(super) fn push(&self, out: &mut String, call: &Call) {
        let view = self.view(call);
        let manner = if self.is_dirty {
            Manner::of(call.number)
        } else {
            Manner::Usual
        };
        let mut row = Row::open(out, manner);
        self.push_people(&mut row, &view);
        self.push_course(&mut row, &view);
        self.push_ways(&mut row, &view);
        if self.with_recordings {
            self.push_recordings(&mut row, &view);
        }
        row.close();
    }

    fn push_people(&self, row: &mut Row<'_>, view: &View<'_>) {
        let story = &view.story;
        row.digits("id", Some(id(view.call.number)));
        row.digits("lead_id", story.lead.map(u64::from));
        row.digits("list_id", Some(u64::from(story.list)));
        row.digits(
            "campaign_id",
            story.campaign.map(|campaign| u64::from(campaign.id)),
        );
        row.text(
            "campaign",
            Some(story.campaign.map_or("", |campaign| campaign.name)),
        );
        let (user_id, user) = self.user(view);
        row.text("user", Some(user));
        row.digits("user_id", Some(u64::from(user_id)));
        row.digits("phone_number", Some(self.phone(view)));
        row.digits("number_dialed", Some(self.dialed(view)));
        let [first, last] = self.name(view);
        row.text("first_name", first);
        row.text("last_name", last);
    }

    fn push_course(&self, row: &mut Row<'_>, view: &View<'_>) {
        let (status, status_name) = view.status();
        row.text("status", Some(status));
        row.text("status_name", Some(status_name));
        match view.stage.seconds {
            Some(seconds) => row.digits("call_length", Some(seconds.unsigned_abs())),
            // Both forms of "no length yet" were seen in client programs.
            None => row.text("call_length", (view.story.form.is_multiple_of(4)).then_some("")),
        }
        row.date(
            "call_date",
            (!self.broken.contains(&view.call.number)).then_some(view.call.local),
        );
        row.text("agent_comment", self.comment(view));
    }

    fn push_ways(&self, row: &mut Row<'_>, view: &View<'_>) {
        let story = &view.story;
        // Older replies name the queue by id, newer ones by name, the published sample does both.
        if story.form % 10 != 1 {
            row.digits("queue_id", story.queue.map(|queue| u64::from(queue.id)));
        }
        row.end_of_old();
        if !story.form.is_multiple_of(10) {
            row.text("queue", story.queue.map(|queue| queue.name));
        }
        row.digits("called_count", Some(u64::from(story.called_count)));
        row.digits(
            "caller_id_displayed",
            Some(story.campaign.map_or(0, |campaign| campaign.caller_id)),
        );
        if let Some(queue) = story.queue.filter(|_| story.form & 32 == 0) {
            row.digits("inbound_number", Some(queue.number));
        }
        row.text("term_reason", Some(view.stage.reason));
        row.text("call_type", Some(story.kind.word()));
        row.digits(
            "queue_position",
            Some(u64::from(
                1 + story.form / 64 % if story.queue.is_some() { 6 } else { 1 },
            )),
        );
        row.wait(
            "queue_seconds",
            if story.queue.is_some() {
                story.queue_tenths
            } else {
                0
            },
        );
        let Fate::Talk(talk) = &story.fate else {
            row.text("originating_agent_id", None);
            row.text("session_id", None);
            return;
        };
        row.digits(
            "originating_agent_id",
            talk.originator.map(|place| u64::from(self.roster.at(place).id)),
        );
        // A third leg shares the session of the call before it (assumed).
        let leg = view
            .call
            .number
            .saturating_sub(u32::from(story.kind == Kind::ThreeWay));
        row.session("session_id", leg);
    }

    fn push_recordings(&self, row: &mut Row<'_>, view: &View<'_>) {
        let count = view.stage.recording_count + view.edit.map_or(0, |edit| edit.more_recordings);
        // Without recordings the field is an empty array or absent; both were seen in client programs.
        if count == 0 && view.story.form % 16 == 5 {
            return;
        }
        let phone = self.phone(view);
        let Some(out) = row.key("recording") else { return };
        out.push('[');
        for place in 0..count {
            if place > 0 {
                out.push(',');
            }
            let id = recording_id(view.call.number, place);
            let quote = if (view.story.form + place).is_multiple_of(4) {
                ""
            } else {
                "\""
            };
            write!(
                out,
                r#"{{"src":"https://rec.sim.example/r/{id}.mp3","type":"audio/mpeg","recording_id":{quote}{id}{quote},"#,
            )
            .and_then(|()| {
                write!(out, r#""filename":"{id}_{phone}.mp3","public_url":"https://rec.sim.example/p/{id}"}}"#)
            })
            .expect("writing to a String cannot fail");
        }
        out.push(']');
    }
}

/// The id of a call's recording.
pub(super) fn recording_id(call: u32, place: u32) -> u64 {
    u64::from(call) * 64 + u64::from(place) + 55_501
}
