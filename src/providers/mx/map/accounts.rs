//! Accounts, their kinds, numbers and owners.

use std::collections::HashMap;

use crate::domain::account::AccountSubtype::{self, *};
use crate::domain::account::AccountType::{self, Credit, Depository, Investment, Loan};
use crate::domain::account::{Ach, Address, Balances, Eft, Identifiers, Owner};
use crate::providers::data::ProviderAccount;
use crate::providers::mx::wire::Guid;
use crate::providers::mx::wire::account::{Account, AccountNumber, AccountOwner};

use super::{currency, text};

/// How many owners of one account are kept.
const MOST_OWNERS: usize = 20;

/// MX's types: ours, and the subtype of an account that has none of its own.
const TYPES: &[(&str, AccountType, AccountSubtype)] = &[
    ("CHECKING", Depository, Checking),
    ("SAVINGS", Depository, Savings),
    ("CASH", Depository, CashManagement),
    ("PREPAID", Depository, Prepaid),
    ("CREDIT_CARD", Credit, CreditCard),
    ("LINE_OF_CREDIT", Credit, LineOfCredit),
    ("CHECKING_LINE_OF_CREDIT", Credit, Overdraft),
    ("LOAN", Loan, AccountSubtype::Other),
    ("MORTGAGE", Loan, Mortgage),
    ("INVESTMENT", Investment, Brokerage),
    ("INSURANCE", AccountType::Other, AccountSubtype::Other),
    ("PROPERTY", AccountType::Other, AccountSubtype::Other),
    ("ANY", AccountType::Other, AccountSubtype::Other),
];

/// MX's subtypes within their types. Where the description lists none, these are the names of MX's guides.
const SUBTYPES: &[(&str, &str, AccountSubtype)] = &[
    ("SAVINGS", "MONEY_MARKET", MoneyMarket),
    ("SAVINGS", "CERTIFICATE_OF_DEPOSIT", CertificateOfDeposit),
    ("SAVINGS", "HEALTH", Hsa),
    ("LOAN", "AUTO", AutoLoan),
    ("LOAN", "STUDENT", StudentLoan),
    ("LOAN", "SMALL_BUSINESS", BusinessLoan),
    ("LOAN", "PERSONAL", PersonalLoan),
    ("LOAN", "PERSONAL_WITH_COLLATERAL", PersonalLoan),
    ("LOAN", "HOME_EQUITY", HomeEquity),
    ("LINE_OF_CREDIT", "HOME_EQUITY", LineOfCredit),
    ("INVESTMENT", "TAXABLE", Brokerage),
    ("INVESTMENT", "BROKERAGE", Brokerage),
    ("INVESTMENT", "PLAN_401_K", Plan401k),
    ("INVESTMENT", "ROTH_401_K", Plan401k),
    ("INVESTMENT", "PLAN_403_B", Plan403b),
    ("INVESTMENT", "PLAN_457", Plan457b),
    ("INVESTMENT", "PLAN_529", Plan529),
    ("INVESTMENT", "IRA", Ira),
    ("INVESTMENT", "ROLLOVER_IRA", Ira),
    ("INVESTMENT", "SIMPLE_IRA", Ira),
    ("INVESTMENT", "SEP_IRA", Ira),
    ("INVESTMENT", "ROTH_IRA", Roth),
    ("INVESTMENT", "KEOGH", Retirement),
    ("INVESTMENT", "PENSION", Retirement),
    ("INVESTMENT", "RRSP", Retirement),
    ("INVESTMENT", "RRIF", Retirement),
    ("INVESTMENT", "TFSA", TaxAdvantaged),
    ("INVESTMENT", "RESP", TaxAdvantaged),
    ("INVESTMENT", "COVERDELL", TaxAdvantaged),
    ("INVESTMENT", "TRUST", Trust),
    ("INVESTMENT", "FIXED_ANNUITY", Insurance),
    ("INVESTMENT", "ANNUITY", Insurance),
    ("INVESTMENT", "HEALTH", Hsa),
    ("INVESTMENT", "CRYPTOCURRENCY", Crypto),
];

