//! What the sandbox knows, as Markdown: for the OpenAPI document and the README.

use std::fmt::Write;

use utoipa::openapi::OpenApi;

use super::knobs::KNOBS;
use crate::bank::TEST_USERS;
use crate::providers::LIST;

/// The test users, as a table.
pub fn users() -> String {
    let rows = TEST_USERS.iter().map(|user| [user.username, user.password, user.description].map(str::to_owned));
    table(["username", "password", "what it is for"], rows)
}

/// The knobs, as a table.
pub fn knobs() -> String {
    table(["knob", "what it does"], KNOBS.iter().map(|knob| [knob.name, knob.does].map(str::to_owned)))
}

/// The codes of `fire-webhook`, as a table.
pub fn webhooks() -> String {
    let rows = LIST.iter().map(|listed| {
        let codes = if listed.webhooks.is_empty() { "none".to_owned() } else { listed.webhooks.join(", ") };
        [listed.id.as_str().to_owned(), codes]
    });
    table(["provider", "codes of `fire-webhook`"], rows)
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Adds them to the operations that they are about.
pub(super) fn add(document: &mut OpenApi) {
    let more = [
        (
            "/sandbox/play",
            format!(
                "The test users, at every institution, and any number of each as `<username>+<tag>` (1 to 32 of `a-z 0-9 _ -`), who are other \
                 people with other accounts. With a password `error_<CODE>` the login fails with that code of the provider's.\n\n{}",
                users()
            ),
        ),
        ("/sandbox/connections/{connectionId}/{knob}", format!("{}\n{}", knobs(), webhooks())),
    ];
    for (path, more) in more {
        let operation = document.paths.paths.get_mut(path).and_then(|item| item.post.as_mut());
        if let Some(operation) = operation {
            let description = operation.description.take().map(|text| format!("{text}\n\n")).unwrap_or_default();
            operation.description = Some(description + &more);
        }
    }
}
