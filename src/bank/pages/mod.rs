//! The customer's pages, shared by all simulators: choose an institution, agree, log in, answer a question, choose accounts.
//!
//! A [`Flow`] is a pure state machine that the simulator keeps in its session's document. It serves `flow.view(…)` to GET, hands the body of a POST
//! to [`Bank::submit`](super::Bank::submit), stores the changed flow, and then either redirects to its own page (303) or acts on the result.
//!
//! # For people
//! Plain HTML that works without scripts; served as a [`Page`], which has the right headers. No `form-action` is in it, because browsers apply that to
//! the redirect that follows the last form too. The page's address must carry nothing in its query: searching for an institution replaces it by
//! `?query=`.
//!
//! # For programs
//! Every page holds one `<form method="post" data-step="…">` whose action is the page's own address; post it `application/x-www-form-urlencoded`:
//!
//! | `data-step` | fields | means |
//! |---|---|---|
//! | `institution` | `institution` (key) | choose; not shown if the session names one |
//! | `consent` | – | agree to what the application will see |
//! | `credentials` | `username`, `password` | log in |
//! | `deposits` | `amount`, twice | enter what was paid in ([`DEPOSITED`]) |
//! | `mfa` | `answer` | answer the institution's question |
//! | `permissions` | `allow` (product, repeated; a checkbox each) where the institution asks for each or is to pay, else none | agree at the institution (OAuth only) |
//! | `accounts` | `accounts` (key, repeated); each is a checkbox with `data-mask` | choose accounts |
//! | `done` | – | the flow is over; there is no form, `data-result` says how, and `data-handover` holds the JSON that a script would give to its page |
//!
//! Each form also has the hidden field `step`, a number to be sent back (an old one changes nothing, so that a double click does no harm),
//! and `action`: `submit` or `cancel`. A form that is shown again has `data-error` with a code such as `WRONG_CREDENTIALS`.

mod flow;
mod form;
mod page;
mod view;

pub(super) use flow::Accepted;
pub use flow::{AccountChoice, DEPOSITED, Deposits, Failure, Finished, Flow, FlowOptions, Step};
pub use form::Form;
pub use page::{Page, PageQuery, last_page};
pub use view::{form, sheet};

/// The header `Content-Security-Policy` that suits these pages.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

#[cfg(test)]
mod tests;
