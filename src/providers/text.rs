//! Texts as they may be stored and shown, whoever wrote them.

/// The longest name, description or symbol that is kept, in characters.
pub const LONGEST_TEXT: usize = 500;

/// Without control characters, at most 500 characters; `None` if nothing is left.
pub fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The same for a currency's code: at most 10 characters.
pub fn currency(raw: Option<&str>) -> Option<String> {
    text(raw).map(|code| code.chars().take(10).collect())
}

/// A provider's own words for support, without control characters; at most 1,000 characters.
pub fn printable(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(1_000).collect()
}
