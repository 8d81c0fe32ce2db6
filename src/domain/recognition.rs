//! What a new link delivers again under other ids, recognised by what does not depend on the link (rule G2).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::account::{AccountType, Identifiers};
use super::ids::AccountId;
use super::transaction::TransactionStatus;

/// How many days the date of one transaction may differ between two links, or between its pending and its posted row.
const MOST_DAYS: u64 = 3;

/// What a pending transaction may be booked for at the most, as a share of what was held: a tip on top is seldom more than half of it.
const MOST_BOOKED: Decimal = Decimal::from_parts(15, 0, 0, false, 1);

/// And at the least. A hold may well exceed what is booked in the end: a pump holds 100 or 175 before the tank is filled, a hotel a deposit.
/// What is far less is likelier to be another purchase.
const LEAST_BOOKED: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

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
    /// How final it is.
    pub status: TransactionStatus,
}

/// For each transaction that is seen, which known one it is, if any: of the same account, amount and description, and of a date
/// that differs by three days at most; one to one, the nearest first, what is posted before what is pending.
pub fn recognize_transactions(known: &[TransactionTraits], seen: &[TransactionTraits]) -> Vec<Option<usize>> {
    let same = |known: &TransactionTraits, seen: &TransactionTraits| {
        (known.amount, known.quantity) == (seen.amount, seen.quantity)
    };
    let mut pairs = alike(known, seen, same);
    // By all that tells rows of one kind apart, so that it does not depend on the order they come in.
    pairs.sort_by_key(|&(at, index)| {
        let (known, seen) = (&known[at], &seen[index]);
        let posted_first = Reverse((seen.status, known.status));
        (days_between(known, seen), posted_first, seen.date, known.date, index, at)
    });
    let mut found = vec![None; seen.len()];
    let mut taken = vec![false; known.len()];
    for (at, index) in pairs {
        if found[index].is_none() && !taken[at] {
            (found[index], taken[at]) = (Some(at), true);
        }
    }
    found
}

/// For each row that is seen, which of the pending ones, all of them gone, it is, if any: as [`recognize_transactions`] says; and
/// among what is left a posted one may be booked for another amount than was held, where no other pending one can have become it, and no
/// other posted one come of that.
pub fn recognize_postings(gone: &[TransactionTraits], seen: &[TransactionTraits]) -> Vec<Option<usize>> {
    let mut found = recognize_transactions(gone, seen);
    let taken: HashSet<usize> = found.iter().copied().flatten().collect();
    let mut pairs = alike(gone, seen, may_become);
    pairs.retain(|(at, index)| found[*index].is_none() && !taken.contains(at));
    for (at, index) in only_choices(pairs) {
        found[index] = Some(at);
    }
    found
}

/// For each row that is seen, which of those that were removed while they were pending it is, if any: a posted one, as
/// [`recognize_postings`] says of another amount.
pub fn recognize_removed(removed: &[TransactionTraits], seen: &[TransactionTraits]) -> Vec<Option<usize>> {
    let mut found = vec![None; seen.len()];
    for (at, index) in only_choices(alike(removed, seen, may_become)) {
        found[index] = Some(at);
    }
    found
}

/// For each row that is seen, whether it may be one of these pending ones under another id, for all that is known before it shows which
/// of them are gone.
pub fn may_be_pending(pending: &[TransactionTraits], seen: &[TransactionTraits]) -> Vec<bool> {
    let mut may = vec![false; seen.len()];
    let fits = |pending: &TransactionTraits, seen: &TransactionTraits| {
        pending.amount == seen.amount || may_become(pending, seen)
    };
    alike(pending, seen, fits).into_iter().for_each(|(_, index)| may[index] = true);
    may
}

/// The pairs of which each side is in no other.
fn only_choices(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let (mut of_known, mut of_seen) = (HashMap::<_, usize>::new(), HashMap::<_, usize>::new());
    for (at, index) in &pairs {
        *of_known.entry(*at).or_default() += 1;
        *of_seen.entry(*index).or_default() += 1;
    }
    pairs.into_iter().filter(|(at, index)| of_known[at] == 1 && of_seen[index] == 1).collect()
}

/// Whether what was held may have been booked for that: money out stays money out, and the amounts are within bounds.
fn may_become(pending: &TransactionTraits, posted: &TransactionTraits) -> bool {
    let (held, booked) = (pending.amount, posted.amount);
    let bounds = [LEAST_BOOKED, MOST_BOOKED].map(|share| held.abs().checked_mul(share));
    pending.status == TransactionStatus::Pending
        && posted.status == TransactionStatus::Posted
        && held.is_sign_negative() == booked.is_sign_negative()
        && !held.is_zero()
        && matches!(bounds, [Some(least), Some(most)] if (least..=most).contains(&booked.abs()))
}

/// The pairs of a known and a seen one of one account and description that are three days apart at most, and fit.
fn alike(
    known: &[TransactionTraits],
    seen: &[TransactionTraits],
    fits: impl Fn(&TransactionTraits, &TransactionTraits) -> bool,
) -> Vec<(usize, usize)> {
    let key = |one: &TransactionTraits| (one.account_id, normalized(&one.description));
    let mut by_key: HashMap<_, BTreeSet<(NaiveDate, usize)>> = HashMap::new();
    for (at, one) in known.iter().enumerate() {
        by_key.entry(key(one)).or_default().insert((one.date, at));
    }
    let mut pairs = Vec::new();
    for (index, one) in seen.iter().enumerate() {
        let (first, last) = days_around(one.date);
        let near = by_key.get(&key(one)).into_iter().flat_map(|known| known.range((first, 0)..=(last, usize::MAX)));
        pairs.extend(near.filter(|(_, at)| fits(&known[*at], one)).map(|&(_, at)| (at, index)));
    }
    pairs
}

fn days_between(known: &TransactionTraits, seen: &TransactionTraits) -> u64 {
    (known.date - seen.date).num_days().unsigned_abs()
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
