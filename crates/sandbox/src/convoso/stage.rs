//! The life of one call: what is true about it at one instant.

use super::catalogue::{Disposition, Ending, LIVE, WRAP_UP};
use super::story::{Fate, Story, Talk};

/// A text somebody wrote into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comment {
    None,
    Written(usize),
    Edited(usize),
}

/// A call as it stands at one instant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) is_live: bool,
    pub(super) disposition: Disposition,
    pub(super) seconds: Option<i64>,
    pub(super) reason: &'static str,
    pub(super) comment: Comment,
    pub(super) recording_count: u32,
}

impl Story {
    pub(super) fn stage(&self, now: i64) -> Stage {
        let hang_up = self.start + self.seconds;
        let is_live = now < hang_up;
        let mut stage = Stage {
            is_live,
            disposition: LIVE,
            seconds: None,
            // Both forms were seen in client programs.
            reason: if self.form.is_multiple_of(3) { "" } else { "NONE" },
            comment: Comment::None,
            recording_count: 0,
        };
        if !is_live {
            match &self.fate {
                Fate::System(ending) => stage.end(ending, self.seconds),
                Fate::Talk(talk) => stage.follow(talk, self.seconds, now - hang_up),
            }
        }
        stage
    }
}

impl Stage {
    /// Some endings are final without a length and without a reason (seen in client programs).
    fn end(&mut self, ending: &Ending, seconds: i64) {
        self.disposition = ending.disposition;
        self.seconds = ending.reason.map(|_| seconds);
        self.reason = ending.reason.unwrap_or("NONE");
    }

    fn follow(&mut self, talk: &Talk, seconds: i64, since_hang_up: i64) {
        self.seconds = Some(seconds);
        self.reason = talk.reason;
        self.disposition = WRAP_UP;
        if since_hang_up >= talk.wrap_seconds {
            self.disposition = talk.chosen;
            self.comment = Comment::Written(talk.comment);
        }
        if let Some((_, correction)) = talk.corrected.filter(|(after, _)| since_hang_up >= *after) {
            self.disposition = correction;
        }
        if let Some((_, text)) = talk.edited.filter(|(after, _)| since_hang_up >= *after) {
            self.comment = Comment::Edited(text);
        }
        if let Some((_, count)) = talk.recorded.filter(|(after, _)| since_hang_up >= *after) {
            self.recording_count = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convoso::calls::Call;

    const HOUR: i64 = 3600;

    fn stories() -> impl Iterator<Item = Story> {
        (0..20_000).map(|number| {
            Story::of(
                7,
                12,
                &Call {
                    local: 0,
                    number,
                    start: 1_000_000,
                },
            )
        })
    }

    fn end(story: &Story) -> i64 {
        story.start + story.seconds
    }

    #[test]
    fn a_call_begins_live_without_length_and_reason() {
        for story in stories().filter(|story| story.seconds > 0) {
            let stage = story.stage(story.start);
            assert_eq!(
                (stage.is_live, stage.disposition, stage.seconds),
                (true, LIVE, None)
            );
            assert!(["", "NONE"].contains(&stage.reason));
            assert_eq!((stage.comment, stage.recording_count), (Comment::None, 0));
        }
    }

    #[test]
    fn a_conversation_gets_its_length_then_its_disposition_then_its_recording() {
        for story in stories() {
            let Fate::Talk(talk) = &story.fate else { continue };
            let hung_up = story.stage(end(&story));
            assert_eq!(
                (hung_up.seconds, hung_up.disposition),
                (Some(story.seconds), WRAP_UP)
            );
            let wrapped = story.stage(end(&story) + talk.wrap_seconds);
            assert_eq!((wrapped.disposition, wrapped.recording_count), (talk.chosen, 0));
            if let Some((after, count)) = talk.recorded {
                assert_eq!(story.stage(end(&story) + after - 1).recording_count, 0);
                assert_eq!(story.stage(end(&story) + after).recording_count, count);
            }
        }
    }

    #[test]
    fn a_few_conversations_are_corrected_a_day_later_and_a_few_comments_edited() {
        let mut counts = [0_u32; 3];
        for story in stories() {
            let Fate::Talk(talk) = &story.fate else { continue };
            let evening = story.stage(end(&story) + 19 * HOUR);
            let later = story.stage(end(&story) + 48 * HOUR);
            assert_eq!(evening.disposition, talk.chosen);
            counts[0] += 1;
            counts[1] += u32::from(later.disposition != talk.chosen);
            counts[2] += u32::from(matches!(later.comment, Comment::Edited(_)));
        }
        let share = |count: u32| f64::from(count) / f64::from(counts[0]);
        assert!((0.015..0.025).contains(&share(counts[1])), "{counts:?}");
        assert!((0.025..0.035).contains(&share(counts[2])), "{counts:?}");
    }

    #[test]
    fn some_system_endings_are_final_without_length_or_reason() {
        let mut seen = std::collections::BTreeSet::new();
        for story in stories() {
            let stage = story.stage(end(&story));
            if !stage.is_live && stage.seconds.is_none() {
                assert_eq!((stage.reason, &stage), ("NONE", &story.stage(i64::MAX)));
                seen.insert(stage.disposition.code);
            }
        }
        assert!(
            ["AA", "WAITTO", "XDROP"].iter().all(|code| seen.contains(code)),
            "{seen:?}"
        );
    }
}
