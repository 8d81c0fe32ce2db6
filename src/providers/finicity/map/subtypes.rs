//! Account types. The list is that of `AccountType` in the official description, which is open.

use crate::domain::account::{AccountSubtype as S, AccountType as T};

/// Finicity's types.
const TYPES: &[(&str, T, S)] = &[
    ("checking", T::Depository, S::Checking),
    ("savings", T::Depository, S::Savings),
    ("cd", T::Depository, S::CertificateOfDeposit),
    ("certificateOfDeposit", T::Depository, S::CertificateOfDeposit),
    ("moneyMarket", T::Depository, S::MoneyMarket),
    ("creditCard", T::Credit, S::CreditCard),
    ("lineOfCredit", T::Credit, S::LineOfCredit),
    ("investment", T::Investment, S::Brokerage),
    ("investmentTaxDeferred", T::Investment, S::TaxAdvantaged),
    ("employeeStockPurchasePlan", T::Investment, S::Brokerage),
    ("ira", T::Investment, S::Ira),
    ("401k", T::Investment, S::Plan401k),
    ("roth", T::Investment, S::Roth),
    ("403b", T::Investment, S::Plan403b),
    ("529", T::Investment, S::Plan529),
    ("529plan", T::Investment, S::Plan529),
    ("rollover", T::Investment, S::Ira),
    ("ugma", T::Investment, S::Trust),
    ("utma", T::Investment, S::Trust),
    ("keogh", T::Investment, S::Retirement),
    ("457", T::Investment, S::Plan457b),
    ("457plan", T::Investment, S::Plan457b),
    ("401a", T::Investment, S::Retirement),
    ("brokerageAccount", T::Investment, S::Brokerage),
    ("educationSavings", T::Investment, S::TaxAdvantaged),
    ("healthSavingsAccount", T::Investment, S::Hsa),
    ("pension", T::Investment, S::Retirement),
    ("profitSharingPlan", T::Investment, S::Retirement),
    ("roth401k", T::Investment, S::Roth),
    ("sepIRA", T::Investment, S::Ira),
    ("simpleIRA", T::Investment, S::Ira),
    ("thriftSavingsPlan", T::Investment, S::Retirement),
    ("variableAnnuity", T::Investment, S::Insurance),
    ("cryptocurrency", T::Investment, S::Crypto),
    ("mortgage", T::Loan, S::Mortgage),
    ("loan", T::Loan, S::Other),
    ("studentLoan", T::Loan, S::StudentLoan),
    ("studentLoanGroup", T::Loan, S::StudentLoan),
    ("studentLoanAccount", T::Loan, S::StudentLoan),
    ("unknown", T::Other, S::Other),
];

/// Our type and subtype for Finicity's.
pub fn account_type(finicity: Option<&str>) -> (T, S) {
    let Some(finicity) = finicity else { return (T::Other, S::Other) };
    let found = TYPES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(finicity));
    found.map_or((T::Unidentified, S::Unidentified), |(_, account_type, subtype)| (*account_type, *subtype))
}

/// Whether full numbers and live balances are to be had: "supported account types" of the two operations.
pub fn has_numbers(subtype: S) -> bool {
    matches!(subtype, S::Checking | S::Savings | S::MoneyMarket)
}

/// Finicity's type for ours, the first where several are alike; what a simulator writes.
#[cfg(feature = "sandbox")]
pub fn named(subtype: S) -> &'static str {
    match subtype {
        S::Retirement => "pension",
        S::Brokerage => "brokerageAccount",
        S::TaxAdvantaged => "investmentTaxDeferred",
        _ => TYPES.iter().find(|(_, _, ours)| *ours == subtype).map_or("unknown", |(name, _, _)| name),
    }
}
