//! Vendors for these tests: their words are those of the real ones, their streams read nothing.

use std::time::Duration;

use connectors::reader::OpenSlice;
use connectors::schema::{Agent, Entity as _};
use connectors::source::{
    Absence, ApiHost, Auth, Envelope, OptionDef, OptionForm, Request, Single, StreamDef, SyncMode, Vendor,
    explain_status, one_partition, says_gone_in_json,
};

pub(super) const VENDORS: &[&Vendor] = &[&CONVOSO, &CONVERSOCIAL, &CONVERTALK, &CONVERZ];

const PAGING: &dyn OpenSlice = &Single {
    request: |_| Request::get("agents"),
};

static CALLS: StreamDef = stream("calls");
static CHATS: StreamDef = stream("chats");
static CONVERSATIONS: StreamDef = stream("conversations");
static LEADS: StreamDef = stream("leads");

static CONVOSO: Vendor = Vendor {
    hosts: &[ApiHost {
        default_url: Some("https://api.convoso.com/v1"),
        ..host("base_url", "token", Auth::Field("auth_token"))
    }],
    options: &[option("lead_fields", OptionForm::Names)],
    time_zone: chrono_tz::America::Los_Angeles,
    streams: &[&CALLS, &LEADS],
    ..vendor("convoso")
};

static CONVERSOCIAL: Vendor = Vendor {
    hosts: &[
        ApiHost {
            default_url: Some("https://api.conversocial.com/v1.3"),
            ..host("base_url", "token_secret", BASIC)
        },
        ApiHost {
            name: "profiles",
            ..host("profiles_base_url", "token_secret", BASIC)
        },
        ApiHost {
            name: "other",
            ..host("other_url", "other_secret", Auth::Field("key"))
        },
    ],
    options: &[
        option("token_name", OptionForm::Text),
        option("other_url", OptionForm::Url),
        option("profiles_base_url", OptionForm::Url),
        option("labels", OptionForm::List),
        option("order", OptionForm::Choice(&["newest", "oldest"])),
        option("page_size", OptionForm::Number(1, 50)),
    ],
    fixed_time_zone: Some(chrono_tz::UTC),
    streams: &[&CONVERSATIONS],
    ..vendor("conversocial")
};

static CONVERTALK: Vendor = Vendor {
    hosts: &[
        ApiHost {
            default_url: Some("https://api.convertalk.com"),
            ..host("base_url", "bot_token", HEADER)
        },
        ApiHost {
            name: "keyed",
            default_url: Some("https://api.convertalk.com"),
            ..host("base_url", "api_key", HEADER)
        },
    ],
    options: &[
        required("customer_id", OptionForm::Text),
        required("bot_ids", OptionForm::List),
        option("token_header", OptionForm::Choice(&["x-bot-token", "x-bp-token"])),
    ],
    streams: &[&CHATS],
    ..vendor("convertalk")
};

static CONVERZ: Vendor = Vendor {
    hosts: &[host("base_url", "api_key", HEADER)],
    options: &[
        option("page_size", OptionForm::Number(100, 1_000_000)),
        option("metrics", OptionForm::List),
        option("reports", OptionForm::Lines(refuse_x)),
    ],
    streams: &[&CALLS],
    ..vendor("converz")
};

const BASIC: Auth = Auth::Basic { name: "token_name" };
const HEADER: Auth = Auth::Header {
    name: "x-key",
    prefix: "",
    with: &[],
};

const fn vendor(name: &'static str) -> Vendor {
    Vendor {
        name,
        hosts: &[],
        options: &[],
        time_zone: chrono_tz::UTC,
        fixed_time_zone: None,
        requests_per_minute: 60,
        max_in_flight: 1,
        timeout: Duration::from_mins(1),
        schedule: "0 */5 * * * *",
        identified_by: "agents",
        born_by: None,
        account_options: &[],
        system_agents: &[],
        streams: &[],
    }
}

const fn host(url_key: &'static str, secret: &'static str, auth: Auth) -> ApiHost {
    ApiHost {
        name: "",
        url_key,
        default_url: None,
        auth,
        secret,
    }
}

const fn option(name: &'static str, form: OptionForm) -> OptionDef {
    OptionDef {
        name,
        form,
        is_required: false,
    }
}

const fn required(name: &'static str, form: OptionForm) -> OptionDef {
    OptionDef {
        name,
        form,
        is_required: true,
    }
}

const fn stream(name: &'static str) -> StreamDef {
    StreamDef {
        name,
        fills: &[Agent::TABLE],
        completes: &[Agent::TABLE],
        mode: SyncMode::FullRefresh(Absence::ProvesNothing),
        host: "",
        schedule: None,
        is_on: true,
        partitions: one_partition,
        shaped_by: &[],
        dated_by: None,
        put_together: None,
        belongings: &[],
        promoted_by: None,
        paging: PAGING,
        has_unmarked_rows: false,
        envelope: |_, _| Ok(Envelope::default()),
        map: |_, _| Ok(()),
        explain: explain_status,
        says_gone: says_gone_in_json,
    }
}

fn refuse_x(text: &str) -> Result<(), &'static str> {
    if text.contains('x') {
        return Err("must do without an x");
    }
    Ok(())
}
