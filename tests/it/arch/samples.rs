//! The rules catch what they are for, and let the rest pass.

use super::checks::{crates, lengths, panics, provider_names, unfinished, uses};
use super::source::Source;
use super::{FILE_LENGTHS, FUNCTION_LENGTHS};

type Check = fn(&Source) -> Vec<String>;

/// The check finds exactly this line in the snippet.
fn caught(check: Check, path: &str, text: &str, line: usize) {
    let complaints = check(&Source::new(path, text));
    assert_eq!(complaints.len(), 1, "{path}: {text}: {complaints:?}");
    let place = format!("src/{path}:{line}: ");
    assert!(complaints[0].starts_with(&place), "{complaints:?}");
}

fn passed(check: Check, path: &str, text: &str) {
    assert_eq!(check(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn foreign_modules_are_caught() {
    caught(uses, "domain/money.rs", "\nuse crate::store::Row;", 2);
    caught(uses, "domain/money.rs", "use crate::clock::Clock;", 1);
    caught(uses, "store/rows.rs", "fn f() {\n    crate::net::get();\n}", 2);
    caught(uses, "net/mod.rs", "use crate::{\n    domain::Id,\n    store::{Row, api},\n};", 1);
    caught(uses, "net/mod.rs", "use super::store::Row;", 1);
    caught(uses, "net/client.rs", "use super::super::store::Row;", 1);
    caught(uses, "net/client.rs", "use super::super::{clock, store};", 1);
    caught(uses, "link/start.rs", "use crate::api::Problem;", 1);
    caught(uses, "providers/plaid/client.rs", "use crate::bank::Bank;", 1);
    caught(uses, "bank/mod.rs", "macro_rules! m { () => { $crate::api::x() } }", 1);
    caught(uses, "novelty.rs", "", 1);
}

#[test]
fn several_foreign_modules_are_all_named() {
    let source = Source::new("crypto.rs", "use crate::{api, domain::{a, b::c}, net::{store}, sync};");
    let complaints = uses(&source).join("\n");
    for (module, is_foreign) in [("api", true), ("net", true), ("sync", true), ("domain", false), ("store", false)] {
        assert_eq!(complaints.contains(&format!("may not use `{module}`")), is_foreign, "{complaints}");
    }
}

#[test]
fn allowed_modules_pass() {
    passed(uses, "store/rows.rs", "use crate::{clock::Clock, crypto, domain::{net, api}};");
    passed(uses, "store/rows.rs", "use crate::store::mod_of_mine; use super::api;");
    passed(uses, "net/client.rs", "use super::store::Row;");
    passed(uses, "providers/plaid/simulator.rs", "use crate::bank::Bank;");
    passed(uses, "providers/plaid/simulator/pages.rs", "use crate::bank::Bank;");
    passed(uses, "main.rs", "use crate::api::router;");
    passed(uses, "store/rows.rs", "// crate::api is not used\nlet a = \"crate::api\";");
    passed(uses, "domain/money.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Row;\n}");
    passed(uses, "domain/money/tests.rs", "use crate::store::Row;");
}

#[test]
fn foreign_crates_are_caught() {
    caught(crates, "link/start.rs", "\n\nuse sqlx::query;", 3);
    caught(crates, "api/router.rs", "use reqwest::Client;", 1);
    caught(crates, "sync/mod.rs", "fn f(body: axum::body::Body) {}", 1);
    caught(crates, "providers/plaid/client.rs", "use axum::Router;", 1);
    passed(crates, "store/rows.rs", "use sqlx::query;");
    passed(crates, "net/client.rs", "use reqwest::Client;");
    passed(crates, "providers/plaid/simulator/pages.rs", "use axum::Router;");
    passed(crates, "jobs/mod.rs", "use utoipa_axum::x; // never sqlx\nlet a = \"reqwest\";");
}

#[test]
fn foreign_provider_names_are_caught() {
    caught(provider_names, "link/start.rs", "\nlet name = \"PLAID\";", 2);
    caught(provider_names, "link/start.rs", "// as Finicity does", 1);
    caught(provider_names, "link/start.rs", "struct MxClient;", 1);
    caught(provider_names, "link/start.rs", "fn get_mesh_token() {}", 1);
    caught(provider_names, "link/start.rs", "enum E { SaltEdge }", 1);
    caught(provider_names, "link/start.rs", "mod salt_edge;", 1);
    caught(provider_names, "providers/plaid/client.rs", "// unlike akoya", 1);
    caught(provider_names, "main.rs", "use linkspan::providers::plaid;", 1);
    passed(provider_names, "providers/plaid/client.rs", "struct PlaidClient;");
    passed(provider_names, "providers/mod.rs", "mod plaid; mod mx;");
    passed(provider_names, "domain/support_matrix.rs", "Plaid, Mx, SaltEdge");
    passed(provider_names, "link/start.rs", "let maximum = meshed(plaids, amx, TMX);");
    passed(provider_names, "link/start.rs", "#[cfg(test)]\nmod tests {\n    const A: &str = \"PLAID\";\n}");
}

#[test]
fn panics_are_caught() {
    caught(panics, "net/client.rs", "fn f() {\n    g().unwrap();\n}", 2);
    caught(panics, "net/client.rs", "fn f() { g().expect(\"}\") }", 1);
    caught(panics, "net/client.rs", "fn f() { panic!(\"no\") }", 1);
    caught(panics, "net/client.rs", "fn f() { todo!() }", 1);
    caught(panics, "net/client.rs", "#[cfg(test)]\nmod tests { fn t() { a.unwrap() } }\nfn f() { b.unwrap() }", 3);
    caught(panics, "net/client.rs", "#[cfg(test)]\nuse a::b;\nfn f() { b.unwrap() }", 3);
    caught(panics, "net/client.rs", "fn f<'a>(a: &'a str) { let q = '\"'; a.unwrap(); let p = '\"'; }", 1);
    passed(panics, "net/client.rs", "fn f() { g().unwrap_or_default(); g().expect_err(1); dont_panic!() }");
    passed(
        panics,
        "net/client.rs",
        "// .unwrap()\n/* panic! */\nlet a = \"\\\" .unwrap()\";\nlet b = br#\"todo! \" \"#;",
    );
    passed(panics, "net/client.rs", "#[cfg(test)]\nmod tests {\n    fn t() { let s = \"}\"; g().unwrap() }\n}");
    passed(panics, "net/client.rs", "#[cfg(all(test, unix))]\nfn t(a: [u8; 4]) { g().unwrap() }");
}

#[test]
fn unfinished_work_is_caught() {
    caught(unfinished, "net/client.rs", "\n// TODO: later", 2);
    caught(unfinished, "net/client.rs", "/// FIXME", 1);
    passed(unfinished, "net/client.rs", "const MASTODON: u8 = 1; // todo lists");
}

/// A function of so many lines, signature and closing brace included.
fn function(lines: usize) -> String {
    format!("pub fn f(\n    a: [u8; 4],\n) {{\n{}}}\n", "    a;\n".repeat(lines - 4))
}

#[test]
fn functions_are_measured_from_signature_to_closing_brace() {
    let text = format!(
        "/// A comment.\n#[inline]\n{}trait T {{\n    fn declared(&self);\n    fn given(&self) {{}}\n}}\ntype P = fn(u8);\n",
        function(12)
    );
    let source = Source::new("net/client.rs", &text);
    let functions = source.functions();
    let found: Vec<_> = functions.iter().map(|function| (function.place.as_str(), function.lines)).collect();
    assert_eq!(found, [("src/net/client.rs:3", 12), ("src/net/client.rs:17", 1)]);
}

#[test]
fn long_functions_are_caught() {
    let complaints = |text: &str| {
        let functions = Source::new("net/client.rs", text).functions();
        lengths("functions", &functions, FUNCTION_LENGTHS)
    };
    assert_eq!(complaints(&function(35)), Vec::<String>::new());
    assert_eq!(complaints(&(function(70) + &function(20).repeat(9))), Vec::<String>::new());
    let one_too_long = complaints(&(function(71) + &function(20).repeat(9)));
    assert_eq!(one_too_long, ["src/net/client.rs:1: 71 lines, and 100 % of functions have at most 70"]);
    let two_of_ten = complaints(&(function(36).repeat(2) + &function(20).repeat(8)));
    assert_eq!(two_of_ten.len(), 2);
    assert!(two_of_ten[1].starts_with("src/net/client.rs:37: 36 lines, and 90 % "), "{two_of_ten:?}");
    assert_eq!(complaints(&format!("#[cfg(test)]\n{}", function(90))), Vec::<String>::new());
}

#[test]
fn long_files_are_caught() {
    let complaints = |files: &[usize]| {
        let files: Vec<_> = files.iter().map(|lines| Source::new("a.rs", &"\n".repeat(*lines)).length()).collect();
        lengths("files", &files, FILE_LENGTHS).len()
    };
    assert_eq!(complaints(&[150, 151]), 0);
    assert_eq!(complaints(&[150, 151, 151]), 2);
    assert_eq!(complaints(&[100, 501]), 2);
    assert_eq!(complaints(&[1; 9].iter().chain(&[500]).copied().collect::<Vec<_>>()), 0);
    assert_eq!(complaints(&[1; 9].iter().chain(&[501]).copied().collect::<Vec<_>>()), 1);
}
