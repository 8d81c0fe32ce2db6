//! Which accounts a user has, and what each is like: derived from user, institution and what was opened or closed since.

use chrono::{DateTime, Utc};

use super::institution::BankInstitution;
use super::random::Key;
use super::state::UserState;
use super::user::{Profile, TestUser, UserRef};
use crate::domain::account::AccountSubtype::{self, *};
use crate::domain::product::Product;

/// The accounts of one user.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Names the person.
    pub person: Key,
    pub accounts: Vec<Planned>,
}

/// One account, before it has a name and numbers.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// Names the account.
    pub key: Key,
    pub id: String,
    pub subtype: AccountSubtype,
    /// Accounts of one household pay one another; a user with many accounts has several households.
    pub household: u64,
    /// Whether nothing ever happens in it.
    pub quiet: bool,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// What a household has for everyday money.
const EVERYDAY: [AccountSubtype; 3] = [Checking, Savings, CreditCard];
/// How many households the user with many accounts has.
const MANY: u64 = 12;
/// Households from this number on hold one account each that was opened later.
const OPENED_LATER: u64 = 1000;

impl Plan {
    pub fn new(seed: u64, user: &UserRef, institution: &BankInstitution, state: &UserState) -> Self {
        let person = Key::new(seed).name(&user.institution).name(&user.username);
        let profile = TestUser::find(&user.username).map(|known| known.profile);
        let accounts = profile
            .map(|profile| wanted(profile, institution.country()))
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, subtype)| offers(institution, *subtype))
            .map(|(household, subtype)| (household, subtype, None))
            .chain((OPENED_LATER..).zip(&state.opened).map(|(household, one)| (household, one.subtype, Some(one.at))))
            .map(|(household, subtype, opened_at)| {
                let key = person.name(subtype.as_str()).number(household);
                let id = key.id();
                let closed_at = state.closed.get(&id).copied();
                let quiet = profile == Some(Profile::Empty);
                Planned { key, id, subtype, household, quiet, opened_at, closed_at }
            })
            .collect();
        Self { person, accounts }
    }

    pub fn find(&self, id: &str) -> Option<&Planned> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The household's account of that kind.
    pub fn sibling(&self, account: &Planned, subtype: AccountSubtype) -> Option<&Planned> {
        self.accounts.iter().find(|other| other.household == account.household && other.subtype == subtype)
    }
}

impl Planned {
    /// What the account comes back to every month, in cents: held, or owed on a card.
    pub fn base(&self) -> i64 {
        let (low, high) = match self.subtype {
            Checking => (420_000, 650_000),
            Savings if self.opened_at.is_some() => (0, 0),
            Savings => (900_000, 2_400_000),
            CreditCard => (20_000, 90_000),
            _ => (0, 0),
        };
        self.key.name("base").draw().between(low, high)
    }

    /// How much a card lets its owner owe, in cents.
    pub fn credit_limit(&self) -> i64 {
        self.key.name("limit").draw().between(16, 30) * 50_000
    }

    /// A card's yearly interest, in hundredths of a percent.
    pub fn card_rate(&self) -> i64 {
        self.key.name("rate").draw().between(170, 279) * 10 + 9
    }

    /// What savings earn in a year, in hundredths of a percent.
    pub fn savings_rate(&self) -> i64 {
        self.key.name("rate").draw().between(180, 430)
    }

    /// Whether the ledger has transactions for it that a customer makes.
    pub fn is_everyday(&self) -> bool {
        EVERYDAY.contains(&self.subtype)
    }

    /// Whether it holds securities.
    pub fn is_investment(&self) -> bool {
        matches!(self.subtype, Brokerage | Plan401k | Ira | Roth | Retirement | TaxAdvantaged)
    }
}

/// Household and kind of each account that a user would have where everything is offered.
fn wanted(profile: Profile, country: &str) -> Vec<(u64, AccountSubtype)> {
    let everyday = |household| EVERYDAY.map(|subtype| (household, subtype));
    let retirement: [AccountSubtype; 2] = if country == "CA" { [Retirement, TaxAdvantaged] } else { [Plan401k, Ira] };
    match profile {
        Profile::NoAccounts => Vec::new(),
        Profile::CheckingOnly => vec![(0, Checking)],
        Profile::Empty => vec![(0, Checking), (0, Savings)],
        Profile::Many => (0..MANY).flat_map(everyday).collect(),
        Profile::Investor => {
            let mut accounts = vec![(0, Checking), (0, Brokerage), (1, Brokerage)];
            accounts.extend(retirement.map(|subtype| (0, subtype)));
            accounts.extend((country == "US").then_some((0, Roth)));
            accounts
        }
        _ => {
            let mut accounts = everyday(0).to_vec();
            accounts
                .extend([retirement[0], Brokerage, retirement[1], Mortgage, StudentLoan].map(|subtype| (0, subtype)));
            accounts
        }
    }
}

fn offers(institution: &BankInstitution, subtype: AccountSubtype) -> bool {
    institution.has(match subtype {
        Checking | Savings | CreditCard => Product::Transactions,
        Mortgage | StudentLoan => Product::Liabilities,
        _ => Product::InvestmentHoldings,
    })
}
