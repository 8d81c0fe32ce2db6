//! From MX's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod institutions;
pub mod investments;
pub mod liabilities;
pub mod status;
pub mod transactions;

#[cfg(test)]
mod tests;

/// The longest name, description or symbol that is kept, in characters.
const LONGEST_TEXT: usize = 500;

/// A text as it may be stored and shown: without control characters, at most 500 characters; `None` if nothing is left.
fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn currency(code: Option<&str>) -> Option<String> {
    text(code).map(|code| code.chars().take(10).collect())
}
