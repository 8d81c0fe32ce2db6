//! A data network in memory, for tests of the engine alone: it keeps every state that its bank ever had, tells what changed between
//! two of them page by page, and can be told to misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};
use linkspan::domain::account::{AccountSubtype, AccountType, Balances};
use linkspan::domain::connection::Condition;
use linkspan::domain::investment::{Security, SecurityType};
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::domain::transaction::{Category, TransactionStatus};
use linkspan::providers::data::*;
use linkspan::providers::link::{LinkBegun, LinkContinuation, LinkProgress, LinkRequest};
use linkspan::providers::verbatim::Verbatim;
use linkspan::providers::{Context, Failure, FailureKind, Hint, Persistence, Provider, Spec, Webhook, plaid};
use rust_decimal::Decimal;
use tokio::sync::Notify;

/// A transaction at the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub account: String,
    pub cents: i64,
    /// What came on top of that, or was not taken of it, when it was booked: says nothing of where and when it was.
    pub tip: i64,
    pub pending: bool,
    /// The pending one that it replaces.
    pub replaces: Option<String>,
}

/// The bank's books: every transaction by its id.
pub type Books = BTreeMap<String, Row>;

/// In so many days rows are made; an amount of a cent less is made the day before.
const DAYS: u64 = 300;

/// What the network does at its next calls for transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Fails for a time.
    Fail,
    /// Says that data changed under the pages, though the cursor may be a run's first.
    Disturbed,
    /// Answers a page that leads back to itself.
    Circle,
    /// Refuses, for the customer has not consented, though the connection's consent names the product.
    Unconsented,
}

#[derive(Default)]
pub struct World {
    pub accounts: BTreeSet<String>,
    /// Delivered in transactions and holdings, but not listed yet: listed after so many more listings.
    pub unlisted: BTreeMap<String, usize>,
    pub holdings: Vec<String>,
    pub condition: Option<Condition>,
    pub consent_ends: Option<DateTime<Utc>>,
    /// Whether it fetches from the bank, where it says so.
    pub updating: Option<bool>,
    /// What it answers to a refresh.
    pub refuses: Option<Failure>,
    pub refreshed: usize,
    pub page: usize,
    /// Tells no changes: each run shows all, as one window of dates, and no row says which one it replaces.
    pub windows: bool,
    /// At the call with that number from now on.
    pub tricks: BTreeMap<usize, Trick>,
    /// Happens at the bank during the call with that number.
    pub meanwhile: BTreeMap<usize, Books>,
    /// The call with that number hangs, and tells so; it goes on when it is let.
    pub hang: Option<usize>,
    /// Cursors of other epochs are refused.
    pub epoch: usize,
    pub calls: usize,
    states: Vec<Books>,
}

impl World {
    /// What the bank's books hold now.
    pub fn books(&self) -> Books {
        self.states.last().cloned().unwrap_or_default()
    }

    pub fn set_books(&mut self, books: Books) {
        self.states.push(books);
    }

    /// Counts calls from here on.
    pub fn begin(&mut self) {
        self.calls = 0;
        self.tricks.clear();
        self.meanwhile.clear();
        self.hang = None;
    }

    fn transactions(&mut self, request: &TransactionsRequest) -> Result<TransactionsPage, Failure> {
        self.calls += 1;
        if let Some(books) = self.meanwhile.remove(&self.calls) {
            self.set_books(books);
        }
        let sent = request.page_cursor.as_ref().or(request.run_cursor.as_ref());
        let trick = self.tricks.get(&self.calls).copied();
        match trick {
            Some(Trick::Fail) => return Err(failure(FailureKind::Unavailable, "DOWN")),
            Some(Trick::Disturbed) => return Err(failure(FailureKind::Restart, "DISTURBED")),
            Some(Trick::Unconsented) => {
                return Err(Failure {
                    persistence: Persistence::NeedsUser,
                    ..failure(FailureKind::Consent, "CONSENT")
                });
            }
            _ => {}
        }
        let Some(cursor) = Cursor::read(sent.map_or("", String::as_str), self.epoch) else {
            return Err(failure(FailureKind::Restart, "NO_SUCH_CURSOR"));
        };
        let now = self.states.len();
        let (target, delivered) = cursor.run.unwrap_or((now, 0));
        if target != now {
            return Err(failure(FailureKind::Restart, "DISTURBED"));
        }
        let seen = if self.windows { 0 } else { cursor.seen };
        let mut page = self.page(seen, target, delivered);
        if self.windows {
            page.added.iter_mut().for_each(|row| row.pending_transaction_id = None);
            let (from, to) = (first_day(), first_day() + Days::new(400));
            page.whole =
                (!page.has_more).then_some(Window { provider_account_id: None, from, to }).into_iter().collect();
        }
        if trick == Some(Trick::Circle) {
            page.has_more = true;
            page.next_cursor = sent.cloned().unwrap_or_else(|| Cursor { seen: 0, run: None }.write(self.epoch));
            self.tricks.insert(self.calls + 1, Trick::Circle);
        }
        Ok(page)
    }

