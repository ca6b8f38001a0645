//! All simulated vendors: from a request to a response, without any server.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};

use crate::account::AnyAccount;
use crate::clock::Clock;
use crate::faults::{Fault, Faults, Rule};
use crate::options::Options;
use crate::request::{Request, Response};
use crate::request_log::{RequestLog, RequestRecord};
use crate::vendors::{conversocial, convertalk, converz, convoso};

/// One account at every vendor, made when it is first asked for. The people are the same everywhere.
pub struct Accounts {
    options: Options,
    clock: Clock,
    conversocial: OnceLock<Arc<conversocial::Account>>,
    convertalk: OnceLock<Arc<convertalk::Account>>,
    converz: OnceLock<Arc<converz::Account>>,
    convoso: OnceLock<Arc<convoso::Account>>,
}

impl Accounts {
    fn new(options: Options, clock: Clock) -> Self {
        Self {
            options,
            clock,
            conversocial: OnceLock::new(),
            convertalk: OnceLock::new(),
            converz: OnceLock::new(),
            convoso: OnceLock::new(),
        }
    }

    /// The account at Conversocial.
    pub fn conversocial(&self) -> &Arc<conversocial::Account> {
        self.conversocial
            .get_or_init(|| Arc::new(conversocial::open_account(&self.options, &self.clock)))
    }

    /// The account at Convertalk.
    pub fn convertalk(&self) -> &Arc<convertalk::Account> {
        self.convertalk
            .get_or_init(|| Arc::new(convertalk::open_account(&self.options, &self.clock)))
    }

    /// The tenant at Converz, which hears some calls of the account at Convoso.
    pub fn converz(&self) -> &Arc<converz::Account> {
        self.converz
            .get_or_init(|| Arc::new(converz::open_account(&self.options, &self.clock, self.convoso())))
    }

    /// The account at Convoso.
    pub fn convoso(&self) -> &Arc<convoso::Account> {
        self.convoso
            .get_or_init(|| Arc::new(convoso::open_account(&self.options, &self.clock)))
    }

    /// The account at the vendor of this name.
    pub(crate) fn named(&self, vendor: &str) -> Option<&dyn AnyAccount> {
        Some(match vendor {
            "conversocial" => &**self.conversocial(),
            "convertalk" => &**self.convertalk(),
            "converz" => &**self.converz(),
            "convoso" => &**self.convoso(),
            _ => return None,
        })
    }
}

/// A vendor's part of a path.
#[derive(Clone, Copy)]
struct Address<'a> {
    vendor: &'static str,
    /// What follows the prefix and a slash.
    path: &'a str,
}

/// The vendors, with what the paths of their addresses begin with.
const PREFIXES: [(&str, &str); 4] = [
    ("conversocial", conversocial::PREFIX),
    ("convertalk", convertalk::PREFIX),
    ("converz", converz::PREFIX),
    ("convoso", convoso::PREFIX),
];

fn address(path: &str) -> Option<Address<'_>> {
    PREFIXES.into_iter().find_map(|(vendor, prefix)| {
        let path = path.strip_prefix(prefix)?.strip_prefix('/')?;
        Some(Address { vendor, path })
    })
}

/// Simulated vendors that are asked by a call.
///
/// ```
/// use sandbox::{Options, Request, Simulator};
///
/// let simulator = Simulator::new(Options::new("2026-02-03T20:00:00Z".parse().unwrap()));
/// let request = Request::post("/convoso/v1/log/retrieve", "auth_token=sandbox-token&limit=5");
/// let response = simulator.respond(&request);
/// assert_eq!(response.status, 200);
/// assert!(response.body.contains("call_date"));
/// ```
pub struct Simulator {
    clock: Clock,
    accounts: Accounts,
    others: RwLock<Vec<Arc<Accounts>>>,
    faults: Faults,
    pub(crate) log: RequestLog,
    /// The last body of each path, kept while somebody wants to hear one again.
    last_bodies: Mutex<HashMap<String, String>>,
}

