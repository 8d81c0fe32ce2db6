//! The state machine behind the pages.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::form::Form;
use crate::bank::account::BankAccount;
use crate::bank::institution::{BankInstitution, institution};
use crate::bank::login::{Login, LoginOutcome, Refusal};
use crate::bank::user::UserRef;
use crate::domain::account::AccountSubtype;
use crate::domain::product::Product;

/// What a flow is to do; set once by the simulator.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FlowOptions {
    /// Who asks: the application's name as the customer reads it.
    pub application: String,
    /// Which network carries the data, as the customer reads it.
    pub network: String,
    /// The institution's key; `None` lets the customer choose.
    pub institution: Option<String>,
    /// Institutions to choose from are in one of these countries; empty = any.
    pub country_codes: Vec<String>,
    /// Institutions to choose from have all of these.
    pub required_products: Vec<Product>,
    /// What consent is asked for.
    pub ask_products: Vec<Product>,
    /// Whether a page of the network lists those products first (an institution with OAuth always asks for itself).
    pub consent_page: bool,
    /// Whether the customer chooses accounts (an institution with a picker of its own always lets them).
    pub account_selection: bool,
    /// Which accounts can be chosen; `None` = all.
    pub account_subtypes: Option<BTreeSet<AccountSubtype>>,
    /// Accounts that are shared already: ticked at first, and the result where nothing is chosen. Empty = all that can be chosen.
    pub shared_accounts: Vec<String>,
    /// Whether a login that shares no account is a result like another; else it fails with [`Failure::NoAccounts`].
    #[serde(default)]
    pub takes_none: bool,
    /// What the institution pays from the account when the customer allows it, as they read it; then it asks for nothing else.
    #[serde(default)]
    pub payment: Option<String>,
    /// In a repair: another user's login fails with [`Failure::DifferentLogin`].
    pub user: Option<UserRef>,
    /// In a repair: the customer enters the amounts of two small deposits instead of logging in.
    pub deposits: Option<Deposits>,
}

/// Small deposits whose amounts the customer is to enter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deposits {
    /// The login that goes on, because none is asked for.
    pub login: Login,
    /// How often they may be entered.
    pub attempts: u32,
}

/// What was paid in, in the currency of the account.
pub const DEPOSITED: [&str; 2] = ["0.01", "0.02"];

/// Where a customer is between the first page and the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    pub(super) options: FlowOptions,
    pub(super) step: u32,
    pub(super) page: PageState,
    /// Why the page is shown again.
    pub(super) error: Option<String>,
    /// What was still wrong when the customer left.
    left_with: Option<Refusal>,
    refused: Option<Refusal>,
    failed_attempts: u32,
    granted: Vec<Product>,
}

/// Which page is next, and what it needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub(super) enum PageState {
    Institution,
    Consent,
    Credentials,
    Deposits,
    Mfa { user: UserRef, question: String },
    Permissions { login: Login, choices: Vec<AccountChoice> },
    Accounts { login: Login, choices: Vec<AccountChoice> },
    Done { result: Outcome },
}

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Finished(Finished),
    Cancelled,
    Failed(Failure),
}

/// An account that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChoice {
    /// The account's key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The last four digits of its number.
    pub mask: String,
    /// What it is.
    pub subtype: AccountSubtype,
}

/// What to do after a form was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show the (next) page: redirect to it.
    Show,
    /// The customer came to the end.
    Finished(Finished),
    /// The customer left.
    Cancelled,
    /// It cannot succeed.
    Failed(Failure),
}

/// What the customer agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// To be kept with the simulator's object.
    pub login: Login,
    /// The shared accounts' keys, at least one.
    pub accounts: Vec<String>,
    /// Those of the asked products that the customer allows; all of them where the institution does not ask for each.
    /// Where it asks for each, only what it has.
    pub granted: Vec<Product>,
}

/// Why a flow cannot succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Failure {
    /// The login has no account that can be chosen, or none was (B16).
    NoAccounts,
    /// Another user than the one of the repair (D9).
    DifferentLogin,
    /// The institution has locked the user out.
    Locked,
    /// The institution is down.
    InstitutionDown,
    /// The customer allowed nothing at the institution.
    PermissionDenied,
    /// Too many wrong passwords or answers.
    TooManyAttempts,
    /// Too many wrong amounts of the deposits.
    DepositsNotVerified,
    /// What the password `error_<CODE>` asked for.
    Code(String),
}

