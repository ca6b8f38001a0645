//! One person over several sources: by what evidence, when it goes again, and in whatever order it came.

use std::collections::{BTreeMap, BTreeSet};

use connectors::schema::{Batch, Contact, ContactNote, Conversation, Entity as _, Lead};
use convene::warehouse::{Absences, RecordKey};

use crate::support::loader::TestLoader;

/// What a lead or a contact says of who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Lead(&'static str, Option<&'static str>, Option<&'static str>),
    Contact(
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
    ),
    /// A note that names a contact's profile.
    Note(&'static str, &'static str),
    /// A chat of this contact that became this lead.
    Chat(&'static str, &'static str),
}

impl TestLoader {
    async fn say(&self, said: Said) {
        let mut batch = Batch::default();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        match said {
            Said::Lead(id, email, phone) => batch.push(
                Lead {
                    id: id.to_owned(),
                    email: owned(email),
                    phone_e164: owned(phone),
                    ..Lead::default()
                },
                "{}",
            ),
            Said::Contact(id, email, phone, profile) => batch.push(
                Contact {
                    id: id.to_owned(),
                    email: owned(email),
                    phone_e164: owned(phone),
                    person_id: owned(profile),
                    ..Contact::default()
                },
                "{}",
            ),
            Said::Note(contact, profile) => batch.push(
                ContactNote {
                    id: format!("{contact}:{profile}"),
                    contact_id: owned(Some(contact)),
                    person_id: owned(Some(profile)),
                    ..ContactNote::default()
                },
                "{}",
            ),
            Said::Chat(contact, lead) => batch.push(
                Conversation {
                    id: format!("{contact}:{lead}"),
                    contact_id: owned(Some(contact)),
                    lead_id: owned(Some(lead)),
                    ..Conversation::default()
                },
                "{}",
            ),
        }
        self.slice(batch, |_, _| ()).await;
    }

    async fn refresh(&self) {
        self.warehouse.refresh_people().await.expect("they are decided");
    }

    /// The records of each person, as `kind:id` of one source.
    async fn persons(&self) -> BTreeSet<String> {
        let query = "select string_agg(kind || ':' || id, ' ' order by kind, id) from people.identities group by person_id";
        self.texts(query).await.into_iter().collect()
    }

    async fn why(&self) -> Vec<String> {
        self.texts("select concat_ws(' ', kind || ':' || id, rule, confidence) from people.identities order by kind, id")
            .await
    }
}

