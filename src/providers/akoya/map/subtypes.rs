//! Account types and subtypes. Akoya's type is a free text; these are FDX's names, and what institutions are known to write.

use crate::domain::account::{AccountSubtype as S, AccountType as T};
use crate::providers::akoya::wire::account::Kind;

/// Names as [`code`](super::code) makes them, by wrapper.
const TYPES: &[(Kind, &[&str], T, S)] = &[
    (Kind::Deposit, &["CHECKING", "DDA", "COMMERCIALDEPOSIT"], T::Depository, S::Checking),
    (Kind::Deposit, &["SAVINGS", "SDA"], T::Depository, S::Savings),
    (Kind::Deposit, &["CD", "CERTIFICATEOFDEPOSIT", "TIMEDEPOSIT"], T::Depository, S::CertificateOfDeposit),
    (Kind::Deposit, &["MONEYMARKET", "MMA", "MONEYMRKT"], T::Depository, S::MoneyMarket),
    (Kind::Deposit, &["CASHMANAGEMENT", "CMA"], T::Depository, S::CashManagement),
    (Kind::Deposit, &["PREPAID", "PREPAIDCARD"], T::Depository, S::Prepaid),
    (Kind::Deposit, &["HSA", "HEALTHSAVINGSACCOUNT"], T::Depository, S::Hsa),
    (Kind::Deposit, &["ESCROW", "OTHERDEPOSIT"], T::Depository, S::Other),
    (Kind::Loc, &["CREDITCARD", "CHARGE", "CHARGECARD", "CREDIT"], T::Credit, S::CreditCard),
    (Kind::Loc, &["LINEOFCREDIT", "LOC", "COMMERCIALLINEOFCREDIT"], T::Credit, S::LineOfCredit),
    (Kind::Loc, &["HOMELINEOFCREDIT", "HELOC"], T::Loan, S::HomeEquity),
    (Kind::Loc, &["OVERDRAFT"], T::Credit, S::Overdraft),
    (Kind::Loan, &["MORTGAGE"], T::Loan, S::Mortgage),
    (Kind::Loan, &["HOMEEQUITYLOAN", "HOMEEQUITY"], T::Loan, S::HomeEquity),
    (Kind::Loan, &["STUDENTLOAN", "STUDENT"], T::Loan, S::StudentLoan),
    (Kind::Loan, &["AUTOLOAN", "AUTO"], T::Loan, S::AutoLoan),
    (Kind::Loan, &["COMMERCIALLOAN", "SMBLOAN", "BUSINESSLOAN"], T::Loan, S::BusinessLoan),
    (Kind::Loan, &["PERSONALLOAN", "INSTALLMENT"], T::Loan, S::PersonalLoan),
    (Kind::Loan, &["LOAN", "MILITARYLOAN"], T::Loan, S::Other),
    (
        Kind::Investment,
        &["BROKERAGE", "BROKERAGEPRODUCT", "TAXABLE", "COMMERCIALINVESTMENT", "STOCKPLAN"],
        T::Investment,
        S::Brokerage,
    ),
    (Kind::Investment, &["401K"], T::Investment, S::Plan401k),
    (Kind::Investment, &["403B"], T::Investment, S::Plan403b),
    (Kind::Investment, &["457B", "457"], T::Investment, S::Plan457b),
    (Kind::Investment, &["529", "529PLAN", "COLLEGESAVINGS"], T::Investment, S::Plan529),
    (Kind::Investment, &["IRA", "ROLLOVER", "SEPIRA", "SIMPLEIRA", "SARSEP", "TRADITIONALIRA"], T::Investment, S::Ira),
    (Kind::Investment, &["ROTH", "ROTHIRA", "ROTH401K"], T::Investment, S::Roth),
    (
        Kind::Investment,
        &[
            "401A",
            "KEOGH",
            "PENSION",
            "DEFINEDBENEFIT",
            "DEFERREDPROFITSHARINGPLAN",
            "ESOP",
            "NONQUALIFIEDPLAN",
            "TDA",
            "RETIREMENT",
        ],
        T::Investment,
        S::Retirement,
    ),
    (
        Kind::Investment,
        &["TRUST", "INSTITUTIONALTRUST", "PERSONALTRUST", "UGMA", "UTMA", "GUARDIAN"],
        T::Investment,
        S::Trust,
    ),
    (Kind::Investment, &["HSA", "HEALTHSAVINGSACCOUNT"], T::Investment, S::Hsa),
    (Kind::Investment, &["COVERDELL", "COVERDELLESA"], T::Investment, S::TaxAdvantaged),
    (Kind::Investment, &["ANNUITY", "VARIABLEANNUITY", "FIXEDANNUITY"], T::Investment, S::Insurance),
    (Kind::Investment, &["CRYPTO", "DIGITALASSET"], T::Investment, S::Crypto),
    (Kind::Investment, &["OTHERINVESTMENT"], T::Investment, S::Other),
];

/// Our type and subtype. The wrapper alone decides where the text says nothing that is known.
pub fn account_type(kind: Kind, code: &str) -> (T, S) {
    let known = TYPES.iter().find(|(of, names, ..)| *of == kind && names.contains(&code));
    if let Some((_, _, account_type, subtype)) = known {
        return (*account_type, *subtype);
    }
    let account_type = match kind {
        Kind::Deposit => T::Depository,
        Kind::Loc => T::Credit,
        Kind::Loan => T::Loan,
        Kind::Investment => T::Investment,
        Kind::Insurance => return (T::Investment, S::Insurance),
    };
    (account_type, S::Unidentified)
}
