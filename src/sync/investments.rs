//! Holdings, investment transactions and liabilities: read whole, compared, replaced.

use chrono::Days;
use serde_json::json;

use super::Run;
use super::outcome::Fetched;
use crate::domain::event::EventType;
use crate::domain::ids::{HoldingId, InvestmentTransactionId, LiabilityId};
use crate::domain::money::in_currency;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::data::{InvestmentTransactionsRequest, ProviderInvestmentTransaction};
use crate::providers::{Failure, FailureKind, Persistence};
use crate::store::{Holding, InvestmentTransaction, Liability};

/// The most pages of one reading of investment transactions.
const MOST_PAGES: usize = 500;

/// Once the whole window was read, later readings begin that many days before the last one: late bookings are not missed.
const OVERLAP_DAYS: u64 = 30;

impl Run<'_> {
    /// Reads everything that is held now.
    pub(super) async fn fetch_holdings(&self) -> Result<Fetched, Problem> {
        let cx = self.context();
        let holdings = match self.entry.provider.holdings(&cx, &self.credential).await {
            Ok(holdings) => holdings,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let accounts = match self.accounts_named(holdings.iter().map(|one| one.provider_account_id.as_str())).await? {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let now = self.sync.clock.now();
        let rows: Vec<Holding> = holdings
            .into_iter()
            .filter_map(|holding| {
                Some(Holding {
                    id: HoldingId::new(),
                    account_id: accounts.of(&holding.provider_account_id)?,
                    connection_id: self.id(),
                    provider_security_id: holding.provider_security_id,
                    security: holding.security,
                    quantity: holding.quantity.normalize(),
                    price: holding.price.map(|price| in_currency(price, holding.currency.as_deref())),
                    value: holding.value.map(|value| in_currency(value, holding.currency.as_deref())),
                    cost_basis: holding.cost_basis.map(|cost| in_currency(cost, holding.currency.as_deref())),
                    currency: holding.currency,
                    price_as_of: holding.price_as_of,
                    updated_at: now,
                })
            })
            .collect();
        let Some(mut tx) = self.begin_for(Product::InvestmentHoldings).await? else { return Ok(Fetched::Removed) };
        self.adopt_holdings(&mut tx, &rows).await?;
        tx.replace_holdings(self.id(), &rows, now).await?;
        tx.emit(self.id(), EventType::HoldingsUpdated, json!({ "holdings": rows.len() }), now).await?;
        tx.commit().await?;
        Ok(Fetched::Whole)
    }

    /// Reads the movements of investment accounts in a window of dates; known ones are recognised by their id.
    pub(super) async fn fetch_investment_transactions(&self) -> Result<Fetched, Problem> {
        let today = self.sync.clock.now().date_naive();
        let row = self.product_row(Product::InvestmentTransactions).await?;
        let days = match &row {
            Some(row) if row.last_aggregated_at.is_some() && !row.reread => {
                let since = row.last_aggregated_at.map_or(0, |at| (self.sync.clock.now() - at).num_days());
                u64::try_from(since).unwrap_or_default() + OVERLAP_DAYS
            }
            _ => u64::from(self.history_days()),
        };
        let from = today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let mut request = InvestmentTransactionsRequest { from, to: today, page: None };
        for _ in 0..MOST_PAGES {
            let cx = self.context();
            let page = match self.entry.provider.investment_transactions(&cx, &self.credential, &request).await {
                Ok(page) => page,
                Err(failure) => return Ok(Fetched::of(failure)),
            };
            let reread = row.as_ref().is_some_and(|row| row.reread);
            if let Some(end) = self.store_movements(page.transactions, reread).await? {
                return Ok(end);
            }
            match page.next {
                None => {
                    if row.is_some_and(|row| row.reread) {
                        let mut tx = self.begin().await?;
                        tx.set_reread(self.id(), &[Product::InvestmentTransactions], false).await?;
                        tx.commit().await?;
                    }
                    return Ok(Fetched::Whole);
                }
                Some(next) if request.page.as_ref() == Some(&next) => break,
                Some(next) => request.page = Some(next),
            }
        }
        Ok(Fetched::Failed(Failure::new(
            FailureKind::Bug,
            Persistence::Temporary,
            "ENDLESS_PAGES",
            "the provider does not end its list of investment transactions",
        )))
    }

    /// Stores a page; how the reading ended, if it did.
    async fn store_movements(
        &self,
        movements: Vec<ProviderInvestmentTransaction>,
        from_the_beginning: bool,
    ) -> Result<Option<Fetched>, Problem> {
        let accounts = match self.accounts_named(movements.iter().map(|one| one.provider_account_id.as_str())).await? {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Some(Fetched::of(failure))),
        };
        let rows: Vec<InvestmentTransaction> = movements
            .into_iter()
            .filter_map(|movement| {
                Some(InvestmentTransaction {
                    id: InvestmentTransactionId::new(),
                    account_id: accounts.of(&movement.provider_account_id)?,
                    connection_id: self.id(),
                    provider_transaction_id: movement.provider_transaction_id,
                    security: movement.security,
                    transaction_type: movement.transaction_type,
                    description: movement.description,
                    quantity: movement.quantity.map(|quantity| quantity.normalize()),
                    price: movement.price.map(|price| in_currency(price, movement.currency.as_deref())),
                    amount: in_currency(movement.amount, movement.currency.as_deref()),
                    fees: movement.fees.map(|fees| in_currency(fees, movement.currency.as_deref())),
                    currency: movement.currency,
                    date: movement.date,
                })
            })
            .collect();
        let Some(mut tx) = self.begin_for(Product::InvestmentTransactions).await? else {
            return Ok(Some(Fetched::Removed));
        };
        if from_the_beginning {
            self.adopt_movements(&mut tx, &rows).await?;
        }
        tx.write_investment_transactions(self.id(), &rows).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Reads the terms of cards and loans.
    pub(super) async fn fetch_liabilities(&self) -> Result<Fetched, Problem> {
        let cx = self.context();
        let liabilities = match self.entry.provider.liabilities(&cx, &self.credential).await {
            Ok(liabilities) => liabilities,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let accounts = match self.accounts_named(liabilities.iter().map(|one| one.provider_account_id.as_str())).await?
        {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let now = self.sync.clock.now();
        let rows: Vec<Liability> = liabilities
            .into_iter()
            .filter_map(|liability| {
                Some(Liability {
                    id: LiabilityId::new(),
                    account_id: accounts.of(&liability.provider_account_id)?,
                    connection_id: self.id(),
                    kind: liability.kind,
                    terms: liability.terms,
                    // Read from the account.
                    currency: None,
                    updated_at: now,
                })
            })
            .collect();
        let Some(mut tx) = self.begin_for(Product::Liabilities).await? else { return Ok(Fetched::Removed) };
        tx.replace_liabilities(self.id(), &rows, now).await?;
        tx.commit().await?;
        Ok(Fetched::Whole)
    }
}