    fn page(&self, seen: usize, target: usize, delivered: usize) -> TransactionsPage {
        let empty = Books::new();
        let state = |number: usize| number.checked_sub(1).map_or(&empty, |index| &self.states[index]);
        let (old, new) = (state(seen), state(target));
        let shown = new.iter().filter(|(id, row)| old.get(*id) != Some(row)).map(|(id, row)| Ok((id, row)));
        let gone = old.keys().filter(|id| !new.contains_key(*id)).map(Err);
        let all: Vec<_> = shown.chain(gone).collect();
        let mut page = TransactionsPage {
            added: Vec::new(),
            modified: Vec::new(),
            removed: Vec::new(),
            next_cursor: String::new(),
            has_more: false,
            history: HistoryProgress::Complete,
            whole: Vec::new(),
        };
        for change in all.iter().skip(delivered).take(self.page) {
            match *change {
                Ok((id, row)) if old.contains_key(id) => page.modified.push(transaction(id, row)),
                Ok((id, row)) => page.added.push(transaction(id, row)),
                Err(id) => page.removed.push(id.clone()),
            }
        }
        page.has_more = delivered + self.page < all.len();
        let run = page.has_more.then_some((target, delivered + self.page));
        let seen = if page.has_more { seen } else { target };
        page.next_cursor = Cursor { seen, run }.write(self.epoch);
        page
    }
}

/// What the holder of a cursor has seen, and where the run of pages is: heading for which state, and how far.
struct Cursor {
    seen: usize,
    run: Option<(usize, usize)>,
}

impl Cursor {
    fn write(&self, epoch: usize) -> String {
        let run = self.run.map(|(target, delivered)| format!("{target}.{delivered}")).unwrap_or_default();
        format!("{epoch}|{}|{run}", self.seen)
    }

    fn read(text: &str, epoch: usize) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { seen: 0, run: None });
        }
        let mut parts = text.split('|');
        parts.next().filter(|its| its.parse() == Ok(epoch))?;
        let seen = parts.next()?.parse().ok()?;
        let run = parts
            .next()?
            .split_once('.')
            .map(|(target, delivered)| Some((target.parse().ok()?, delivered.parse().ok()?)));
        Some(Self { seen, run: run.flatten() })
    }
}

pub fn failure(kind: FailureKind, code: &str) -> Failure {
    Failure::new(kind, Persistence::Temporary, code, "as the test says")
}

/// Of the days in which rows are made; the last one is that of this test's beginning.
fn first_day() -> NaiveDate {
    static FIRST: LazyLock<NaiveDate> = LazyLock::new(|| Utc::now().date_naive() - Days::new(DAYS - 1));
    *FIRST
}

fn transaction(id: &str, row: &Row) -> ProviderTransaction {
    let date = first_day() + Days::new(row.cents.unsigned_abs() % DAYS);
    ProviderTransaction {
        provider_transaction_id: id.to_owned(),
        pending_transaction_id: row.replaces.clone(),
        provider_account_id: row.account.clone(),
        amount: Decimal::new(row.cents + row.tip, 2),
        currency: Some("USD".into()),
        description: format!("payment of {}", row.cents),
        merchant: None,
        category: Category::Other,
        status: if row.pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date: date,
        posted_date: (!row.pending).then_some(date),
    }
}

/// What stands behind a `#` tells links of one account apart, and is no part of its name.
fn account(id: &str) -> ProviderAccount {
    ProviderAccount {
        provider_account_id: id.to_owned(),
        persistent_id: None,
        name: id.split('#').next().unwrap_or(id).to_owned(),
        mask: None,
        account_type: AccountType::Depository,
        subtype: if id.starts_with("savings") { AccountSubtype::Savings } else { AccountSubtype::Checking },
        currency: Some("USD".into()),
        balances: Balances::default(),
        identifiers: None,
        owners: None,
        verification: None,
        verbatim: Verbatim::default(),
    }
}

fn holding(account: &str) -> ProviderHolding {
    ProviderHolding {
        provider_account_id: account.to_owned(),
        provider_security_id: "share".into(),
        security: Security { symbol: None, name: None, isin: None, cusip: None, security_type: SecurityType::Equity },
        quantity: Decimal::ONE,
        price: None,
        value: None,
        cost_basis: None,
        currency: Some("USD".into()),
        price_as_of: None,
    }
}