impl Failure {
    /// A stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NoAccounts => "NO_ACCOUNTS",
            Self::DifferentLogin => "DIFFERENT_LOGIN",
            Self::Locked => "LOCKED",
            Self::InstitutionDown => "INSTITUTION_DOWN",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::TooManyAttempts => "TOO_MANY_ATTEMPTS",
            Self::DepositsNotVerified => "DEPOSITS_NOT_VERIFIED",
            Self::Code(code) => code,
        }
    }
}

/// What a form asks of the bank.
pub(in crate::bank) enum Accepted {
    /// Nothing: the flow knows.
    Settled,
    LogIn {
        institution: String,
        username: String,
        password: String,
    },
    Answer {
        user: UserRef,
        answer: String,
    },
}

/// How many wrong passwords and answers a flow takes.
const MOST_ATTEMPTS: u32 = 5;

impl Flow {
    /// At the first page.
    pub fn new(options: FlowOptions) -> Self {
        let mut flow = Self {
            granted: options.ask_products.clone(),
            options,
            step: 0,
            page: PageState::Institution,
            error: None,
            left_with: None,
            refused: None,
            failed_attempts: 0,
        };
        if flow.institution().is_some() {
            flow.greet();
        }
        flow
    }

    /// The institution that was given or chosen.
    pub fn institution(&self) -> Option<&str> {
        self.options.institution.as_deref()
    }

    /// Counts what the customer did; also the hidden field `step`. A simulator that stores a changed flow compares it with the stored one's
    /// first, so that the second of two equal posts changes nothing.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// Why the institution had not let the customer in who left then.
    pub fn left_with(&self) -> Option<&Refusal> {
        self.left_with.as_ref()
    }

    /// How often wrong amounts of deposits were entered.
    pub fn wrong_amounts(&self) -> u32 {
        if self.options.deposits.is_some() { self.failed_attempts } else { 0 }
    }

    /// How it ended; `None` = not yet.
    pub fn outcome(&self) -> Option<Step> {
        match &self.page {
            PageState::Done { result: Outcome::Finished(finished) } => Some(Step::Finished(finished.clone())),
            PageState::Done { result: Outcome::Cancelled } => Some(Step::Cancelled),
            PageState::Done { result: Outcome::Failed(failure) } => Some(Step::Failed(failure.clone())),
            _ => None,
        }
    }

    /// Takes a form, as far as it goes without the bank.
    pub(in crate::bank) fn accept(&mut self, form: &Form) -> Accepted {
        if form.first("step").parse() != Ok(self.step) || self.outcome().is_some() {
            return Accepted::Settled;
        }
        self.step = self.step.saturating_add(1);
        self.error = None;
        let refused = self.refused.take();
        if form.first("action") == "cancel" {
            self.left_with = refused;
            self.end(Outcome::Cancelled);
            return Accepted::Settled;
        }
        match self.page.clone() {
            PageState::Institution => self.choose(form.first("institution")),
            PageState::Consent => self.page = PageState::Credentials,
            PageState::Credentials => {
                let [username, password] = ["username", "password"].map(|field| form.first(field).to_owned());
                return Accepted::LogIn {
                    institution: self.institution().unwrap_or_default().to_owned(),
                    username: username.trim().to_owned(),
                    password,
                };
            }
            PageState::Deposits => self.verify(form),
            PageState::Mfa { user, .. } => return Accepted::Answer { user, answer: form.first("answer").to_owned() },
            PageState::Permissions { login, choices } => self.allow(login, choices, form),
            PageState::Accounts { login, choices } => {
                let chosen: Vec<&str> = form.all("accounts").collect();
                let keys = choices.into_iter().map(|choice| choice.key).filter(|key| chosen.contains(&key.as_str()));
                self.finish(login, keys.collect());
            }
            PageState::Done { .. } => {}
        }
        Accepted::Settled
    }

    /// Takes the bank's answer to [`Accepted::LogIn`] or [`Accepted::Answer`], with the user's open accounts.
    pub(in crate::bank) fn judged(&mut self, outcome: LoginOutcome, accounts: &[BankAccount]) {
        match outcome {
            LoginOutcome::Success(login) => self.let_in(login, accounts),
            LoginOutcome::Mfa { user, question } => self.page = PageState::Mfa { user, question },
            LoginOutcome::Refused(Refusal::Locked) => self.fail(Failure::Locked),
            LoginOutcome::Refused(Refusal::InstitutionDown) => self.fail(Failure::InstitutionDown),
            LoginOutcome::Refused(Refusal::Code(code)) => self.fail(Failure::Code(code)),
            LoginOutcome::Refused(refusal) => {
                self.failed_attempts += 1;
                self.error = Some(refusal.code().to_owned());
                self.refused = Some(refusal);
                if self.failed_attempts >= MOST_ATTEMPTS {
                    self.fail(Failure::TooManyAttempts);
                }
            }
        }
    }

