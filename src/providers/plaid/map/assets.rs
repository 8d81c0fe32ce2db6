//! Asset reports.

use std::cmp::Reverse;

use rust_decimal::prelude::ToPrimitive;

use crate::domain::account::Balances;
use crate::domain::asset_report::{AssetAccount, AssetTransaction, HistoricalBalance};
use crate::domain::money::in_currency;
use crate::domain::transaction::TransactionStatus;
use crate::providers::own::ProviderAssetReport;
use crate::providers::plaid::wire::asset;

use super::subtypes::{account_type, subtype};
use super::{accounts, currency, text};

/// A report. Its signs are ours already: positive where money leaves, and where it is owed.
pub fn report(report: asset::Report) -> ProviderAssetReport {
    let of_item = |item: asset::ReportItem| {
        let institution = text(item.institution_name.as_deref());
        item.accounts.into_iter().map(move |one| account(one, institution.clone()))
    };
    ProviderAssetReport {
        generated_at: report.date_generated,
        accounts: report.items.into_iter().flat_map(of_item).collect(),
    }
}

fn account(account: asset::ReportAccount, institution_name: Option<String>) -> (String, AssetAccount) {
    let kind = account_type(account.account_type.as_deref());
    let held = account.balances;
    let unit = currency(held.iso_currency_code.as_deref(), held.unofficial_currency_code.as_deref());
    let money = |amount: Option<super::super::wire::Amount>| amount.map(|one| in_currency(one.0, unit.as_deref()));
    let balances = Balances {
        current: money(held.current),
        available: money(held.available),
        limit: money(held.limit),
        updated_at: held.last_updated_datetime,
    };
    let mut historical_balances: Vec<_> =
        account.historical_balances.into_iter().flatten().map(historical_balance).collect();
    historical_balances.sort_by_key(|balance| Reverse(balance.date));
    let mut transactions: Vec<_> = account.transactions.into_iter().flatten().map(transaction).collect();
    transactions.sort_by_key(|row| Reverse(row.date));
    let shown = AssetAccount {
        account_id: None,
        institution_name,
        name: text(account.name.as_deref())
            .or_else(|| text(account.official_name.as_deref()))
            .unwrap_or_else(|| "Account".to_owned()),
        mask: text(account.mask.as_deref()).map(|mask| mask.chars().take(20).collect()),
        account_type: kind,
        subtype: subtype(kind, account.subtype.as_deref()),
        balances,
        currency: unit,
        days_available: account.days_available.and_then(|days| days.0.to_u16()).unwrap_or_default(),
        owners: accounts::owners_of(account.owners),
        historical_balances,
        transactions,
    };
    (account.account_id.0, shown)
}

fn historical_balance(balance: asset::HistoricalBalance) -> HistoricalBalance {
    let unit = currency(balance.iso_currency_code.as_deref(), balance.unofficial_currency_code.as_deref());
    HistoricalBalance { date: balance.date, current: in_currency(balance.current.0, unit.as_deref()), currency: unit }
}

fn transaction(row: asset::ReportTransaction) -> AssetTransaction {
    let unit = currency(row.iso_currency_code.as_deref(), row.unofficial_currency_code.as_deref());
    AssetTransaction {
        date: row.date,
        amount: in_currency(row.amount.0, unit.as_deref()),
        currency: unit,
        description: text(row.original_description.as_deref())
            .or_else(|| text(row.name.as_deref()))
            .unwrap_or_default(),
        status: if row.pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
    }
}
