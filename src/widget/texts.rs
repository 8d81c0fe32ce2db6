//! Every word that a customer reads, in one place and in one language.

use crate::domain::problem::Code;
use crate::domain::product::Product;
use crate::domain::session::{SessionMode, SessionOutcome};

/// A heading and what stands under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The heading.
    pub(super) title: &'static str,
    /// What stands under it.
    pub(super) body: &'static str,
}

const fn text(title: &'static str, body: &'static str) -> Text {
    Text { title, body }
}

/// ISO 639-1.
pub(super) const LANGUAGE: &str = "en";
pub(super) const PROMISE: &str =
    "You log in at your bank or its data network. Your password is never shown to the application or to this page.";
pub(super) const REFERENCE: &str = "If you ask for help, give this reference:";

pub(super) const CONTINUE: &str = "Continue";
pub(super) const CONTINUE_IN_NEW_TAB: &str = "Continue in a new tab";
pub(super) const TRY_AGAIN: &str = "Try again";
pub(super) const CHECK_AGAIN: &str = "Check again";
pub(super) const CANCEL: &str = "Cancel";
pub(super) const BACK: &str = "Back to the application";
pub(super) const FINISHED_THERE: &str = "I have finished there";

pub(super) const CHOOSE_BANK: &str = "Choose your bank";
pub(super) const WILL_SEE: &str = "The application asks to see:";
pub(super) const SEARCH_LABEL: &str = "Name of your bank";
pub(super) const SEARCH: &str = "Search";
pub(super) const BANKS: &str = "Banks";
pub(super) const NOTHING_FOUND: &str = "No bank with this name can be connected here. Try another part of its name.";
pub(super) const NO_BANKS: &str = "There is no bank here that has everything the application needs.";
pub(super) const MORE: &str = "More banks";
pub(super) const FROM_THE_BEGINNING: &str = "From the beginning";
pub(super) const YOUR_BANK: &str = "your bank";
pub(super) const STARTED: &str =
    "You are on the way already. If you have finished there, check again; otherwise go on where you left.";

pub(super) const GOING: Text = text("Going to your bank", "One moment. If nothing happens, go on by yourself.");
pub(super) const GOING_IN_NEW_TAB: Text =
    text("Go on at your bank", "Your bank opens in a new tab. Come back here when you have finished there.");
pub(super) const SCRIPT_ONLY: Text = text(
    "This bank opens in the application",
    "It cannot be opened from this page. Go back to the application and start there.",
);
pub(super) const GOING_BACK: Text = text("Going back", "One moment. If nothing happens, go on by yourself.");
pub(super) const LEFT: Text =
    text("You have left", "Nothing was connected. You can close this page, or go on where you left.");
pub(super) const CONFIRMING: Text = text(
    "One moment",
    "Your bank is still confirming. This page looks again by itself; there is nothing you need to do.",
);
pub(super) const STILL_CONFIRMING: Text = text(
    "This takes longer than usual",
    "Your bank has not confirmed yet. You can close this page: as soon as it does, the application will know.",
);
pub(super) const COMPLETED: Text = text("All done", "There is nothing more to do here. You can close this page.");

pub(super) const ATTEMPT_ENDED: Text =
    text("It did not work", "You can close this page, and try again where you came from.");

pub(super) const NO_SESSION: Text = text(
    "Please start in the application",
    "This page does not know you, or your visit is over. Go back to the application and start from there.",
);
pub(super) const FOREIGN_FORM: Text =
    text("This page was out of date", "Nothing was done. Another visit may have begun in this browser meanwhile.");
pub(super) const UNKNOWN_PATH: Text = text("There is no such page", "Go back to the application and start from there.");
pub(super) const UNKNOWN_STATE: Text = text(
    "This address is not valid",
    "It belongs to no visit of yours, so nothing was done. Go back to the application and start from there.",
);
pub(super) const NO_CHOICE: Text = text("Choose a bank", "Choose one from the list.");

/// What the session is for: heading and explanation, with the bank's name.
pub(super) fn purpose(mode: SessionMode, bank: &str, alone: Option<Product>) -> (String, String) {
    match mode {
        SessionMode::Connect if alone == Some(Product::IdentityVerification) => (
            "Verify your identity".to_owned(),
            "You will answer questions about yourself, show a document, and come back here.".to_owned(),
        ),
        SessionMode::Connect if alone == Some(Product::PaymentInitiation) => {
            (format!("Pay from {bank}"), format!("You will log in at {bank}, confirm the payment, and come back here."))
        }
        SessionMode::Connect => {
            (format!("Connect {bank}"), format!("You will log in at {bank}, choose what to share, and come back here."))
        }
        SessionMode::Login => (
            format!("Log in at {bank} again"),
            format!("Log in at {bank} once more, so that the connection keeps working."),
        ),
        SessionMode::Accounts => (
            "Choose your accounts".to_owned(),
            format!("At {bank} you choose again which accounts you share. Those that you leave out are removed."),
        ),
        SessionMode::Consent => {
            ("Share more".to_owned(), format!("The application asks for more from {bank}. You decide there."))
        }
        SessionMode::Relink => (
            format!("Connect {bank} again"),
            format!(
                "The old connection to {bank} cannot be restored. Connect it anew; your accounts stay as they are."
            ),
        ),
    }
}

