//! Reads the simulators' pages as a program: the one form of a page, and its fields. The pages are ours, and documented in `bank::pages`.

use std::collections::BTreeMap;

/// A tag with its attributes.
type Tag = BTreeMap<String, String>;

/// The form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageForm {
    /// Which step it is; `done` where the flow is over.
    pub(super) step: String,
    /// Why it is shown again.
    pub(super) error: Option<String>,
    /// What it hands over to the page that opened it, as JSON.
    pub(super) handover: Option<String>,
    /// Its inputs, in order.
    pub(super) inputs: Vec<Tag>,
}

impl PageForm {
    /// Reads a page.
    pub(super) fn read(html: &str) -> Self {
        let mut form = Self::default();
        for (name, tag) in tags(html) {
            if let Some(step) = tag.get("data-step") {
                form.step.clone_from(step);
                form.error = tag.get("data-error").filter(|error| !error.is_empty()).cloned();
                form.handover = tag.get("data-handover").cloned();
                form.inputs.clear();
            } else if name == "input" {
                form.inputs.push(tag);
            }
        }
        form
    }

    /// The value of the hidden field that counts steps.
    pub(super) fn counter(&self) -> &str {
        self.named("step").next().and_then(|tag| tag.get("value")).map(String::as_str).unwrap_or_default()
    }

    /// Inputs of that name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.inputs.iter().filter(move |tag| tag.get("name").is_some_and(|is| is == name))
    }
}

fn tags(html: &str) -> Vec<(String, Tag)> {
    let mut found = Vec::new();
    for piece in html.split('<').skip(1) {
        let Some((inside, _)) = piece.split_once('>') else { continue };
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !name.is_empty() {
            found.push((name.to_ascii_lowercase(), attributes(&inside[name.len()..])));
        }
    }
    found
}

fn attributes(mut text: &str) -> Tag {
    let mut tag = Tag::new();
    loop {
        text = text.trim_start();
        let end = text.find(|sign: char| sign.is_whitespace() || sign == '=').unwrap_or(text.len());
        if end == 0 {
            return tag;
        }
        let name = text[..end].to_ascii_lowercase();
        text = text[end..].trim_start();
        let mut value = String::new();
        if let Some(rest) = text.strip_prefix('=') {
            let rest = rest.trim_start();
            if let Some(quoted) = rest.strip_prefix('"') {
                let (inside, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                value = unescape(inside);
                text = after;
            } else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                value = unescape(&rest[..end]);
                text = &rest[end..];
            }
        }
        tag.insert(name, value);
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test says where")]
    use super::*;

    #[test]
    fn a_page_is_read_with_its_fields() {
        let html = r#"<form method="get"><input name="query"></form>
            <form method="post" data-step="accounts" data-error="NONE_CHOSEN"><input type="hidden" name="step" value="4">
            <input type=checkbox name="accounts" value="a&amp;b" data-mask="0001" checked><button name="action" value="submit">Go</button></form>"#;
        let form = PageForm::read(html);
        assert_eq!((form.step.as_str(), form.error.as_deref(), form.counter()), ("accounts", Some("NONE_CHOSEN"), "4"));
        let account = form.named("accounts").next().unwrap();
        assert_eq!((account["value"].as_str(), account["data-mask"].as_str()), ("a&b", "0001"));
        assert!(form.named("query").next().is_none());
        let done = PageForm::read(r#"<main data-step="done" data-handover="{&quot;token&quot;:1}">"#);
        assert_eq!(done.handover.as_deref(), Some(r#"{"token":1}"#));
    }
}
