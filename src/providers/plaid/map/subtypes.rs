//! Account types and subtypes, both ways. The list is that of the official description; Plaid's case differs from place to place.

use std::collections::BTreeMap;

use crate::domain::account::{AccountSubtype as S, AccountType as T};

/// Plaid's types.
const TYPES: &[(&str, T)] = &[
    ("depository", T::Depository),
    ("credit", T::Credit),
    ("loan", T::Loan),
    ("investment", T::Investment),
    // Its name in old versions of the API.
    ("brokerage", T::Investment),
    ("other", T::Other),
];

/// Plaid's subtypes, as `account_filters` spells them.
const SUBTYPES: &[(T, &str, S)] = &[
    (T::Depository, "checking", S::Checking),
    (T::Depository, "limited purpose checking", S::Checking),
    (T::Depository, "savings", S::Savings),
    (T::Depository, "hsa", S::Hsa),
    (T::Depository, "cd", S::CertificateOfDeposit),
    (T::Depository, "money market", S::MoneyMarket),
    (T::Depository, "paypal", S::Wallet),
    (T::Depository, "prepaid", S::Prepaid),
    (T::Depository, "cash management", S::CashManagement),
    (T::Depository, "ebt", S::Ebt),
    (T::Credit, "credit card", S::CreditCard),
    (T::Credit, "paypal", S::CreditCard),
    (T::Loan, "auto", S::AutoLoan),
    (T::Loan, "business", S::BusinessLoan),
    (T::Loan, "commercial", S::BusinessLoan),
    (T::Loan, "construction", S::Other),
    (T::Loan, "consumer", S::PersonalLoan),
    (T::Loan, "home equity", S::HomeEquity),
    (T::Loan, "loan", S::Other),
    (T::Loan, "mortgage", S::Mortgage),
    (T::Loan, "overdraft", S::Overdraft),
    (T::Loan, "line of credit", S::LineOfCredit),
    (T::Loan, "student", S::StudentLoan),
    (T::Loan, "other", S::Other),
    (T::Investment, "529", S::Plan529),
    (T::Investment, "401a", S::Retirement),
    (T::Investment, "401k", S::Plan401k),
    (T::Investment, "403B", S::Plan403b),
    (T::Investment, "457b", S::Plan457b),
    (T::Investment, "brokerage", S::Brokerage),
    (T::Investment, "cash isa", S::TaxAdvantaged),
    (T::Investment, "crypto exchange", S::Crypto),
    (T::Investment, "education savings account", S::TaxAdvantaged),
    (T::Investment, "fhsa", S::TaxAdvantaged),
    (T::Investment, "fixed annuity", S::Insurance),
    (T::Investment, "gic", S::CertificateOfDeposit),
    (T::Investment, "health reimbursement arrangement", S::TaxAdvantaged),
    (T::Investment, "hsa", S::Hsa),
    (T::Investment, "ira", S::Ira),
    (T::Investment, "isa", S::TaxAdvantaged),
    (T::Investment, "keogh", S::Retirement),
    (T::Investment, "lif", S::Retirement),
    (T::Investment, "life insurance", S::Insurance),
    (T::Investment, "line of credit", S::LineOfCredit),
    (T::Investment, "lira", S::Retirement),
    (T::Investment, "lrif", S::Retirement),
    (T::Investment, "lrsp", S::Retirement),
    (T::Investment, "mutual fund", S::Brokerage),
    (T::Investment, "non-custodial wallet", S::Crypto),
    (T::Investment, "non-taxable brokerage account", S::TaxAdvantaged),
    (T::Investment, "other", S::Other),
    (T::Investment, "other annuity", S::Insurance),
    (T::Investment, "other insurance", S::Insurance),
    (T::Investment, "pension", S::Retirement),
    (T::Investment, "prif", S::Retirement),
    (T::Investment, "profit sharing plan", S::Retirement),
    (T::Investment, "qshr", S::TaxAdvantaged),
    (T::Investment, "rdsp", S::TaxAdvantaged),
    (T::Investment, "resp", S::TaxAdvantaged),
    (T::Investment, "retirement", S::Retirement),
    (T::Investment, "rlif", S::Retirement),
    (T::Investment, "roth", S::Roth),
    (T::Investment, "roth 401k", S::Roth),
    (T::Investment, "roth 403B", S::Roth),
    (T::Investment, "roth 457b", S::Roth),
    (T::Investment, "roth pension", S::Roth),
    (T::Investment, "roth profit sharing plan", S::Roth),
    (T::Investment, "roth thrift savings plan", S::Roth),
    (T::Investment, "rrif", S::Retirement),
    (T::Investment, "rrsp", S::Retirement),
    (T::Investment, "sarsep", S::Ira),
    (T::Investment, "sep ira", S::Ira),
    (T::Investment, "simple ira", S::Ira),
    (T::Investment, "sipp", S::Retirement),
    (T::Investment, "stock plan", S::Brokerage),
    (T::Investment, "thrift savings plan", S::Retirement),
    (T::Investment, "tfsa", S::TaxAdvantaged),
    (T::Investment, "trust", S::Trust),
    (T::Investment, "ugma", S::Trust),
    (T::Investment, "utma", S::Trust),
    (T::Investment, "variable annuity", S::Insurance),
    (T::Other, "other", S::Other),
];

/// Our type for Plaid's.
pub fn account_type(plaid: Option<&str>) -> T {
    let Some(plaid) = plaid else { return T::Other };
    TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(plaid)).map_or(T::Unidentified, |(_, ours)| *ours)
}

/// Our subtype for Plaid's; a subtype that is known with another type counts as that one.
pub fn subtype(account_type: T, plaid: Option<&str>) -> S {
    let Some(plaid) = plaid else { return S::Other };
    let mut named = SUBTYPES.iter().filter(|(_, name, _)| name.eq_ignore_ascii_case(plaid)).peekable();
    let first = named.peek().map(|(_, _, ours)| *ours);
    match named.find(|(its_type, _, _)| *its_type == account_type) {
        Some((_, _, ours)) => *ours,
        // The one subtype of accounts that cannot be filtered by.
        None if plaid.eq_ignore_ascii_case("payroll") => S::Other,
        None => first.unwrap_or(S::Unidentified),
    }
}

/// Account filters as Plaid takes them (B13): for each type, the subtypes that are any of ours; no subtypes = all of that type.
/// A type for which Plaid has none is left out, which hides its accounts. `None` if nothing would be shown.
pub fn filters(wanted: &BTreeMap<String, Vec<String>>) -> Option<BTreeMap<&'static str, Vec<&'static str>>> {
    let filters: BTreeMap<_, _> = wanted
        .iter()
        .filter_map(|(type_name, ours)| {
            let (plaid, account_type) = *TYPES.iter().find(|(name, _)| name == type_name)?;
            let subtypes = if ours.is_empty() || ours.iter().any(|one| one == "ALL") {
                vec!["all"]
            } else {
                plaid_subtypes(account_type, ours)
            };
            (!subtypes.is_empty()).then_some((plaid, subtypes))
        })
        .collect();
    (!filters.is_empty()).then_some(filters)
}

fn plaid_subtypes(account_type: T, ours: &[String]) -> Vec<&'static str> {
    SUBTYPES
        .iter()
        .filter(|(its_type, _, subtype)| *its_type == account_type && ours.iter().any(|one| one == subtype.as_str()))
        .map(|(_, name, _)| *name)
        .collect()
}