/// The accounts of the first token are the simulator's own.
impl Deref for Simulator {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

impl Simulator {
    /// Simulated vendors as the options say.
    pub fn new(options: Options) -> Self {
        let clock = Clock::new(options.now, options.running);
        Self {
            accounts: Accounts::new(options, clock.clone()),
            clock,
            others: RwLock::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
            last_bodies: Mutex::default(),
        }
    }

    /// Opens another account at every vendor under the same addresses: whoever comes with its token reads it.
    pub fn open_accounts(&self, options: Options) -> Arc<Accounts> {
        let accounts = Arc::new(Accounts::new(options, self.clock.clone()));
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        others.push(Arc::clone(&accounts));
        accounts
    }

    /// The requests received so far, oldest first; a bounded log keeps the newest.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.log.all()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.log.clear();
    }

    /// The greatest number of requests that were being answered at once by the server.
    pub fn most_in_flight(&self) -> usize {
        self.log.most_in_flight()
    }

    /// The next `times` requests whose path ends with `path` meet this fault; faults of one path queue up.
    pub fn fault(&self, path: &str, fault: Fault, times: u32) {
        self.add_rule(Rule::new(path, fault, times));
    }

    /// Requests that fit the rule meet its fault; rules queue up.
    pub fn add_rule(&self, rule: Rule) {
        self.faults.add(rule);
    }

    /// Forgets the faults still waiting.
    pub fn clear_faults(&self) {
        self.faults.clear();
    }

    /// Moves the simulated clock.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// The simulated time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The response to a request, faults and all.
    pub fn respond(&self, request: &Request) -> Response {
        if let Some(path) = request.path.strip_prefix("/sandbox/") {
            return self.control(path, request);
        }
        let Some(address) = address(&request.path) else {
            self.log.add(RequestRecord::new(request, &[]));
            return Response::html(404);
        };
        self.with_account(address, request, |account| {
            self.log.add(RequestRecord::new(request, account.secrets()));
            match self.faults.take(request, self.now()) {
                Some(fault) => self.respond_badly(&fault, account, address, request),
                None => self.respond_well(account, address, request),
            }
        })
    }

    /// The account whose credential the request has; without one the first account refuses it.
    fn with_account<T>(
        &self,
        address: Address<'_>,
        request: &Request,
        act: impl FnOnce(&dyn AnyAccount) -> T,
    ) -> T {
        let first = self.named(address.vendor).expect("prefixes name vendors");
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        if others.is_empty() || first.accepts_credential(request) {
            drop(others);
            return act(first);
        }
        let others = others.clone();
        let other = others
            .iter()
            .filter_map(|accounts| accounts.named(address.vendor))
            .find(|account| account.accepts_credential(request));
        act(other.unwrap_or(first))
    }

    fn respond_well(&self, account: &dyn AnyAccount, address: Address<'_>, request: &Request) -> Response {
        let response = account.respond(address.path, request);
        if self.faults.want_repeats() {
            self.last_bodies(|bodies| bodies.insert(request.path.clone(), response.body.clone()));
        }
        response
    }

    fn respond_badly(
        &self,
        fault: &Fault,
        account: &dyn AnyAccount,
        address: Address<'_>,
        request: &Request,
    ) -> Response {
        match fault {
            Fault::Refusal { code, text } => account.refusal(*code, text),
            Fault::Repeat => {
                let ordinary = account.respond(address.path, request);
                match self.last_bodies(|bodies| bodies.get(&request.path).cloned()) {
                    Some(body) => Response { body, ..ordinary },
                    None => ordinary,
                }
            }
            fault => match fault.instead() {
                Some(response) => response,
                None => fault.spoil(account.respond(address.path, request), account.shape()),
            },
        }
    }

    fn last_bodies<T>(&self, act: impl FnOnce(&mut HashMap<String, String>) -> T) -> T {
        act(&mut self.last_bodies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
