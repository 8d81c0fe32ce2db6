//! Holds the architecture's rules against the sources: who may use whom, where a crate or a provider may be named, how long files
//! and functions are. The rules are the tables below; code under `#[cfg(test)]` is free of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checks;
mod samples;
mod source;

use source::Source;

/// May be used by every module but `domain`.
const USED_BY_ALL: &[&str] = &["clock", "config"];

/// Which other top-level modules a module may use (`main` and `lib` may use all). A module without a row is a complaint.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("config", &["domain"]),
    ("domain", &[]),
    ("crypto", &["domain"]),
    ("net", &["domain"]),
    ("providers", &["domain", "net", "crypto"]),
    ("store", &["domain", "crypto"]),
    ("records", &["domain", "providers", "store"]),
    ("bank", &["domain", "store"]),
    ("routing", &["domain", "providers", "store"]),
    ("rates", &["domain"]),
    ("link", &["domain", "crypto", "providers", "store", "records", "routing", "rates"]),
    ("sync", &["domain", "providers", "store", "records", "routing"]),
    ("on_demand", &["domain", "providers", "store", "link"]),
    ("webhooks", &["domain", "net", "crypto", "store", "providers"]),
    ("jobs", &["domain", "link", "sync", "on_demand", "webhooks", "routing", "providers", "store"]),
    ("api", &["domain", "crypto", "store", "link", "sync", "on_demand", "routing", "providers", "rates", "webhooks"]),
    ("widget", &["domain", "store", "link", "sync", "routing", "providers"]),
    ("console", &["domain", "store", "link", "sync", "routing", "providers"]),
    ("sandbox", &["domain", "api", "link", "sync", "bank", "providers", "store", "net"]),
    ("postgres", &[]),
    // Puts all of them together, for `main` and the tests.
    (
        "server",
        &[
            "domain",
            "crypto",
            "net",
            "postgres",
            "providers",
            "store",
            "records",
            "routing",
            "rates",
            "link",
            "sync",
            "on_demand",
            "webhooks",
            "jobs",
            "api",
            "widget",
            "sandbox",
        ],
    ),
];

/// What rooms of `providers` with this name may use besides.
const ROOM_MAY_USE: (&str, &[&str]) = ("simulator", &["bank", "store"]);

/// Crates that are named only in these top-level modules, or in rooms of this name.
const CRATES: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "postgres"]),
    ("reqwest", &["net"]),
    ("axum", &["api", "widget", "console", "sandbox", "bank", "simulator", "server", "main", "lib"]),
];

/// The folder of each provider, and how its name is spelled; found in any case, also as part of a longer identifier.
const PROVIDERS: &[(&str, &[&str])] = &[
    ("plaid", &["plaid"]),
    ("finicity", &["finicity"]),
    ("mx", &["mx"]),
    ("yodlee", &["yodlee"]),
    ("saltedge", &["saltedge", "salt_edge", "salt-edge", "salt edge"]),
    ("mesh", &["mesh"]),
    ("akoya", &["akoya"]),
    ("finapi", &["finapi"]),
];

/// Where every provider may be named, besides its own folder: the list, the matrix, the enum of their ids, the configuration's keys,
/// and the codes of countries, of which one is spelled like a provider.
const NAMES_PROVIDERS: &[&str] =
    &["providers/mod.rs", "domain/support_matrix.rs", "domain/service_provider.rs", "config.rs", "domain/codes.rs"];

/// What code outside of tests never says.
const NEVER: &[&str] = &[".unwrap()", ".expect(", "panic!", "todo!", "unimplemented!", "dbg!"];

/// What is not even said in comments.
const UNFINISHED: &[&str] = &["TODO", "FIXME"];

/// At least so many of a hundred are at most so long (in lines).
type Lengths = &'static [(usize, usize)];

const FILE_LENGTHS: Lengths = &[(50, 150), (90, 350), (100, 500)];
const FUNCTION_LENGTHS: Lengths = &[(90, 35), (100, 70)];

/// Fails with all that a rule finds in the sources.
fn hold(check: impl Fn(&Source) -> Vec<String>) {
    let sources = source::all();
    assert!(!sources.is_empty(), "there are sources");
    let complaints: Vec<_> = sources.iter().flat_map(check).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_use_only_what_they_may() {
    hold(checks::uses);
}

#[test]
fn crates_are_named_only_in_their_place() {
    hold(checks::crates);
}

#[test]
fn providers_are_named_only_in_their_place() {
    hold(checks::provider_names);
}

#[test]
fn code_does_not_panic_on_purpose() {
    hold(checks::panics);
}

#[test]
fn nothing_is_left_unfinished() {
    hold(checks::unfinished);
}

#[test]
fn files_are_short() {
    let files: Vec<_> = source::all().iter().map(Source::length).collect();
    let complaints = checks::lengths("files", &files, FILE_LENGTHS);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn functions_are_short() {
    let functions: Vec<_> = source::all().iter().flat_map(Source::functions).collect();
    let complaints = checks::lengths("functions", &functions, FUNCTION_LENGTHS);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