/// The kind of an account, from MX's type and subtype. What is new to us is unidentified.
pub fn kind(account_type: Option<&str>, subtype: Option<&str>) -> (AccountType, AccountSubtype) {
    let Some((name, ours, plain)) = TYPES.iter().find(|(name, ..)| Some(*name) == account_type) else {
        return (AccountType::Unidentified, AccountSubtype::Unidentified);
    };
    let subtype = match subtype {
        None | Some("" | "NONE") => *plain,
        Some(own) if own == *name => *plain,
        Some(own) => SUBTYPES
            .iter()
            .find(|(within, listed, _)| within == name && *listed == own)
            .map_or(AccountSubtype::Unidentified, |(_, _, subtype)| *subtype),
    };
    (*ours, subtype)
}

/// An account that is to be seen: MX keeps closed ones in the list, and such as the customer made up.
pub fn is_shared(account: &Account) -> bool {
    account.is_closed != Some(true) && account.is_manual != Some(true)
}

/// An account, without numbers and owners.
pub fn account(account: &Account) -> ProviderAccount {
    let (account_type, subtype) = kind(account.account_type.as_deref(), account.subtype.as_deref());
    let amount = |amount: Option<crate::providers::mx::wire::Amount>| amount.map(|amount| amount.0);
    let available = match account_type {
        Credit => account.available_credit.or(account.available_balance),
        Investment => account.cash_balance.or(account.available_balance),
        _ => account.available_balance,
    };
    let name = text(account.name.as_deref()).or_else(|| text(account.nickname.as_deref()));
    ProviderAccount {
        provider_account_id: account.guid.to_string(),
        persistent_id: None,
        name: name.unwrap_or_else(|| "Account".to_owned()),
        mask: account.account_number.as_deref().and_then(mask),
        account_type,
        subtype,
        currency: currency(account.currency_code.as_deref()),
        balances: Balances {
            current: amount(account.balance),
            available: amount(available),
            limit: amount(account.credit_limit),
            updated_at: account.updated_at,
        },
        verification: None,
        identifiers: None,
        owners: None,
        verbatim: account.verbatim.clone(),
    }
}

/// The last four letters and digits of a number.
fn mask(number: &str) -> Option<String> {
    let plain: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let last: String = plain.get(plain.len().saturating_sub(4)..)?.iter().collect();
    (!last.is_empty()).then_some(last)
}

/// Full numbers by account.
pub fn identifiers(numbers: Vec<AccountNumber>) -> HashMap<Guid, Identifiers> {
    let mut found: HashMap<Guid, Identifiers> = HashMap::new();
    for number in numbers {
        let (Some(guid), Some(account)) = (number.account_guid, text(number.account_number.as_deref())) else {
            continue;
        };
        let ours = found.entry(guid).or_default();
        if let Some(routing) = text(number.routing_number.as_deref()) {
            ours.ach.get_or_insert(Ach { account: account.clone(), routing, wire_routing: None, is_tokenized: false });
        }
        let canadian = (text(number.institution_number.as_deref()), text(number.transit_number.as_deref()));
        if let (Some(institution), Some(branch)) = canadian {
            ours.eft.get_or_insert(Eft { account, institution, branch });
        }
    }
    found.retain(|_, ours| *ours != Identifiers::default());
    found
}

/// Owners by account, at most twenty of each.
pub fn owners(owners: Vec<AccountOwner>) -> HashMap<Guid, Vec<Owner>> {
    let mut found: HashMap<Guid, Vec<Owner>> = HashMap::new();
    for mut one in owners {
        let Some(guid) = one.account_guid.take() else { continue };
        let of_account = found.entry(guid).or_default();
        let ours = owner(&one);
        if ours != Owner::default() && of_account.len() < MOST_OWNERS {
            of_account.push(ours);
        }
    }
    found.retain(|_, owners| !owners.is_empty());
    found
}

fn owner(owner: &AccountOwner) -> Owner {
    let parts = [owner.first_name.as_deref(), owner.last_name.as_deref()].map(text);
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let address = Address {
        street: text(owner.address.as_deref()),
        city: text(owner.city.as_deref()),
        region: text(owner.state.as_deref()),
        postal_code: text(owner.postal_code.as_deref()),
        country: text(owner.country.as_deref()),
    };
    Owner {
        names: text(owner.owner_name.as_deref()).or_else(|| text(Some(&joined))).into_iter().collect(),
        phone_numbers: text(owner.phone.as_deref()).into_iter().collect(),
        emails: text(owner.email.as_deref()).into_iter().collect(),
        addresses: Some(address).filter(|address| *address != Address::default()).into_iter().collect(),
    }
}
