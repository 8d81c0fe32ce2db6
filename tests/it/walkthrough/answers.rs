//! Whether an answer is what the README shows. Both are JSON values, one after the other. In the README `…` stands for what is left
//! out: the rest of an object (`"…": "…"`), the rest of a list (a last `"…"`). Ids, tokens, cursors, times and amounts are others
//! each time, so in both they are replaced by what they are.

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

/// What stands for anything that is left out.
const REST: &str = "…";

/// Texts that are others each time, by name.
const TOKENS: [&str; 2] = ["widgetUrl", "nextCursor"];

/// Amounts of money and of shares, by name.
const AMOUNTS: [&str; 8] = ["amount", "available", "costBasis", "current", "limit", "price", "quantity", "value"];

/// The most lines of an answer that are printed where it differs.
const MOST_LINES: usize = 80;

/// How the answers differ from what the README shows, in lines for people; empty where they do not.
pub fn differences(readme: &str, printed: &str) -> String {
    let (shown, came) = match (values(readme), values(printed)) {
        (Ok(shown), Ok(came)) => (shown, came),
        (Err(error), _) => return format!("what the README shows is no JSON: {error}"),
        (_, Err(error)) => return format!("what came is no JSON: {error}\n{printed}"),
    };
    let mut found = Vec::new();
    compare(&shown, &came, String::new(), &mut found);
    if !found.is_empty() {
        let all = format!("all that came: {came:#}");
        found.extend(all.lines().take(MOST_LINES).map(str::to_owned));
    }
    found.join("\n")
}

/// The JSON values of that text, as one list.
fn values(text: &str) -> Result<Value, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<Value, _>>()?;
    redact("", &mut values);
    Ok(values)
}

fn redact(name: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(name, item)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| redact(name, value)),
        Value::String(text) => {
            if let Some(kind) = kind(name, text) {
                *text = kind.to_owned();
            }
        }
        _ => {}
    }
}

/// What a text is that is another one each time.
fn kind(name: &str, text: &str) -> Option<&'static str> {
    if Uuid::try_parse(text).is_ok() || text.starts_with("lct_") || TOKENS.contains(&name) {
        return Some(REST);
    }
    if DateTime::parse_from_rfc3339(text).is_ok() {
        return Some("a time");
    }
    if text.parse::<NaiveDate>().is_ok() {
        return Some("a day");
    }
    (AMOUNTS.contains(&name) && text.parse::<Decimal>().is_ok()).then_some("an amount")
}

fn compare(shown: &Value, came: &Value, at: String, found: &mut Vec<String>) {
    match (shown, came) {
        (Value::Object(shown), Value::Object(came)) => {
            for (name, value) in shown.iter().filter(|(name, _)| *name != REST) {
                match came.get(name) {
                    Some(other) => compare(value, other, format!("{at}/{name}"), found),
                    None => found.push(format!("{at}/{name}: the README shows {value}, nothing came")),
                }
            }
            let more: Vec<_> = came.keys().filter(|name| !shown.contains_key(*name)).cloned().collect();
            rest(shown.contains_key(REST), &more, &at, found);
        }
        (Value::Array(shown), Value::Array(came)) => {
            let shortened = shown.last().is_some_and(|last| last == REST);
            let shown = &shown[..shown.len() - usize::from(shortened)];
            for (index, value) in shown.iter().enumerate() {
                match came.get(index) {
                    Some(other) => compare(value, other, format!("{at}/{index}"), found),
                    None => found.push(format!("{at}/{index}: the README shows {value}, nothing came")),
                }
            }
            let more: Vec<_> = (shown.len()..came.len()).map(|index| index.to_string()).collect();
            rest(shortened, &more, &at, found);
        }
        _ if shown == came => {}
        _ => found.push(format!("{at}: the README shows {shown}, {came} came")),
    }
}

/// What came beside what is shown, and whether the README says that there is more.
fn rest(shortened: bool, more: &[String], at: &str, found: &mut Vec<String>) {
    match (shortened, more) {
        (true, []) => found.push(format!("{at}: the README leaves something out, nothing more came")),
        (false, [_, ..]) => {
            let first = more[..more.len().min(5)].join(", ");
            found.push(format!("{at}: the README does not show all of it: {first}"));
        }
        _ => {}
    }
}

#[test]
fn ids_times_and_amounts_may_differ() {
    let shown = r#"{"id": "…", "at": "2026-01-01T00:00:00Z", "day": "2026-01-01", "limit": "1.00", "…": "…"}"#;
    let came = r#"{"id": "0194253c-0000-7000-8000-000000000000", "at": "2027-01-02T03:04:05.678Z", "day": "2027-02-03", "limit": "7", "x": 1}"#;
    assert_eq!(differences(&format!("{shown} 204"), &format!("{came}\n204\n")), "");
    assert_eq!(differences(r#"["a", "…"]"#, r#"["a", "b"]"#), "");
    assert_eq!(differences("", "\n"), "");
}

#[test]
fn anything_else_may_not() {
    for (shown, came, complaint) in [
        (r#"{"a": 1}"#, r#"{"a": 2}"#, "/0/a: the README shows 1, 2 came"),
        (r#"{"at": null}"#, r#"{"at": "2026-01-01T00:00:00Z"}"#, r#"/0/at: the README shows null, "a time" came"#),
        (r#"{"id": "…"}"#, r#"{"id": null}"#, r#"/0/id: the README shows "…", null came"#),
        (r#"{"a": 1}"#, "{}", "/0/a: the README shows 1, nothing came"),
        ("{}", r#"{"a": 1}"#, "/0: the README does not show all of it: a"),
        (r#"{"…": "…"}"#, "{}", "/0: the README leaves something out"),
        ("[1, 2]", "[1]", "/0/1: the README shows 2, nothing came"),
        ("[1]", "[1, 2]", "/0: the README does not show all of it: 1"),
        ("", "1", ": the README does not show all of it: 0"),
        ("1", "", "/0: the README shows 1, nothing came"),
        ("1", "curl: no", "what came is no JSON"),
    ] {
        let found = differences(shown, came);
        assert!(found.starts_with(complaint), "{shown} and {came}: {found:?}");
    }
}
