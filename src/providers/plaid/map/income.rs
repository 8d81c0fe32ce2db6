//! Bank income.

use crate::domain::income::{IncomeCategory, IncomePeriod, IncomeSource, PayFrequency};
use crate::domain::money::in_currency;
use crate::providers::own::ProviderIncome;
use crate::providers::plaid::wire::income;

use super::{currency, text};

/// What the latest report that has the Item says of it; `None` where none has it.
pub fn of_item(answer: income::BankIncomes, item_id: &str) -> Option<ProviderIncome> {
    let reports = answer.bank_income.into_iter().flatten();
    let found = reports.filter_map(|report| {
        let generated_at = report.generated_time?;
        let is_it = |item: &income::IncomeItem| item.item_id.as_ref().is_some_and(|id| id.0 == item_id);
        let item = report.items.into_iter().flatten().find(is_it)?;
        let sources = item.bank_income_sources.into_iter().flatten().filter_map(source).collect();
        Some(ProviderIncome { generated_at, sources })
    });
    found.max_by_key(|income| income.generated_at)
}

/// A source with the account that it goes to.
fn source(source: income::Source) -> Option<(String, IncomeSource)> {
    let history: Vec<IncomePeriod> = source.historical_summary.into_iter().flatten().flat_map(periods).collect();
    let unit = history.iter().find_map(|period| period.currency.clone());
    let frequency = source.pay_frequency.and_then(|name| name.parse().ok());
    let mine = IncomeSource {
        category: match source.income_category {
            Some(name) => name.parse().unwrap_or(IncomeCategory::Unidentified),
            None => IncomeCategory::Unidentified,
        },
        description: text(source.income_description.as_deref()).unwrap_or_default(),
        pay_frequency: frequency.unwrap_or(PayFrequency::Unknown),
        from: source.start_date,
        to: source.end_date,
        total: in_currency(source.total_amount?.0, unit.as_deref()),
        currency: unit,
        transaction_count: source.transaction_count.unwrap_or_default(),
        history,
    };
    Some((source.account_id?.0, mine))
}

fn periods(period: income::Period) -> Vec<IncomePeriod> {
    let (Some(from), Some(to)) = (period.start_date, period.end_date) else { return Vec::new() };
    let of = |money: income::Money| {
        let unit = currency(money.iso_currency_code.as_deref(), money.unofficial_currency_code.as_deref());
        IncomePeriod { from, to, amount: in_currency(money.amount.0, unit.as_deref()), currency: unit }
    };
    period.total_amounts.into_iter().flatten().map(of).collect()
}
