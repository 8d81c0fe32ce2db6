//! What is delivered under other ids than before is recognised as what is known, and keeps our ids: after a fresh link under the same
//! connection (rule G2); and where a provider does not tell which pending transaction a new one is.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Run;
use crate::domain::account::{AccountStatus, Identifiers};
use crate::domain::ids::AccountId;
use crate::domain::problem::Problem;
use crate::domain::product::{Product, ProductState};
use crate::domain::recognition::{
    AccountTraits, Numbers, TransactionTraits, days_around, may_be_pending, recognize_accounts, recognize_postings,
    recognize_removed, recognize_transactions,
};
use crate::domain::transaction::TransactionStatus;
use crate::providers::data::{AccountsWanted, ProviderAccount};
use crate::store::{
    Account, AccountFilter, AccountSecret, Holding, InvestmentFilter, InvestmentTransaction, KnownRow, KnownRows,
    Missing, TenantTx, TransactionFacts,
};

/// The most accounts, or holdings, of a connection that are looked at.
const MOST: i64 = 10_000;

const TRANSACTIONS: &str = Product::Transactions.as_str();

/// An account that is not linked to any of the provider's now.
struct Unlinked {
    account: Account,
    /// The ids that it had.
    provider_ids: Vec<String>,
    identifiers: Option<Identifiers>,
}

impl Unlinked {
    fn traits(&self) -> AccountTraits<'_> {
        AccountTraits {
            provider_ids: self.provider_ids.iter().map(String::as_str).collect(),
            persistent_id: self.account.persistent_id.as_deref(),
            numbers: self.identifiers.as_ref().map(Numbers::of).unwrap_or_default(),
            account_type: self.account.account_type,
            name: &self.account.name,
            mask: self.account.mask.as_deref(),
            currency: self.account.currency.as_deref(),
            current: self.account.balances.current,
        }
    }
}

fn traits_of(account: &ProviderAccount) -> AccountTraits<'_> {
    AccountTraits {
        provider_ids: vec![&account.provider_account_id],
        persistent_id: account.persistent_id.as_deref(),
        numbers: account.identifiers.as_ref().map(Numbers::of).unwrap_or_default(),
        account_type: account.account_type,
        name: &account.name,
        mask: account.mask.as_deref(),
        currency: account.currency.as_deref(),
        current: account.balances.current,
    }
}

