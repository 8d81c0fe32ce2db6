//! Accounts: what is shared, what it holds, whose it is.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use rust_decimal::Decimal;
use serde_json::json;

use super::Run;
use super::outcome::Fetched;
use crate::domain::account::{AccountStatus, Balances, ProviderData, Verification, passes};
use crate::domain::event::EventType;
use crate::domain::grant::waits_for;
use crate::domain::ids::AccountId;
use crate::domain::money::in_currency;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::data::{AccountsWanted, ProviderAccount};
use crate::providers::{Failure, FailureKind, Persistence};
use crate::store::{AccountFacts, AccountFilter, AccountSecret, TenantTx};

/// What may be read by dates, so that accounts that come later would lack what was before.
const READ_BY_DATES: [Product; 2] = [Product::Transactions, Product::InvestmentTransactions];

/// Our ids of a connection's accounts, by the provider's.
pub(super) struct AccountNames(HashMap<String, AccountId>);

impl AccountNames {
    /// Our id; `None` for an account that the tenant's filters leave out (B13).
    pub fn of(&self, provider_account_id: &str) -> Option<AccountId> {
        self.0.get(provider_account_id).copied()
    }
}

impl Run<'_> {
    /// Who the accounts of these names are here. Where one is not known, the accounts are read again; where it still is not, that
    /// is the provider's failure: what belongs to the account must not be lost by going on without it.
    pub(super) async fn accounts_named<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Result<AccountNames, Failure>, Problem> {
        let names: HashSet<&str> = names.collect();
        let known = self.known_accounts().await?;
        if self.first_unknown(&names, &known).is_none() {
            return Ok(Ok(known));
        }
        if let Err(failure) = self.fetch_accounts(false, false).await? {
            return Ok(Err(failure));
        }
        let known = self.known_accounts().await?;
        Ok(match self.first_unknown(&names, &known) {
            None => Ok(known),
            Some(_) => Err(unknown_account()),
        })
    }

    async fn known_accounts(&self) -> Result<AccountNames, Problem> {
        let mut tx = self.begin().await?;
        let known = tx.account_ids(self.id()).await?;
        tx.commit().await?;
        Ok(AccountNames(known))
    }

    fn first_unknown<'n>(&self, names: &HashSet<&'n str>, known: &AccountNames) -> Option<&'n str> {
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().copied().find(|name| known.of(name).is_none() && !left_out.contains(*name))
    }

    /// Reads the accounts and stores what changed; what full numbers still wait for. Only a list that is `whole` says of accounts
    /// that are not in it that they are shared no longer.
    pub(super) async fn fetch_accounts(
        &self,
        live_balances: bool,
        whole: bool,
    ) -> Result<Result<Option<Verification>, Failure>, Problem> {
        let cx = self.context();
        let wanted = AccountsWanted { live_balances, ..AccountsWanted::default() };
        let accounts = match self.entry.provider.accounts(&cx, &self.credential, wanted).await {
            Ok(accounts) => self.with_numbers(accounts).await?,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut tx = self.begin().await?;
        let changed = self.store_accounts(&mut tx, &accounts).await?;
        if !changed.is_empty() {
            tx.emit(self.id(), EventType::AccountsUpdated, json!({ "accountIds": changed }), self.sync.clock.now())
                .await?;
        }
        if whole && tx.take_compare_accounts(self.id()).await? {
            self.remove_unshared(&mut tx, &accounts).await?;
        }
        tx.commit().await?;
        Ok(Ok(waits_for(accounts.iter().map(|one| (one.account_type, one.subtype, one.verification)))))
    }

    /// Keeps the provider's own words of an account.
    async fn keep_words(&self, tx: &mut TenantTx, id: AccountId, account: &ProviderAccount) -> Result<(), Problem> {
        let Some(data) = account.verbatim.0.clone() else { return Ok(()) };
        let now = self.sync.clock.now();
        let words = ProviderData { service_provider: self.entry.id(), received_at: now, data };
        Ok(tx.put_account_secret(self.id(), id, AccountSecret::ProviderData, &words, now).await?)
    }

    async fn store_accounts(&self, tx: &mut TenantTx, accounts: &[ProviderAccount]) -> Result<Vec<AccountId>, Problem> {
        let now = self.sync.clock.now();
        let mut known = tx.account_ids(self.id()).await?;
        let filters = self.connection.settings.account_filters.as_ref();
        let passes = |account: &&ProviderAccount| passes(filters, account.account_type, account.subtype);
        let unknown: Vec<&ProviderAccount> = accounts
            .iter()
            .filter(|account| !known.contains_key(&account.provider_account_id))
            .filter(passes)
            .collect();
        for (provider_account_id, id) in self.recognized(tx, &unknown).await? {
            tx.relink_account(self.id(), id, self.entry.id(), &provider_account_id, now).await?;
            known.insert(provider_account_id, id);
        }
        let removed = tx.removed_accounts(self.id()).await?;
        // They come with every list of accounts, also where they are wanted no longer (A15).
        let rows = tx.products(self.id()).await?;
        let with_balances = !rows.iter().any(|row| row.product == Product::Balances && row.is_removed());
        let mut came = false;
        let mut changed = Vec::new();
        for account in accounts {
            let balances = in_currency_of(account);
            let facts = facts(account, with_balances.then_some(&balances));
            match known.get(&account.provider_account_id) {
                Some(&id) => {
                    came |= removed.contains(&id);
                    if tx.update_account(id, &facts, now).await? {
                        changed.push(id);
                    }
                    if with_balances {
                        self.keep_words(tx, id, account).await?;
                    }
                }
                // Where the provider does not filter, storing does (B13).
                None if !passes(&account) => {
                    let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
                    left_out.insert(account.provider_account_id.clone());
                }
                None => {
                    came = true;
                    let id = &account.provider_account_id;
                    let id = tx.insert_account(self.id(), self.entry.id(), id, &facts, now).await?;
                    if with_balances {
                        self.keep_words(tx, id, account).await?;
                    }
                    changed.push(id);
                }
            }
        }
        if came {
            tx.set_reread(self.id(), &READ_BY_DATES, true).await?;
            // What there was to be shared has come.
            tx.set_new_accounts(self.id(), false).await?;
        }
        Ok(changed)
    }

    /// After a repair: accounts that the customer shares no longer are marked, and their data is erased (D5).
    async fn remove_unshared(&self, tx: &mut TenantTx, accounts: &[ProviderAccount]) -> Result<(), Problem> {
        let now = self.sync.clock.now();
        let filter = AccountFilter {
            connection_id: Some(self.id()),
            status: Some(AccountStatus::Open),
            ..AccountFilter::default()
        };
        let mut removed = Vec::new();
        for account in tx.accounts(&filter, None, 10_000, None).await? {
            let shared =
                accounts.iter().any(|shared| Some(&shared.provider_account_id) == account.provider_account_id.as_ref());
            if !shared {
                tx.remove_account(self.id(), account.id, now).await?;
                removed.push(account.id);
            }
        }
        if !removed.is_empty() {
            tx.emit(
                self.id(),
                EventType::AccountsRemoved,
                json!({ "accountIds": removed, "cause": "NOT_SHARED" }),
                now,
            )
            .await?;
        }
        Ok(())
    }

    /// Full numbers, or owners; each is a call of its own, made only for a connection that has the product.
    pub(super) async fn fetch_account_secrets(&self, product: Product) -> Result<Fetched, Problem> {
        let identifiers = product == Product::Identifiers;
        let wanted = AccountsWanted { live_balances: false, identifiers, owners: !identifiers };
        let cx = self.context();
        let accounts = match self.entry.provider.accounts(&cx, &self.credential, wanted).await {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let with_secrets = accounts.iter().filter(|account| account.identifiers.is_some() || account.owners.is_some());
        let names = with_secrets.map(|account| account.provider_account_id.as_str());
        let known = match self.accounts_named(names).await? {
            Ok(known) => known,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let now = self.sync.clock.now();
        let Some(mut tx) = self.begin_for(product).await? else { return Ok(Fetched::Removed) };
        for account in &accounts {
            let Some(id) = known.of(&account.provider_account_id) else { continue };
            if let Some(identifiers) = &account.identifiers {
                tx.put_account_secret(self.id(), id, AccountSecret::Identifiers, identifiers, now).await?;
            }
            if let Some(owners) = &account.owners {
                tx.put_account_secret(self.id(), id, AccountSecret::Owners, owners, now).await?;
            }
        }
        tx.commit().await?;
        Ok(Fetched::Whole)
    }
}

fn unknown_account() -> Failure {
    Failure::new(
        FailureKind::Bug,
        Persistence::Temporary,
        "UNKNOWN_ACCOUNT",
        "the provider delivers data of an account that it does not list",
    )
}

/// The balances with at least their currency's decimals.
fn in_currency_of(account: &ProviderAccount) -> Balances {
    let money = |amount: Option<Decimal>| amount.map(|amount| in_currency(amount, account.currency.as_deref()));
    let balances = &account.balances;
    Balances {
        current: money(balances.current),
        available: money(balances.available),
        limit: money(balances.limit),
        updated_at: balances.updated_at,
    }
}

fn facts<'a>(account: &'a ProviderAccount, balances: Option<&'a Balances>) -> AccountFacts<'a> {
    AccountFacts {
        name: &account.name,
        mask: account.mask.as_deref(),
        account_type: account.account_type,
        subtype: account.subtype,
        currency: account.currency.as_deref(),
        balances,
        persistent_id: account.persistent_id.as_deref(),
    }
}
