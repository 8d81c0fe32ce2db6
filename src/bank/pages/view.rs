//! The pages as HTML. Everything that comes from outside is escaped by the templates.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::flow::{AccountChoice, Flow, Outcome, PageState};
use crate::bank::institution::search;
use crate::bank::user::TEST_USERS;
use crate::domain::account::AccountSubtype;
use crate::domain::product::Product;

const STYLE: &str = include_str!("style.css");

/// How many institutions a page shows; more are found by searching.
const MOST_SHOWN: usize = 30;

impl Flow {
    /// The page to show. `query` is the page's own query parameter of that name: the customer searches for an institution.
    pub fn view(&self, query: &str) -> Markup {
        let bank = self.bank().map_or(self.options.network.as_str(), |bank| bank.name.as_str());
        let (title, content) = match &self.page {
            PageState::Institution => ("Choose your institution", self.institution_page(query)),
            PageState::Consent => ("Share your data", self.consent_page(bank)),
            PageState::Credentials => ("Log in", self.credentials_page(bank)),
            PageState::Deposits => ("Confirm your account", self.deposits_page()),
            PageState::Mfa { question, .. } => ("Confirm that it is you", self.mfa_page(question)),
            PageState::Permissions { .. } if self.options.payment.is_some() => {
                ("Confirm the payment", self.payment_page(bank))
            }
            PageState::Permissions { .. } => ("Allow access", self.permissions_page(bank)),
            PageState::Accounts { choices, .. } => ("Choose accounts", self.accounts_page(choices)),
            PageState::Done { result } => ("Done", done_page(result)),
        };
        sheet(bank, &self.options.application, title, &content)
    }

    fn form(&self, step: &str, submit: Option<&str>, fields: &Markup) -> Markup {
        form(step, self.step, self.error.as_deref(), submit, fields)
    }

    fn institution_page(&self, query: &str) -> Markup {
        let found = search(query, &self.options.country_codes, &self.options.required_products);
        let list = html! {
            ul.institutions {
                @for one in found.iter().take(MOST_SHOWN) {
                    li { button.row name="institution" value=(one.key) { strong { (one.name) } span { (one.url) } } }
                }
            }
            @if found.is_empty() { p { "Nothing found." } }
            @if found.len() > MOST_SHOWN { p { (found.len() - MOST_SHOWN) " more: search for yours." } }
        };
        html! {
            form.search method="get" role="search" {
                label for="query" { "Search" }
                input #query type="search" name="query" value=(query) maxlength="100";
                button { "Search" }
            }
            (self.form("institution", None, &list))
        }
    }

    fn consent_page(&self, bank: &str) -> Markup {
        let fields = html! {
            p { (self.options.application) " uses " (self.options.network) " to read this from " (bank) ":" }
            ul.products { @for product in &self.options.ask_products { li data-product=(product.as_str()) { (label(*product)) } } }
            p { "You can take this back at any time." }
        };
        self.form("consent", Some("Continue"), &fields)
    }

    fn credentials_page(&self, bank: &str) -> Markup {
        let fields = html! {
            p { "Your user name and password at " (bank) "." }
            label for="username" { "User name" }
            input #username name="username" required autofocus autocomplete="off" autocapitalize="none" maxlength="100";
            label for="password" { "Password" }
            input #password type="password" name="password" required autocomplete="off" maxlength="100";
            details {
                summary { "Test users" }
                dl { @for user in TEST_USERS { dt { code { (user.username) } " / " code { (user.password) } } dd { (user.description) } } }
            }
        };
        self.form("credentials", Some("Log in"), &fields)
    }

    fn mfa_page(&self, question: &str) -> Markup {
        let fields = html! {
            label for="answer" { (question) }
            input #answer name="answer" required autofocus autocomplete="one-time-code" inputmode="numeric" maxlength="20";
        };
        self.form("mfa", Some("Continue"), &fields)
    }

    fn deposits_page(&self) -> Markup {
        let fields = html! {
            p { "Two small amounts were paid into your account. What were they? (Here: 0.01 and 0.02.)" }
            @for id in ["first", "second"] {
                label for=(id) { "The " (id) " amount" }
                input id=(id) name="amount" required autocomplete="off" inputmode="decimal" maxlength="10";
            }
        };
        self.form("deposits", Some("Confirm"), &fields)
    }

    fn payment_page(&self, bank: &str) -> Markup {
        let allow = Product::PaymentInitiation.as_str();
        let fields = html! {
            p { (bank) " will pay this from your account:" }
            ul.products {
                li data-product=(allow) {
                    label {
                        input type="checkbox" name="allow" value=(allow) checked;
                        (self.options.payment.as_deref().unwrap_or_default())
                    }
                }
            }
        };
        self.form("permissions", Some("Pay"), &fields)
    }

