//! Accounts, their numbers and their owners.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::service_provider::ServiceProvider;

wire_enum! {
    /// What an account is, coarsely.
    pub enum AccountType {
        /// Money kept.
        Depository = "DEPOSITORY",
        /// A card or line of credit.
        Credit = "CREDIT",
        /// A loan.
        Loan = "LOAN",
        /// Securities.
        Investment = "INVESTMENT",
        /// Something else that is known.
        Other = "OTHER",
        /// A type that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}

wire_enum! {
    /// What an account is, finely; a closed list of our own.
    pub enum AccountSubtype {
        /// Everyday account.
        Checking = "CHECKING",
        /// Savings.
        Savings = "SAVINGS",
        /// Money market deposit.
        MoneyMarket = "MONEY_MARKET",
        /// Certificate of deposit.
        CertificateOfDeposit = "CERTIFICATE_OF_DEPOSIT",
        /// Cash management at a broker.
        CashManagement = "CASH_MANAGEMENT",
        /// Prepaid card.
        Prepaid = "PREPAID",
        /// Electronic benefits.
        Ebt = "EBT",
        /// Health savings.
        Hsa = "HSA",
        /// A wallet with money in it.
        Wallet = "WALLET",
        /// Credit card.
        CreditCard = "CREDIT_CARD",
        /// Line of credit.
        LineOfCredit = "LINE_OF_CREDIT",
        /// Overdraft.
        Overdraft = "OVERDRAFT",
        /// Mortgage.
        Mortgage = "MORTGAGE",
        /// Home equity.
        HomeEquity = "HOME_EQUITY",
        /// Student loan.
        StudentLoan = "STUDENT_LOAN",
        /// Auto loan.
        AutoLoan = "AUTO_LOAN",
        /// Business loan.
        BusinessLoan = "BUSINESS_LOAN",
        /// Consumer or personal loan.
        PersonalLoan = "PERSONAL_LOAN",
        /// Brokerage.
        Brokerage = "BROKERAGE",
        /// 401(k).
        Plan401k = "PLAN_401K",
        /// 403(b).
        Plan403b = "PLAN_403B",
        /// 457(b).
        Plan457b = "PLAN_457B",
        /// 529 education plan.
        Plan529 = "PLAN_529",
        /// Individual retirement account.
        Ira = "IRA",
        /// Roth retirement account.
        Roth = "ROTH",
        /// Pension or another retirement account.
        Retirement = "RETIREMENT",
        /// Trust.
        Trust = "TRUST",
        /// Annuity or insurance.
        Insurance = "INSURANCE",
        /// Education savings, tax-free savings and the like.
        TaxAdvantaged = "TAX_ADVANTAGED",
        /// Crypto currency.
        Crypto = "CRYPTO",
        /// Something else that is known.
        Other = "OTHER",
        /// A subtype that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}

impl AccountSubtype {
    /// Whether accounts of that type can have this subtype.
    pub fn is_of(self, account_type: AccountType) -> bool {
        use AccountType as T;
        let types: &[T] = match self {
            Self::Checking
            | Self::Savings
            | Self::MoneyMarket
            | Self::CashManagement
            | Self::Prepaid
            | Self::Ebt
            | Self::Wallet => &[T::Depository],
            Self::CertificateOfDeposit | Self::Hsa => &[T::Depository, T::Investment],
            Self::CreditCard => &[T::Credit],
            Self::LineOfCredit | Self::Overdraft => &[T::Credit, T::Loan],
            Self::Mortgage
            | Self::HomeEquity
            | Self::StudentLoan
            | Self::AutoLoan
            | Self::BusinessLoan
            | Self::PersonalLoan => &[T::Loan],
            Self::Other => &[T::Depository, T::Credit, T::Loan, T::Investment, T::Other],
            Self::Unidentified => &[],
            _ => &[T::Investment],
        };
        types.contains(&account_type)
    }
}

wire_enum! {
    /// Whether an account is still there.
    pub enum AccountStatus {
        /// Shared and fetched.
        Open = "OPEN",
        /// Closed at the institution.
        Closed = "CLOSED",
        /// No longer shared by the customer.
        Removed = "REMOVED",
    }
}

/// What an account holds. Owed balances on credit and loans are positive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balances {
    /// Held or owed now.
    #[schema(value_type = Option<String>)]
    pub current: Option<Decimal>,
    /// What can be drawn.
    #[schema(value_type = Option<String>)]
    pub available: Option<Decimal>,
    /// Credit limit or pre-arranged overdraft.
    #[schema(value_type = Option<String>)]
    pub limit: Option<Decimal>,
    /// When the institution said so, where known.
    pub updated_at: Option<DateTime<Utc>>,
}

/// US account and routing number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ach {
    /// Account number.
    pub account: String,
    /// ABA routing number.
    pub routing: String,
    /// Routing number for wires, where it differs.
    pub wire_routing: Option<String>,
    /// Whether the institution gave a token instead of the real number.
    pub is_tokenized: bool,
}

/// Canadian numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Eft {
    /// Account number.
    pub account: String,
    /// Institution number.
    pub institution: String,
    /// Branch number.
    pub branch: String,
}

/// British numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bacs {
    /// Account number.
    pub account: String,
    /// Sort code.
    pub sort_code: String,
}

/// International numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct International {
    /// IBAN.
    pub iban: String,
    /// BIC, where known.
    pub bic: Option<String>,
}

/// Full numbers of an account; sealed at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Identifiers {
    /// US.
    pub ach: Option<Ach>,
    /// Canada.
    pub eft: Option<Eft>,
    /// United Kingdom.
    pub bacs: Option<Bacs>,
    /// Elsewhere.
    pub international: Option<International>,
}

/// What full numbers still wait for, where small deposits prove them (B16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The provider recognises the deposits by itself.
    Automatic,
    /// The customer is to enter them.
    ByCustomer,
    /// They were not recognised, or entered wrongly too often.
    Failed,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2, as the institution gives it.
    pub country: Option<String>,
}

/// A person behind an account; sealed at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// Names as the institution writes them.
    pub names: Vec<String>,
    /// Telephone numbers.
    pub phone_numbers: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Postal addresses.
    pub addresses: Vec<Address>,
}

/// What the provider itself last said of an account, in its own words and shape; secrets and full numbers are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderData {
    /// Who said it.
    pub service_provider: ServiceProvider,
    /// When it was read.
    pub received_at: DateTime<Utc>,
    /// What was said.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub data: serde_json::Value,
}

/// Account subtypes by type, as asked for (B13): keys are a type's lower-case names, values subtypes or `ALL`.
pub type AccountFilters = BTreeMap<String, Vec<String>>;

/// Whether an account is of a type and subtype that was asked for (B13); without filters every one is.
pub fn passes(filters: Option<&AccountFilters>, account_type: AccountType, subtype: AccountSubtype) -> bool {
    filters.is_none_or(|filters| {
        let wanted = filters.get(&account_type.as_str().to_lowercase());
        wanted.is_some_and(|subtypes| takes_all(subtypes) || subtypes.iter().any(|one| one == subtype.as_str()))
    })
}

/// Whether a type's filter takes every account of it.
pub fn takes_all(subtypes: &[String]) -> bool {
    subtypes.iter().any(|one| one == "ALL")
}