    pub(super) fn bank(&self) -> Option<&'static BankInstitution> {
        self.institution().and_then(institution)
    }

    /// The products for which the institution's own page asks one by one.
    pub(super) fn offered(&self) -> Vec<Product> {
        let asked = self.options.ask_products.iter().copied();
        asked.filter(|&product| self.bank().is_some_and(|bank| bank.has(product))).collect()
    }

    fn choose(&mut self, key: &str) {
        if institution(key).is_some() {
            self.options.institution = Some(key.to_owned());
            self.greet();
        } else {
            self.error = Some("UNKNOWN_INSTITUTION".to_owned());
        }
    }

    /// The first page after the choice of an institution.
    fn greet(&mut self) {
        self.page = if self.options.deposits.is_some() {
            PageState::Deposits
        } else if self.options.consent_page {
            PageState::Consent
        } else {
            PageState::Credentials
        };
    }

    /// Takes the amounts of the deposits, in any order.
    fn verify(&mut self, form: &Form) {
        let Some(deposits) = self.options.deposits.clone() else { return };
        let mut amounts: Vec<&str> = form.all("amount").map(str::trim).collect();
        amounts.sort_unstable();
        if amounts == DEPOSITED {
            return self.finish(deposits.login, self.options.shared_accounts.clone());
        }
        self.failed_attempts += 1;
        self.error = Some("WRONG_AMOUNTS".to_owned());
        if self.failed_attempts >= deposits.attempts {
            self.fail(Failure::DepositsNotVerified);
        }
    }

    fn let_in(&mut self, login: Login, accounts: &[BankAccount]) {
        if self.options.user.as_ref().is_some_and(|expected| *expected != login.user) {
            return self.fail(Failure::DifferentLogin);
        }
        let wanted = self.options.account_subtypes.as_ref();
        let choices: Vec<AccountChoice> = accounts
            .iter()
            .filter(|account| wanted.is_none_or(|subtypes| subtypes.contains(&account.subtype)))
            .map(|account| AccountChoice {
                key: account.key.clone(),
                name: account.name.clone(),
                mask: account.mask.clone(),
                subtype: account.subtype,
            })
            .collect();
        if choices.is_empty() {
            self.finish(login, Vec::new());
        } else if self.bank().is_some_and(|bank| bank.oauth) {
            self.page = PageState::Permissions { login, choices };
        } else {
            self.offer_accounts(login, choices);
        }
    }

    /// Takes what the customer allows at the institution.
    fn allow(&mut self, login: Login, choices: Vec<AccountChoice>, form: &Form) {
        if self.options.payment.is_some() && !form.all("allow").any(|name| name == Product::PaymentInitiation.as_str())
        {
            return self.fail(Failure::PermissionDenied);
        }
        if self.bank().is_some_and(|bank| bank.per_product_consent) {
            let offered = self.offered();
            self.granted =
                offered.iter().copied().filter(|one| form.all("allow").any(|name| name == one.as_str())).collect();
            if self.granted.is_empty() && !offered.is_empty() {
                return self.fail(Failure::PermissionDenied);
            }
        }
        self.offer_accounts(login, choices);
    }

    fn offer_accounts(&mut self, login: Login, choices: Vec<AccountChoice>) {
        if self.options.account_selection || self.bank().is_some_and(|bank| bank.own_account_picker) {
            self.page = PageState::Accounts { login, choices };
        } else {
            let shared = choices.into_iter().filter(|choice| self.is_shared(choice)).map(|choice| choice.key).collect();
            self.finish(login, shared);
        }
    }

    /// Whether an account is ticked at first.
    pub(super) fn is_shared(&self, choice: &AccountChoice) -> bool {
        self.options.shared_accounts.is_empty() || self.options.shared_accounts.contains(&choice.key)
    }

    fn finish(&mut self, login: Login, accounts: Vec<String>) {
        if accounts.is_empty() && !self.options.takes_none {
            self.fail(Failure::NoAccounts);
        } else {
            let granted = std::mem::take(&mut self.granted);
            self.end(Outcome::Finished(Finished { login, accounts, granted }));
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.end(Outcome::Failed(failure));
    }

    fn end(&mut self, result: Outcome) {
        self.error = None;
        self.page = PageState::Done { result };
    }
}
