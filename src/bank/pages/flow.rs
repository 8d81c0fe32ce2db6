//! The state machine behind the pages.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bank::login::Login;
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
    /// Whether a page of the network lists those products first (an institution that asks for itself always does so).
    pub consent_page: bool,
    /// Whether the customer chooses accounts (an institution with a picker of its own always lets them).
    pub account_selection: bool,
    /// Which accounts can be chosen; `None` = all.
    pub account_subtypes: Option<BTreeSet<AccountSubtype>>,
    /// Accounts that are shared already: ticked at first, and the result where nothing is chosen. Empty = all that can be chosen.
    pub shared_accounts: Vec<String>,
    /// In a repair: another user's login fails with [`Failure::DifferentLogin`].
    pub user: Option<UserRef>,
}

/// Where a customer is between the first page and the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    options: FlowOptions,
    step: u32,
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
    pub granted: Vec<Product>,
}

/// Why a flow cannot succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Failure {
    /// The login has no account that can be chosen (B16).
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
            Self::Code(code) => code,
        }
    }
}

impl Flow {
    /// At the first page.
    pub fn new(options: FlowOptions) -> Self {
        Self { options, step: 0 }
    }

    /// The institution that was given or chosen.
    pub fn institution(&self) -> Option<&str> {
        self.options.institution.as_deref()
    }

    /// Counts the pages; also the hidden field `step`. A simulator that stores a changed flow compares it with the stored one's first,
    /// so that the second of two equal posts changes nothing.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// How it ended; `None` = not yet.
    pub fn outcome(&self) -> Option<Step> {
        None
    }

    /// The page to show. `query` is the page's own query parameter of that name: the customer searches for an institution.
    pub fn view(&self, query: &str) -> maud::Markup {
        let _ = query;
        maud::html! {}
    }
}
