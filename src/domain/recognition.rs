//! What a new link delivers again under other ids, recognised by what does not depend on the link (rule G2).

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::account::{AccountType, Identifiers};
use super::ids::AccountId;

/// How many days the date of one transaction may differ between two links.
const MOST_DAYS: u64 = 3;

/// What accounts are recognised by.
#[derive(Clone, Debug)]
pub struct AccountTraits<'a> {
    /// The ids that the provider has called it by; one where it is just seen.
    pub provider_ids: Vec<&'a str>,
    /// An id that survives a new link.
    pub persistent_id: Option<&'a str>,
    /// Its full numbers, where they are known.
    pub numbers: Numbers,
    /// Coarse type.
    pub account_type: AccountType,
    /// Its name.
    pub name: &'a str,
    /// Last digits.
    pub mask: Option<&'a str>,
    /// ISO 4217.
    pub currency: Option<&'a str>,
    /// What it holds.
    pub current: Option<Decimal>,
}

/// Full numbers in a form that can be compared, by kind. Tokens in a number's place are left out: each link has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<&'static str, String>);

impl Numbers {
    /// Those of an account.
    pub fn of(identifiers: &Identifiers) -> Self {
        let ach = identifiers.ach.iter().filter(|ach| !ach.is_tokenized).map(|ach| ("ach", ach.account.clone()));
        let eft = identifiers.eft.iter().map(|eft| ("eft", format!("{}/{}", eft.branch, eft.account)));
        let bacs = identifiers.bacs.iter().map(|bacs| ("bacs", format!("{}/{}", bacs.sort_code, bacs.account)));
        let international = identifiers.international.iter().map(|one| ("iban", one.iban.clone()));
        let plain = |text: String| text.chars().filter(|c| c.is_alphanumeric() || *c == '/').collect();
        Self(ach.chain(eft).chain(bacs).chain(international).map(|(kind, text)| (kind, plain(text))).collect())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they are of one account; `None` where they cannot be compared.
    fn same(&self, other: &Self) -> Option<bool> {
        let mut comparable = self.0.iter().filter_map(|(kind, number)| Some(*number == *other.0.get(kind)?)).peekable();
        comparable.peek()?;
        Some(comparable.any(|same| same))
    }
}

/// The keys, strongest first: what a stronger one tells apart no weaker one joins.
#[derive(Clone, Copy)]
enum Key {
    ProviderId,
    PersistentId,
    Numbers,
    Looks,
}

impl Key {
    const ALL: [Self; 4] = [Self::ProviderId, Self::PersistentId, Self::Numbers, Self::Looks];

    /// Whether the two are one account by this key; `None` where it does not say.
    fn same(self, known: &AccountTraits<'_>, seen: &AccountTraits<'_>) -> Option<bool> {
        match self {
            // Another id says nothing: that is what a new link has.
            Self::ProviderId => known.provider_ids.iter().any(|id| seen.provider_ids.contains(id)).then_some(true),
            Self::PersistentId => known.persistent_id.zip(seen.persistent_id).map(|(known, seen)| known == seen),
            Self::Numbers => known.numbers.same(&seen.numbers),
            Self::Looks => Some(
                (known.account_type, known.mask) == (seen.account_type, seen.mask)
                    && normalized(known.name) == normalized(seen.name),
            ),
        }
    }
}

/// For each account that is seen, which known one it is, if any: by the strongest key that says so, one to one.
pub fn recognize_accounts(known: &[AccountTraits<'_>], seen: &[AccountTraits<'_>]) -> Vec<Option<usize>> {
    let mut found = vec![None; seen.len()];
    let mut taken = vec![false; known.len()];
    for rank in 0..Key::ALL.len() {
        for (account, found) in seen.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let fits = |at: &usize| !taken[*at] && are_same(&known[*at], account, rank);
            // Several that look alike are told apart by what they hold.
            *found = (0..known.len()).filter(fits).min_by_key(|&at| {
                let one = &known[at];
                (one.currency != account.currency, one.current != account.current, at)
            });
            if let Some(at) = *found {
                taken[at] = true;
            }
        }
    }
    found
}

/// Whether the key of that rank says that they are one account, and no stronger one that they are not.
fn are_same(known: &AccountTraits<'_>, seen: &AccountTraits<'_>, rank: usize) -> bool {
    Key::ALL[..rank].iter().all(|key| key.same(known, seen) != Some(false))
        && Key::ALL[rank].same(known, seen) == Some(true)
}

/// What transactions are recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionTraits {
    /// Of which account.
    pub account_id: AccountId,
    /// Positive = money out.
    pub amount: Decimal,
    /// How much of a security was moved, where one was.
    pub quantity: Option<Decimal>,
    /// What the institution wrote.
    pub description: String,
    /// When it was made.
    pub date: NaiveDate,
}

/// For each transaction that is seen, which known one it is, if any: of the same account, amount and description, and of a date
/// that differs by three days at most; one to one, the nearest first.
pub fn recognize_transactions(known: &[TransactionTraits], seen: &[TransactionTraits]) -> Vec<Option<usize>> {
    let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, one) in known.iter().enumerate() {
        alike.entry(key(one)).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for (index, one) in seen.iter().enumerate() {
        for &at in alike.get(&key(one)).into_iter().flatten() {
            let days = (known[at].date - one.date).num_days().unsigned_abs();
            if days <= MOST_DAYS {
                pairs.push((days, index, at));
            }
        }
    }
    pairs.sort_unstable();
    let mut found = vec![None; seen.len()];
    let mut taken = vec![false; known.len()];
    for (_, index, at) in pairs {
        if found[index].is_none() && !taken[at] {
            (found[index], taken[at]) = (Some(at), true);
        }
    }
    found
}

fn key(one: &TransactionTraits) -> (AccountId, Decimal, Option<Decimal>, String) {
    (one.account_id, one.amount, one.quantity, normalized(&one.description))
}

/// The first and last day on which a transaction may be known that is seen on that day.
pub fn days_around(date: NaiveDate) -> (NaiveDate, NaiveDate) {
    let days = chrono::Days::new(MOST_DAYS);
    (date.checked_sub_days(days).unwrap_or(date), date.checked_add_days(days).unwrap_or(date))
}

/// Without case, and with one space for whatever is neither letter nor digit.
fn normalized(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
