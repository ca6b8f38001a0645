//! The account's fixed furniture: campaigns, lists, queues, dispositions and system users.

/// A campaign with its lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Campaign {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) caller_id: u64,
    pub(super) lists: [u32; 2],
}

/// The campaigns.
pub(super) const CAMPAIGNS: [Campaign; 4] = [
    Campaign {
        id: 410,
        name: "Spring Outbound",
        caller_id: 3_235_550_100,
        lists: [1850, 1851],
    },
    Campaign {
        id: 411,
        name: "Renewals & Upgrades",
        caller_id: 4_155_550_101,
        lists: [1860, 1861],
    },
    Campaign {
        id: 415,
        name: "Web Callbacks",
        caller_id: 6_025_550_102,
        lists: [1870, 1871],
    },
    Campaign {
        id: 420,
        name: "Support \"Blended\"",
        caller_id: 7_205_550_103,
        lists: [1880, 1881],
    },
];

/// A queue of inbound calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) number: u64,
}

/// The queues.
pub(super) const QUEUES: [Queue; 3] = [
    Queue {
        id: 31,
        name: "Sales Inbound",
        number: 2_135_550_190,
    },
    Queue {
        id: 32,
        name: "Service",
        number: 2_135_550_191,
    },
    Queue {
        id: 35,
        name: "Español",
        number: 2_135_550_192,
    },
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

const fn ending(disposition: Disposition, user_id: u32, reason: Option<&'static str>) -> Ending {
    Ending {
        disposition,
        user_id,
        reason,
    }
}

/// The system's endings of outbound calls, the frequent ones several times.
pub(super) const OUTBOUND_ENDINGS: [Ending; 8] = [
    ending(named("AA", "Answering Machine Auto"), 666_666, None),
    ending(named("NA", "No Answer AutoDial"), 666_667, Some("")),
    ending(named("AA", "Answering Machine Auto"), 666_666, None),
    ending(named("B", "Busy"), 666_667, Some("BUSY")),
    ending(named("AA", "Answering Machine Auto"), 666_666, Some("SYSTEM")),
    ending(named("DC", "Disconnected Number"), 0, Some("SYSTEM")),
    ending(
        named("PDROP", "Outbound Pre-Routing Drop"),
        666_667,
        Some("QUEUE"),
    ),
    ending(named("XDROP", "Drop Before Agent"), 666_667, None),
];

/// The system's endings of inbound calls.
pub(super) const INBOUND_ENDINGS: [Ending; 4] = [
    ending(named("WAITTO", "Wait Timeout"), 666_671, None),
    ending(named("DROP", "Agent Not Available"), 666_671, Some("QUEUE")),
    ending(named("XDROP", "Drop Before Agent"), 666_671, None),
    ending(named("CALLHU", "Caller Hung Up"), 666_671, Some("CUSTOMER")),
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
