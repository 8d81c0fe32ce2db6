//! From Akoya's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod categories;
pub mod holdings;
pub mod institutions;
pub mod liabilities;
pub mod owners;
pub mod products;
pub mod subtypes;
pub mod trades;
pub mod transactions;

#[cfg(test)]
mod tests;

use super::wire::Text;

/// A text as it may be stored and shown: without control characters, at most 500 characters; `None` if nothing is left.
fn text(raw: &Text) -> Option<String> {
    crate::providers::text::text(raw.get())
}

/// The first of them that says something.
fn first_text<'a>(all: impl IntoIterator<Item = &'a Text>) -> Option<String> {
    all.into_iter().find_map(text)
}

/// A code as it is compared: upper case, letters and digits alone, so that `Credit Card` is `CREDIT_CARD` is `CREDITCARD`.
fn code(raw: &Text) -> String {
    let letters = raw.get().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric);
    letters.take(crate::providers::text::LONGEST_TEXT).map(|c| c.to_ascii_uppercase()).collect()
}