/// The network as a provider; clones share its world.
#[derive(Clone)]
pub struct Network {
    world: Arc<Mutex<World>>,
    /// A call hangs.
    pub hangs: Arc<Notify>,
    /// It may go on.
    pub go_on: Arc<Notify>,
}

impl Network {
    pub fn new() -> Self {
        let world = World { accounts: ["checking".into()].into(), page: 3, ..World::default() };
        Self { world: Arc::new(Mutex::new(world)), hangs: Arc::default(), go_on: Arc::default() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

fn never<T>() -> Result<T, Failure> {
    Err(Failure::unsupported("this"))
}

#[async_trait]
impl Provider for Network {
    fn spec(&self) -> &'static Spec {
        static WINDOWS: LazyLock<Spec> = LazyLock::new(|| Spec { reads_windows: true, ..plaid::spec::SPEC });
        if self.world().windows { &WINDOWS } else { &plaid::spec::SPEC }
    }

    async fn begin_link(&self, _: &Context<'_>, _: &LinkRequest) -> Result<LinkBegun, Failure> {
        never()
    }

    async fn continue_link(&self, _: &Context<'_>, _: &LinkContinuation) -> Result<LinkProgress, Failure> {
        never()
    }

    async fn status(&self, _: &Context<'_>, _: &Secret) -> Result<Observation, Failure> {
        let world = self.world();
        let products: BTreeSet<Product> = [Product::Transactions, Product::InvestmentHoldings].into();
        Ok(Observation {
            condition: world.condition.unwrap_or(Condition::HEALTHY),
            code: None,
            provider_connection_id: "object".into(),
            provider_institution_id: None,
            initialized: products.clone(),
            consented: products,
            consent_expires_at: world.consent_ends,
            updating: world.updating,
        })
    }

    async fn accounts(&self, _: &Context<'_>, _: &Secret, _: AccountsWanted) -> Result<Vec<ProviderAccount>, Failure> {
        let mut world = self.world();
        let mut accounts: Vec<_> = world.accounts.iter().map(|id| account(id)).collect();
        for (id, listings) in &mut world.unlisted {
            match listings.checked_sub(1) {
                Some(left) => *listings = left,
                None => accounts.push(account(id)),
            }
        }
        Ok(accounts)
    }

    async fn transactions(
        &self,
        _: &Context<'_>,
        _: &Secret,
        request: &TransactionsRequest,
    ) -> Result<TransactionsPage, Failure> {
        let answer = self.world().transactions(request);
        let hang = {
            let mut world = self.world();
            let calls = world.calls;
            world.hang.take_if(|number| *number == calls).is_some()
        };
        if hang {
            self.hangs.notify_one();
            self.go_on.notified().await;
        }
        answer
    }

    async fn holdings(&self, _: &Context<'_>, _: &Secret) -> Result<Vec<ProviderHolding>, Failure> {
        Ok(self.world().holdings.iter().map(|account| holding(account)).collect())
    }

    async fn investment_transactions(
        &self,
        _: &Context<'_>,
        _: &Secret,
        _: &InvestmentTransactionsRequest,
    ) -> Result<InvestmentTransactionsPage, Failure> {
        never()
    }

    async fn liabilities(&self, _: &Context<'_>, _: &Secret) -> Result<Vec<ProviderLiability>, Failure> {
        never()
    }

    async fn refresh(&self, _: &Context<'_>, _: &Secret, _: &RefreshRequest<'_>) -> Result<(), Failure> {
        let mut world = self.world();
        world.refreshed += 1;
        match world.refuses.clone() {
            Some(refusal) => Err(refusal),
            None => {
                world.updating = world.updating.map(|_| true);
                Ok(())
            }
        }
    }

    async fn processor_token(&self, _: &Context<'_>, _: &Secret, _: &str, _: &str) -> Result<Secret, Failure> {
        never()
    }

    async fn institutions(&self, _: &Context<'_>, _: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
        never()
    }

    async fn revoke(&self, _: &Context<'_>, _: &Secret) -> Result<(), Failure> {
        Ok(())
    }

    fn webhook_key_id(&self, _: &Webhook<'_>) -> Option<String> {
        None
    }

    fn webhook_signature(&self, _: &Webhook<'_>) -> Option<Vec<u8>> {
        None
    }

    async fn webhook_key(&self, _: &Context<'_>, _: &str) -> Result<WebhookKey, Failure> {
        never()
    }

    fn verify_webhook(&self, _: &WebhookKey, _: &Webhook<'_>, _: DateTime<Utc>) -> Result<(), WebhookRefused> {
        Ok(())
    }

    fn read_webhook(&self, _: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
        Ok(Vec::new())
    }
}