/// How the last attempt ended, where it was without a result.
pub(super) fn attempt(code: &str) -> String {
    match code {
        "CANCELLED" => "You left before you had finished. Nothing was changed.",
        "NO_ACCOUNTS" => "No account was shared. Share at least one.",
        "DIFFERENT_LOGIN" => {
            "That was another login than before. Use the one that is connected; to connect the other one too, start anew in the application."
        }
        "REQUIRED_PRODUCT_NOT_GRANTED" => {
            "The accounts that you shared do not give everything that the application needs. Share others too, or allow all that it asks for."
        }
        "LINK_LOST" => "The connection to your bank was made, but its answer was lost on the way. Please connect once more.",
        "SESSION_EXPIRED" => "Your visit at the bank took too long and was ended.",
        other => {
            let code: String = other.chars().filter(char::is_ascii_graphic).take(60).collect();
            return format!("It did not work this time. The bank or its data network reports: {code}.");
        }
    }
    .to_owned()
}

/// How a session ended, and with which code.
pub(super) fn over(outcome: SessionOutcome, code: Option<&str>) -> Text {
    match (outcome, code) {
        (SessionOutcome::Completed, _) => COMPLETED,
        (SessionOutcome::Cancelled, Some("REPLACED")) => {
            text("There is a newer link", "This one was replaced. Use the one that you were sent last.")
        }
        (SessionOutcome::Cancelled, Some("CONNECTION_DELETED")) => {
            text("The connection was removed", "There is nothing left to do here.")
        }
        (SessionOutcome::Cancelled, _) => text("You have left", "Nothing was changed. You can close this page."),
        (SessionOutcome::Expired, _) => {
            text("Time is up", "This visit has ended. Go back to the application and start again.")
        }
        (SessionOutcome::Failed | SessionOutcome::Open, _) => {
            text("It did not work", "This visit has ended. Go back to the application and start again.")
        }
    }
}

/// What a problem means to a customer.
pub(super) fn problem(code: Code) -> Text {
    match code {
        Code::Unauthorized => NO_SESSION,
        Code::NotFound => UNKNOWN_PATH,
        Code::InvalidRequest => NO_CHOICE,
        Code::ConnectTokenExpired => over(SessionOutcome::Expired, None),
        Code::ConnectSessionFinished => text("This visit is over", "It has ended already."),
        Code::ConnectionTerminal => over(SessionOutcome::Cancelled, Some("CONNECTION_DELETED")),
        Code::InstitutionNotEligible | Code::NoProviderAvailable => {
            text("This bank cannot be used here", "It lacks something that the application needs. Choose another one.")
        }
        Code::UserActionRequired | Code::RequiredProductNotGranted | Code::DuplicateConnection => {
            text("It did not work", "Nothing was connected. You can try again.")
        }
        Code::RateLimited => text("Too fast", "Wait a moment, then try again."),
        Code::ProviderError => text("The bank's data network failed", "Nothing is lost. Try again in a moment."),
        Code::ProviderTimeout => text("The bank's data network is slow", "Nothing is lost. Try again in a moment."),
        Code::Unavailable => text("Not available for the moment", "Nothing is lost. Try again in a moment."),
        _ => text("Something went wrong", "It is not your fault. Try again in a moment."),
    }
}

/// What a product is called among people.
pub(super) const fn product(product: Product) -> &'static str {
    match product {
        Product::Balances => "Balances of your accounts",
        Product::Identifiers => "Account and routing numbers",
        Product::Owners => "Name and contact details of the owners",
        Product::Transactions => "Transactions",
        Product::InvestmentHoldings => "Investments that you hold",
        Product::InvestmentTransactions => "Purchases and sales of investments",
        Product::Liabilities => "Terms of your cards and loans",
        Product::Assets => "A report of your assets",
        Product::Statements => "Bank statements",
        Product::Income => "Income",
        Product::Signal => "Risk that a payment is returned",
        Product::IdentityVerification => "Proof of your identity",
        Product::PaymentInitiation => "Payments from your account",
        Product::ConsumerReport => "A consumer report",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_end_of_an_attempt_has_words_of_its_own() {
        let known = [
            "CANCELLED",
            "NO_ACCOUNTS",
            "DIFFERENT_LOGIN",
            "REQUIRED_PRODUCT_NOT_GRANTED",
            "SESSION_EXPIRED",
            "LINK_LOST",
        ];
        let said: BTreeSet<String> = known.iter().map(|code| attempt(code)).collect();
        assert_eq!(said.len(), known.len());
        assert!(known.iter().all(|code| !attempt(code).contains(code)), "a customer reads words, not codes");
    }

    #[test]
    fn a_code_that_nobody_knows_is_shown_within_bounds() {
        assert!(attempt("ITEM_LOCKED").ends_with("reports: ITEM_LOCKED."));
        let hostile = attempt(&format!("A\n\u{202e}{}", "B".repeat(1000)));
        assert!(hostile.contains(&format!("A{}.", "B".repeat(59))) && !hostile.contains('\u{202e}'), "{hostile}");
    }

    #[test]
    fn every_problem_and_outcome_has_words() {
        let problems = Code::ALL.iter().map(|code| problem(*code));
        let ends = SessionOutcome::ALL.iter().map(|outcome| over(*outcome, None));
        for said in problems.chain(ends) {
            assert!(!said.title.is_empty() && said.body.ends_with('.'), "{said:?}");
            assert!(!said.title.contains('_') && !said.body.contains('_'), "{said:?}");
        }
    }

    #[test]
    fn every_purpose_and_product_has_words_of_its_own() {
        let purposes: BTreeSet<_> = SessionMode::ALL.iter().map(|mode| purpose(*mode, "Bank", None)).collect();
        let alone = Product::ALL.iter().copied().filter(|product| product.stands_alone());
        let alone: BTreeSet<_> = alone.map(|one| purpose(SessionMode::Connect, "Bank", Some(one))).collect();
        assert!(alone.len() == 2 && alone.is_disjoint(&purposes));
        assert_eq!(purposes.len(), SessionMode::ALL.len());
        let products: BTreeSet<_> = Product::ALL.iter().map(|one| product(*one)).collect();
        assert_eq!(products.len(), Product::ALL.len());
    }
}