    fn permissions_page(&self, bank: &str) -> Markup {
        let each = self.bank().is_some_and(|bank| bank.per_product_consent);
        let fields = html! {
            p { (bank) " will share this with " (self.options.application) ":" }
            ul.products {
                @for product in self.offered() {
                    li data-product=(product.as_str()) {
                        @if each {
                            label { input type="checkbox" name="allow" value=(product.as_str()) checked; (label(product)) }
                        } @else { (label(product)) }
                    }
                }
            }
        };
        self.form("permissions", Some("Allow"), &fields)
    }

    fn accounts_page(&self, choices: &[AccountChoice]) -> Markup {
        let fields = html! {
            p { "Which accounts may " (self.options.application) " see?" }
            ul.accounts {
                @for choice in choices {
                    li {
                        label {
                            input type="checkbox" name="accounts" value=(choice.key) data-mask=(choice.mask)
                                checked[self.is_shared(choice)];
                            strong { (choice.name) } span { (kind(choice.subtype)) " ····" (choice.mask) }
                        }
                    }
                }
            }
        };
        self.form("accounts", Some("Share"), &fields)
    }
}

/// A page with what every page has. `owner` is whose it is, `application` who asks.
pub fn sheet(owner: &str, application: &str, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) " · " (owner) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header { strong { (owner) } span { "for " (application) } }
                    h1 { (title) }
                    (content)
                }
                footer { "A simulated bank: no real money, no real data." }
            }
        }
    }
}

/// The form around a page's fields, with what every form has. `counter` is the hidden field `step`, `error` why it is shown again.
pub fn form(step: &str, counter: u32, error: Option<&str>, submit: Option<&str>, fields: &Markup) -> Markup {
    html! {
        form method="post" data-step=(step) data-error=[error] {
            @if let Some(error) = error { p role="alert" { (explain(error)) } }
            input type="hidden" name="step" value=(counter);
            (fields)
            p.actions {
                @if let Some(label) = submit { button name="action" value="submit" { (label) } }
                button.quiet name="action" value="cancel" formnovalidate { "Cancel" }
            }
        }
    }
}

fn done_page(result: &Outcome) -> Markup {
    let (code, text) = match result {
        Outcome::Finished(_) => ("FINISHED", "Your accounts are connected.".to_owned()),
        Outcome::Cancelled => ("CANCELLED", "Nothing was connected.".to_owned()),
        Outcome::Failed(failure) => (failure.code(), explain(failure.code())),
    };
    html! { p data-step="done" data-result=(code) { (text) } p { "You can close this page." } }
}

/// What a code means, for people.
fn explain(code: &str) -> String {
    match code {
        "WRONG_CREDENTIALS" => "User name and password do not match.",
        "WRONG_ANSWER" => "That is not the right answer.",
        "WRONG_AMOUNTS" => "These are not the amounts that were paid in.",
        "DEPOSITS_NOT_VERIFIED" => "Too many wrong amounts: the account has to be connected anew.",
        "UNKNOWN_INSTITUTION" => "Please choose an institution from the list.",
        "NO_ACCOUNTS" => "There is no account to share.",
        "DIFFERENT_LOGIN" => "This is another login than the one that was connected.",
        "LOCKED" => "The institution has locked this login. Please contact it.",
        "INSTITUTION_DOWN" => "The institution does not answer at present.",
        "PERMISSION_DENIED" => "Nothing was allowed, so nothing was connected.",
        "TOO_MANY_ATTEMPTS" => "Too many wrong attempts.",
        other => return format!("The institution reports {other}."),
    }
    .to_owned()
}

/// What a product is called among people.
fn label(product: Product) -> &'static str {
    match product {
        Product::Balances => "Account balances",
        Product::Identifiers => "Account and routing numbers",
        Product::Owners => "Name, address, telephone and e-mail",
        Product::Transactions => "Transactions",
        Product::InvestmentHoldings => "Investments that you hold",
        Product::InvestmentTransactions => "Investment transactions",
        Product::Liabilities => "Terms of cards and loans",
        Product::Assets => "A report of your assets",
        Product::Statements => "Bank statements",
        Product::Income => "Income",
        Product::Signal => "Risk of returned payments",
        Product::IdentityVerification => "Proof of your identity",
        Product::PaymentInitiation => "Payments from your account",
        Product::ConsumerReport => "A consumer report",
    }
}

/// What a kind of account is called among people.
fn kind(subtype: AccountSubtype) -> String {
    subtype.as_str().replace('_', " ").to_lowercase()
}