impl Run<'_> {
    /// The same accounts with their full numbers, where accounts are to be recognised by these. Without them there are other keys:
    /// a provider that does not give them hinders nothing.
    pub(super) async fn with_numbers(
        &self,
        mut accounts: Vec<ProviderAccount>,
    ) -> Result<Vec<ProviderAccount>, Problem> {
        let may_ask = self.products.iter().any(|row| {
            row.product == Product::Identifiers
                && row.is_due()
                && matches!(row.state, ProductState::Pending | ProductState::Available)
        });
        if !may_ask {
            return Ok(accounts);
        }
        let mut tx = self.begin().await?;
        let unlinked = self.unlinked(&mut tx).await?;
        tx.commit().await?;
        let by_numbers = |one: &Unlinked| one.identifiers.as_ref().is_some_and(|known| !Numbers::of(known).is_empty());
        if !unlinked.iter().any(by_numbers) {
            return Ok(accounts);
        }
        let wanted = AccountsWanted { identifiers: true, ..AccountsWanted::default() };
        let cx = self.entry.in_job(&self.sync.clock);
        let Ok(numbered) = self.entry.provider.accounts(&cx, &self.credential, wanted).await else {
            return Ok(accounts);
        };
        let mut numbers: HashMap<String, Option<Identifiers>> =
            numbered.into_iter().map(|one| (one.provider_account_id, one.identifiers)).collect();
        for account in &mut accounts {
            account.identifiers = numbers.remove(&account.provider_account_id).flatten();
        }
        Ok(accounts)
    }

    /// Which of these accounts, that are linked to none of ours, are ours all the same.
    pub(super) async fn recognized(
        &self,
        tx: &mut TenantTx,
        seen: &[&ProviderAccount],
    ) -> Result<HashMap<String, AccountId>, Problem> {
        let unlinked = if seen.is_empty() { Vec::new() } else { self.unlinked(tx).await? };
        let known: Vec<AccountTraits<'_>> = unlinked.iter().map(Unlinked::traits).collect();
        let seen_traits: Vec<AccountTraits<'_>> = seen.iter().map(|account| traits_of(account)).collect();
        let found = recognize_accounts(&known, &seen_traits);
        let pairs = seen.iter().zip(found).filter_map(|(account, at)| Some((account, unlinked.get(at?)?)));
        let mut ours = HashMap::new();
        for (account, one) in pairs {
            let tokens =
                one.identifiers.as_ref().and_then(|known| known.ach.as_ref()).is_some_and(|ach| ach.is_tokenized);
            if tokens {
                tx.forget_identifiers(one.account.id).await?;
            }
            ours.insert(account.provider_account_id.clone(), one.account.id);
        }
        Ok(ours)
    }

    /// The accounts that are linked to none of the provider's, those that are still shared first.
    async fn unlinked(&self, tx: &mut TenantTx) -> Result<Vec<Unlinked>, Problem> {
        let mut past = tx.past_account_links(self.id()).await?;
        if past.is_empty() {
            return Ok(Vec::new());
        }
        let filter = AccountFilter { connection_id: Some(self.id()), ..AccountFilter::default() };
        let mut unlinked = Vec::new();
        for account in tx.accounts(&filter, None, MOST, None).await? {
            let Some(provider_ids) = past.remove(&account.id) else { continue };
            // Of accounts that were removed nothing is kept.
            let identifiers = match account.status {
                AccountStatus::Removed => None,
                _ => tx.account_secret(account.id, AccountSecret::Identifiers, "linkspan").await?,
            };
            unlinked.push(Unlinked { account, provider_ids, identifiers });
        }
        unlinked.sort_by_key(|one| one.account.status != AccountStatus::Open);
        Ok(unlinked)
    }

    /// Gives transactions that an earlier link delivered already their new ids of the provider, so that they are written in their
    /// own place.
    pub(super) async fn adopt_transactions(&self, tx: &mut TenantTx, rows: &[TransactionFacts]) -> Result<(), Problem> {
        let seen = self.unknown_among(tx, rows).await?;
        let Some(span) = Span::of(&seen) else { return Ok(()) };
        let earlier = tx.earlier_transactions(self.id(), span.wanted(), &amounts_of(&seen)).await?;
        let (ids, provider_ids) = again(recognize_transactions, &earlier, &seen);
        Ok(tx.adopt_transactions(self.id(), &ids, &provider_ids).await?)
    }

    /// Keeps those rows of a page back that may be pending ones under other ids, which the run has not shown so far: when it ends it
    /// is known which of these are gone. Gives back the others.
    pub(super) async fn keep_back(
        &self,
        tx: &mut TenantTx,
        rows: Vec<TransactionFacts>,
    ) -> Result<Vec<TransactionFacts>, Problem> {
        let all: Vec<_> = rows.iter().map(seen).collect();
        let Some(span) = Span::of(&all) else { return Ok(rows) };
        let missing = tx.missing_pending(self.id(), TRANSACTIONS, span.wanted(), Missing::Unshown).await?;
        if missing.is_empty() {
            return Ok(rows);
        }
        let unknown = self.unknown_among(tx, &rows).await?;
        let may = may_be_pending(&traits_of_known(&missing), &traits_of_seen(&unknown));
        let held: HashSet<String> =
            unknown.iter().zip(may).filter(|(_, may)| *may).map(|((id, _), _)| (*id).clone()).collect();
        let (held, rows): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| held.contains(&row.provider_transaction_id));
        tx.hold_transactions(self.id(), TRANSACTIONS, &held).await?;
        Ok(rows)
    }

    /// The rows that the run, which has seen all by now, kept back. Those that are pending ones which are gone get these' place, be they
    /// gone just now or since an earlier run, which showed neither.
    pub(super) async fn take_up(&self, tx: &mut TenantTx) -> Result<Vec<TransactionFacts>, Problem> {
        let rows = tx.release_transactions(self.id(), TRANSACTIONS).await?;
        let mut seen = self.unknown_among(tx, &rows).await?;
        let Some(span) = Span::of(&seen) else { return Ok(rows) };
        let gone = tx.missing_pending(self.id(), TRANSACTIONS, span.wanted(), Missing::Gone).await?;
        let (ids, provider_ids) = again(recognize_postings, &gone, &seen);
        tx.adopt_transactions(self.id(), &ids, &provider_ids).await?;
        seen.retain(|(provider_id, _)| !provider_ids.contains(provider_id));
        let removed = tx.missing_pending(self.id(), TRANSACTIONS, span.wanted(), Missing::Removed).await?;
        let (ids, provider_ids) = again(recognize_removed, &removed, &seen);
        tx.adopt_transactions(self.id(), &ids, &provider_ids).await?;
        Ok(rows)
    }

    /// Those of the rows that are stored under no id of the provider, neither their own nor that of the pending one; each once.
    async fn unknown_among<'r>(
        &self,
        tx: &mut TenantTx,
        rows: &'r [TransactionFacts],
    ) -> Result<Vec<(&'r String, TransactionTraits)>, Problem> {
        let named =
            rows.iter().flat_map(|row| [Some(&row.provider_transaction_id), row.pending_transaction_id.as_ref()]);
        let named: Vec<String> = named.flatten().cloned().collect();
        let mut known: HashSet<String> = tx.known_transactions(self.id(), &named).await?.into_iter().collect();
        let is_new = |row: &&TransactionFacts| {
            let replaces_known = row.pending_transaction_id.as_ref().is_some_and(|pending| known.contains(pending));
            !replaces_known && known.insert(row.provider_transaction_id.clone())
        };
        Ok(rows.iter().filter(is_new).map(seen).collect())
    }

    /// The same for movements of investment accounts.
    pub(super) async fn adopt_movements(
        &self,
        tx: &mut TenantTx,
        rows: &[InvestmentTransaction],
    ) -> Result<(), Problem> {
        let named: Vec<String> = rows.iter().map(|row| row.provider_transaction_id.clone()).collect();
        let known: HashSet<String> = tx.known_movements(self.id(), &named).await?.into_iter().collect();
        let seen: Vec<(&String, TransactionTraits)> = rows
            .iter()
            .filter(|row| !known.contains(&row.provider_transaction_id))
            .map(|row| {
                let traits = TransactionTraits {
                    account_id: row.account_id,
                    amount: row.amount,
                    quantity: row.quantity,
                    description: row.description.clone(),
                    date: row.date,
                    status: TransactionStatus::Posted,
                };
                (&row.provider_transaction_id, traits)
            })
            .collect();
        let Some(span) = Span::of(&seen) else { return Ok(()) };
        let earlier = tx.earlier_movements(self.id(), span.wanted(), &amounts_of(&seen)).await?;
        let (ids, provider_ids) = again(recognize_transactions, &earlier, &seen);
        Ok(tx.adopt_movements(self.id(), &ids, &provider_ids).await?)
    }

    /// Gives securities that are held under another id of the provider than before that id, so that they keep ours.
    pub(super) async fn adopt_holdings(&self, tx: &mut TenantTx, rows: &[Holding]) -> Result<(), Problem> {
        let filter = InvestmentFilter { connection_id: Some(self.id()), ..InvestmentFilter::default() };
        let named = |one: &Holding| (one.account_id, one.provider_security_id.clone());
        let stored = tx.holdings(&filter, None, MOST).await?;
        let known: HashSet<_> = stored.iter().map(named).collect();
        let shown: HashSet<_> = rows.iter().map(named).collect();
        let mut left: Vec<&Holding> = stored.iter().filter(|one| !shown.contains(&named(one))).collect();
        let mut renamed = HashSet::new();
        for row in rows.iter().filter(|row| !known.contains(&named(row))) {
            let same = |one: &&Holding| one.account_id == row.account_id && one.security.is_same(&row.security);
            let Some(at) = left.iter().position(same).filter(|_| renamed.insert(named(row))) else { continue };
            tx.rename_holding(left.swap_remove(at).id, &row.provider_security_id).await?;
        }
        Ok(())
    }
}