fn all(persons: &[&str]) -> BTreeSet<String> {
    persons.iter().map(|person| (*person).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_one_person_by_profile_address_and_a_number_of_one_address() {
    let loader = TestLoader::new().await;
    for said in [
        Said::Lead("1", Some("ann@x.org"), Some("+1555")),
        Said::Lead("2", Some(" Ann@X.org"), Some("+1666")),
        Said::Lead("3", None, Some("+1555")),
        Said::Lead("4", None, None),
        Said::Lead("5", Some("bob@x.org"), Some("+1777")),
        Said::Lead("6", Some("cat@x.org"), Some("+1777")),
        Said::Lead("7", None, Some("+1777")),
        Said::Contact("a", None, None, Some("p")),
        Said::Contact("b", None, None, Some("p")),
        Said::Note("c", "p"),
        Said::Contact("4", None, None, None),
        Said::Chat("4", "4"),
    ] {
        loader.say(said).await;
    }
    loader.refresh().await;
    assert_eq!(
        loader.persons().await,
        all(&[
            "lead:1 lead:2 lead:3",
            "contact:4 lead:4",
            "lead:5",
            "lead:6",
            "lead:7",
            "contact:a contact:b contact:c",
        ])
    );
    assert_eq!(
        loader.why().await,
        [
            "contact:4 same_record 1.0",
            "contact:a vendor_profile 1.0",
            "contact:b vendor_profile 1.0",
            "contact:c vendor_profile 1.0",
            "lead:1 email 0.95",
            "lead:2 email 0.95",
            "lead:3 unique_number 0.9",
            "lead:4 same_record 1.0",
            "lead:5 same_record 1.0",
            "lead:6 same_record 1.0",
            "lead:7 same_record 1.0",
        ]
    );
    let candidates = "select phone_e164 || ' ' || count(*) || ' ' || min(confidence) || ' ' || min(evidence ->> 'emails') from people.candidates group by phone_e164";
    assert_eq!(loader.texts(candidates).await, ["+1777 3 0.4 2"]);
    let record = |id: &str| RecordKey {
        kind: "lead".to_owned(),
        source: "social".to_owned(),
        id: id.to_owned(),
    };
    let sheet = loader
        .warehouse
        .find_person(&record("3"))
        .await
        .expect("it answers")
        .expect("it is there");
    assert_eq!(
        (sheet.person_id.as_str(), sheet.records.len()),
        ("lead:social:1", 3)
    );
    let sheet = loader
        .warehouse
        .find_person(&record("5"))
        .await
        .expect("it answers")
        .expect("it is there");
    assert_eq!(sheet.candidates.len(), 2);
    assert_eq!(
        loader
            .warehouse
            .find_person(&record("99"))
            .await
            .expect("it answers"),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn persons_keep_their_names_when_they_become_one_and_when_they_part() {
    let loader = TestLoader::new().await;
    let names = || loader.texts("select id || ' ' || person_id from people.identities order by id");
    loader.say(Said::Lead("1", Some("ann@x.org"), None)).await;
    loader.say(Said::Lead("2", Some("bob@x.org"), None)).await;
    loader.refresh().await;
    assert_eq!(names().await, ["1 lead:social:1", "2 lead:social:2"]);
    loader.say(Said::Lead("1", Some("bob@x.org"), None)).await;
    loader.refresh().await;
    assert_eq!(names().await, ["1 lead:social:1", "2 lead:social:1"]);
    let leads_on = "select person_id || ' > ' || merged_into from people.persons where ended_at is not null";
    assert_eq!(loader.texts(leads_on).await, ["lead:social:2 > lead:social:1"]);
    // The evidence goes: they part, and each has the name that it had.
    loader.say(Said::Lead("1", Some("ann@x.org"), None)).await;
    loader.refresh().await;
    assert_eq!(names().await, ["1 lead:social:1", "2 lead:social:2"]);
    assert_eq!(loader.texts(leads_on).await, Vec::<String>::new());
    // A number that gets a second address joins nobody any more.
    loader.say(Said::Lead("3", None, Some("+1555"))).await;
    loader
        .say(Said::Lead("1", Some("ann@x.org"), Some("+1555")))
        .await;
    loader.refresh().await;
    assert_eq!(
        names().await,
        ["1 lead:social:1", "2 lead:social:2", "3 lead:social:1"]
    );
    loader
        .say(Said::Lead("2", Some("bob@x.org"), Some("+1555")))
        .await;
    loader.refresh().await;
    assert_eq!(
        names().await,
        ["1 lead:social:1", "2 lead:social:2", "3 lead:social:3"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_record_ties_nobody_and_the_name_outlives_it() {
    let loader = TestLoader::new().await;
    for said in [
        Said::Lead("1", Some("ann@x.org"), Some("+1555")),
        Said::Lead("2", None, Some("+1555")),
        Said::Lead("3", Some("ann@x.org"), None),
    ] {
        loader.say(said).await;
    }
    loader.refresh().await;
    assert_eq!(loader.persons().await, all(&["lead:1 lead:2 lead:3"]));
    let seen: &[String] = vec!["2".to_owned(), "3".to_owned()].leak();
    loader
        .slice(Batch::default(), |_, completion| {
            completion.absences.push(Absences {
                table: Lead::TABLE,
                seen,
                only: Vec::new(),
                times: 1,
                share: 1.0,
            });
        })
        .await;
    loader.refresh().await;
    assert_eq!(loader.persons().await, all(&["lead:2", "lead:3"]));
    let names = "select id || ' ' || person_id from people.identities order by id";
    assert_eq!(loader.texts(names).await, ["2 lead:social:1", "3 lead:social:3"]);
    // It comes back, and all are one again, under the same name.
    loader
        .say(Said::Lead("1", Some("ann@x.org"), Some("+1555")))
        .await;
    loader.refresh().await;
    assert_eq!(loader.persons().await, all(&["lead:1 lead:2 lead:3"]));
    assert_eq!(
        loader
            .texts("select distinct person_id from people.identities")
            .await,
        ["lead:social:1"]
    );
}

/// Who is one person, by a plain reading of the rules.
fn expected(said: &BTreeMap<(u8, &'static str), Said>) -> BTreeSet<String> {
    type Text = Option<String>;
    let records: Vec<(String, Text, Text, Text)> = said
        .values()
        .map(|said| {
            let lower = |email: Option<&str>| email.map(str::to_lowercase);
            let owned = |text: Option<&str>| text.map(str::to_owned);
            match *said {
                Said::Lead(id, email, phone) => (format!("lead:{id}"), lower(email), owned(phone), None),
                Said::Contact(id, email, phone, profile) => (
                    format!("contact:{id}"),
                    lower(email),
                    owned(phone),
                    owned(profile),
                ),
                Said::Note(..) | Said::Chat(..) => unreachable!("the random records are none"),
            }
        })
        .collect();
    let emails = |phone: &str| {
        let with = records
            .iter()
            .filter(|(_, _, own, _)| own.as_deref() == Some(phone));
        with.filter_map(|(_, email, ..)| email.clone())
            .collect::<BTreeSet<_>>()
            .len()
    };
    let mut parts: Vec<usize> = (0..records.len()).collect();
    for one in 0..records.len() {
        for other in 0..one {
            let (a, b) = (&records[one], &records[other]);
            let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
            let is_one = same(&a.1, &b.1)
                || same(&a.3, &b.3)
                || (same(&a.2, &b.2) && a.2.as_deref().is_some_and(|phone| emails(phone) <= 1));
            if is_one {
                let (from, to) = (parts[one], parts[other]);
                for part in parts.iter_mut().filter(|part| **part == from) {
                    *part = to;
                }
            }
        }
    }
    let mut persons: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (place, part) in parts.into_iter().enumerate() {
        persons.entry(part).or_default().push(&records[place].0);
    }
    persons
        .into_values()
        .map(|mut records| {
            records.sort_unstable();
            records.join(" ")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_arrival_ends_in_the_same_persons() {
    const EMAILS: [Option<&str>; 6] = [
        None,
        None,
        Some("a@x.org"),
        Some("b@x.org"),
        Some("c@x.org"),
        Some("d@x.org"),
    ];
    const PHONES: [Option<&str>; 5] = [None, Some("+11"), Some("+12"), Some("+13"), Some("+14")];
    const PROFILES: [Option<&str>; 4] = [None, None, Some("p"), Some("q")];
    const IDS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];
    let mut random = fastrand::Rng::with_seed(4);
    for round in 0..4 {
        // What each record says in the end; on the way it may say other things.
        let mut draw = |id: &'static str, is_lead: bool| {
            let (email, phone) = (EMAILS[random.usize(..6)], PHONES[random.usize(..5)]);
            if is_lead {
                Said::Lead(id, email, phone)
            } else {
                Said::Contact(id, email, phone, PROFILES[random.usize(..4)])
            }
        };
        let mut last = BTreeMap::new();
        let mut before = Vec::new();
        for id in IDS {
            for (kind, is_lead) in [(0, true), (1, false)] {
                last.insert((kind, id), draw(id, is_lead));
                before.push(draw(id, is_lead));
            }
        }
        let wanted = expected(&last);
        for seed in 0..2 {
            let loader = TestLoader::new().await;
            let mut order = fastrand::Rng::with_seed(round * 10 + seed);
            let mut arrivals: Vec<Said> = before.iter().copied().filter(|_| order.bool()).collect();
            order.shuffle(&mut arrivals);
            let mut ends: Vec<Said> = last.values().copied().collect();
            order.shuffle(&mut ends);
            arrivals.extend(ends);
            for said in arrivals {
                loader.say(said).await;
                if order.u8(..3) == 0 {
                    loader.refresh().await;
                }
            }
            loader.refresh().await;
            assert_eq!(loader.persons().await, wanted, "round {round}: {last:#?}");
            let unbooked = "select count(*)::text from people.identities as i left join people.persons as p on p.person_id = i.person_id and p.ended_at is null
                where p.person_id is null";
            assert_eq!(loader.texts(unbooked).await, ["0"], "every person is booked");
            let empty = "select person_id from people.persons as p where ended_at is null and not exists (select from people.identities as i where i.person_id = p.person_id)";
            assert_eq!(
                loader.texts(empty).await,
                Vec::<String>::new(),
                "nobody is left without records"
            );
        }
    }
}
