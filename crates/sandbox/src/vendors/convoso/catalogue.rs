//! What never changes about an account: campaigns with their lists, queues, dispositions, system users, what agents write.

/// A campaign with its lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Campaign {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) caller_id: u64,
    pub(super) lists: [u32; 2],
}

const fn campaign(id: u32, name: &'static str, caller_id: u64, first_list: u32) -> Campaign {
    Campaign {
        id,
        name,
        caller_id,
        lists: [first_list, first_list + 1],
    }
}

/// The campaigns.
pub(super) const CAMPAIGNS: [Campaign; 4] = [
    campaign(410, "Spring Outbound", 3_235_550_100, 1850),
    campaign(411, "Renewals & Upgrades", 4_155_550_101, 1860),
    campaign(415, "Web Callbacks", 6_025_550_102, 1870),
    campaign(420, "Support \"Blended\"", 7_205_550_103, 1880),
];

/// The ids of all lists.
pub(super) fn list_ids() -> impl Iterator<Item = u32> {
    CAMPAIGNS.iter().flat_map(|campaign| campaign.lists)
}

/// A queue of inbound calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) number: u64,
}

const fn queue(id: u32, name: &'static str, number: u64) -> Queue {
    Queue { id, name, number }
}

/// The queues.
pub(super) const QUEUES: [Queue; 3] = [
    queue(31, "Sales Inbound", 2_135_550_190),
    queue(32, "Service", 2_135_550_191),
    queue(35, "Español", 2_135_550_192),
];

/// A disposition: its code and its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
}

const fn named(code: &'static str, name: &'static str) -> Disposition {
    Disposition { code, name }
}

/// What a call is called while it lasts; clients recognise it by the label.
pub(super) const LIVE: Disposition = named("INCALL", "Call In Progress");
/// What a call is called from hang-up to the agent's choice.
pub(super) const WRAP_UP: Disposition = named("HU", "Hung Up");

/// What agents choose, the frequent ones several times.
pub(super) const CHOSEN: [Disposition; 10] = [
    named("NI", "Not Interested"),
    named("CALLBK", "Call Back"),
    named("SALE", "Sale Made"),
    named("AM", "Answering Machine"),
    named("NI", "Not Interested"),
    named("WN", "Wrong Number"),
    named("DNC", "Do Not Call"),
    named("CALLBK", "Call Back"),
    named("XFERD", "Transferred \u{2192} Closer"),
    named("NQ", "Not Qualified"),
];

/// How the system ends a call that no agent took.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) disposition: Disposition,
    /// The system user the call is booked on; 0 where the vendor says `"0"`.
    pub(super) user_id: u32,
    /// Whether the call ends with a length and this reason; without one it never has a length.
    pub(super) reason: Option<&'static str>,
}

const fn ending(
    code: &'static str,
    name: &'static str,
    user_id: u32,
    reason: Option<&'static str>,
) -> Ending {
    Ending {
        disposition: named(code, name),
        user_id,
        reason,
    }
}

/// The system's endings of outbound calls, the frequent ones several times.
pub(super) const OUTBOUND_ENDINGS: [Ending; 8] = [
    ending("AA", "Answering Machine Auto", 666_666, None),
    ending("NA", "No Answer AutoDial", 666_667, Some("")),
    ending("AA", "Answering Machine Auto", 666_666, None),
    ending("B", "Busy", 666_667, Some("BUSY")),
    ending("AA", "Answering Machine Auto", 666_666, Some("SYSTEM")),
    ending("DC", "Disconnected Number", 0, Some("SYSTEM")),
    ending("PDROP", "Outbound Pre-Routing Drop", 666_667, Some("QUEUE")),
    ending("XDROP", "Drop Before Agent", 666_667, None),
];

/// The system's endings of inbound calls.
pub(super) const INBOUND_ENDINGS: [Ending; 4] = [
    ending("WAITTO", "Wait Timeout", 666_671, None),
    ending("DROP", "Agent Not Available", 666_671, Some("QUEUE")),
    ending("XDROP", "Drop Before Agent", 666_671, None),
    ending("CALLHU", "Caller Hung Up", 666_671, Some("CUSTOMER")),
];

/// The users that are no people; users/search does not list them (seen in client programs).
pub(super) const SYSTEM_USERS: [u32; 3] = [666_666, 666_667, 666_671];
/// What the log calls a system user.
pub(super) const SYSTEM_NAME: &str = "System User";

/// What agents write; the vendor's literal `null` is among it.
pub(super) const COMMENTS: [&str; 12] = [
    "",
    "",
    "",
    "Left a message",
    "said \"not now\", try in May",
    "",
    "null",
    "wants prices:\n- basic\n- extra",
    "línea ocupada dos veces ☎",
    "",
    "C:\\fakepath is what she typed",
    "asked for a callback after 5 pm",
];

/// What is written into a comment afterwards.
pub(super) const EDITS: [&str; 4] = [
    "Reviewed: consent is on file",
    "QA: tone fine",
    "edited by supervisor",
    "wrong person \u{2014} see notes",
];