/// A row by the provider's id and what it is recognised by.
fn seen(row: &TransactionFacts) -> (&String, TransactionTraits) {
    let traits = TransactionTraits {
        account_id: row.account_id,
        amount: row.amount,
        quantity: None,
        description: row.description.clone(),
        date: row.transaction_date,
        status: row.status,
    };
    (&row.provider_transaction_id, traits)
}

/// Our ids of the rows that are delivered again, as `recognize` finds them, and the ids of the provider that they have now.
fn again(
    recognize: impl Fn(&[TransactionTraits], &[TransactionTraits]) -> Vec<Option<usize>>,
    known: &[KnownRow],
    seen: &[(&String, TransactionTraits)],
) -> (Vec<Uuid>, Vec<String>) {
    let found = recognize(&traits_of_known(known), &traits_of_seen(seen));
    seen.iter()
        .zip(found)
        .filter_map(|((provider_id, _), at)| Some((known.get(at?)?.id, (*provider_id).clone())))
        .unzip()
}

fn traits_of_known(rows: &[KnownRow]) -> Vec<TransactionTraits> {
    rows.iter().map(|row| row.traits.clone()).collect()
}

fn traits_of_seen(rows: &[(&String, TransactionTraits)]) -> Vec<TransactionTraits> {
    rows.iter().map(|(_, traits)| traits.clone()).collect()
}

fn amounts_of(rows: &[(&String, TransactionTraits)]) -> Vec<Decimal> {
    let amounts: HashSet<Decimal> = rows.iter().map(|(_, traits)| traits.amount).collect();
    amounts.into_iter().collect()
}

/// What a page covers.
struct Span {
    accounts: Vec<AccountId>,
    from: NaiveDate,
    to: NaiveDate,
}

impl Span {
    fn of(seen: &[(&String, TransactionTraits)]) -> Option<Self> {
        let first = seen.iter().map(|(_, traits)| traits.date).min()?;
        let last = seen.iter().map(|(_, traits)| traits.date).max()?;
        let accounts: HashSet<AccountId> = seen.iter().map(|(_, traits)| traits.account_id).collect();
        Some(Self { accounts: accounts.into_iter().collect(), from: days_around(first).0, to: days_around(last).1 })
    }

    fn wanted(&self) -> KnownRows<'_> {
        KnownRows { accounts: &self.accounts, from: self.from, to: self.to }
    }
}
