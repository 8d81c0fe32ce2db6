//! What is written down beside the code says what the code does.

use std::fs;
use std::path::Path;
use std::process::Command;

use linkspan::config::{Config, DEFAULTS, Mode};
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::domain::support_matrix::{self, Cell};
use linkspan::providers;
use linkspan::sandbox::describe;
use serde_json::{Map, Value, json};

use crate::support::{Key, TestApp};

const README: &str = include_str!("../../README.md");

/// Keys for the places where a documented one is left out.
const PEMS: [(&str, &str); 2] = [
    ("PRIVATE KEY", include_str!("../../src/providers/saltedge/sandbox/key.pem")),
    ("PUBLIC KEY", include_str!("../../src/providers/saltedge/sandbox/public_key.pem")),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_readme_shows_the_support_matrix_of_the_code() {
    let (_, rest) = README.split_once("<!-- support matrix: from the code, see tests/it/documents.rs -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end of the support matrix -->").unwrap();
    assert_eq!(shown, support_matrix::markdown(), "paste what `linkspan matrix` prints");
}

#[test]
fn the_readme_and_the_document_show_what_the_sandbox_knows() {
    let wanted = [describe::users(), describe::knobs(), describe::webhooks()];
    let (_, rest) = README.split_once("<!-- sandbox: from the code, see tests/it/documents.rs -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end of the sandbox -->").unwrap();
    assert_eq!(shown, wanted.join("\n"), "paste this:\n{}", wanted.join("\n"));
    let document: Value = serde_json::from_str(&linkspan::server::openapi()).unwrap();
    let description = |path: &str| document["paths"][path]["post"]["description"].as_str().unwrap().to_owned();
    let [users, knobs, webhooks] = wanted;
    assert!(description("/sandbox/play").contains(&users));
    let turned = description("/sandbox/connections/{connectionId}/{knob}");
    assert!(turned.contains(&knobs) && turned.contains(&webhooks));
    assert!(users.contains("| user_mfa | pass_good |") && knobs.contains("| revoke |"), "{users}{knobs}");
    assert!(webhooks.contains("| PLAID | SYNC_UPDATES_AVAILABLE,"), "{webhooks}");
}

#[test]
fn the_committed_openapi_document_is_the_servers() {
    let committed = fs::read_to_string(root().join("openapi.json")).unwrap();
    assert!(
        committed == format!("{}\n", linkspan::server::openapi()),
        "openapi.json is out of date: cargo run -- openapi > openapi.json"
    );
}

/// With every key set, those that are commented out too.
#[test]
fn every_documented_key_is_one() {
    let uncommented: Vec<_> = DEFAULTS.lines().map(|line| if is_key(line) { &line[2..] } else { line }).collect();
    let keys = uncommented.iter().filter(|line| line.contains(" = ")).count();
    assert!(keys > 20, "no keys found: {keys}");
    let file = std::env::temp_dir().join(format!("linkspan-keys-{}.toml", std::process::id()));
    let mut text = uncommented.join("\n");
    for (label, pem) in PEMS {
        text = text.replace(&format!("-----BEGIN {label}-----…-----END {label}-----"), &pem.replace('\n', "\\n"));
    }
    fs::write(&file, text.replace('…', "0123456789")).unwrap();
    let config = Config::from_sources(Some(file.clone()), []);
    fs::remove_file(file).unwrap();
    let config = config.unwrap();
    for listed in providers::LIST {
        let name = listed.id.as_str().to_lowercase();
        let section = config.providers.get(&name).unwrap_or_else(|| panic!("{name} has no section"));
        if let Err(error) = (listed.build)(section.own.clone(), Mode::Live) {
            panic!("{name}: {error}");
        }
    }
}

/// Whether a line is a key that is commented out.
fn is_key(line: &str) -> bool {
    let name = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")).map(|(name, _)| name);
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

#[test]
fn the_readme_names_every_subcommand() {
    let help = Command::new(env!("CARGO_BIN_EXE_linkspan")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let commands: Vec<_> = listed.lines().map_while(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"serve"), "{commands:?}");
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(README.contains(&format!("| `linkspan {command}")), "README.md says nothing of linkspan {command}");
    }
}

#[test]
fn the_readme_links_to_files_that_are_there() {
    let targets = README.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files: Vec<_> = targets.filter(|target| !target.contains("://")).collect();
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        assert!(root().join(file).exists(), "README.md links to {file}, which is not there");
    }
}

#[test]
fn the_changelog_says_what_is_not_released_yet() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains("\n## [Unreleased]\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_the_page_of_the_support_matrix_is_the_table_of_the_readme_with_each_condition_in_words() {
    let app = TestApp::new().await;
    let page = app.call("GET", "/docs/support-matrix", Key::Nobody, &[], None).await;
    let policy = &page.headers["content-security-policy"];
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    let html = page.body.as_str().unwrap().to_owned();
    assert!(!html.contains("://") && !html.contains("<script"), "nothing is loaded from elsewhere");
    let (_, table) = html.split_once("<tbody>").unwrap();
    let (table, rest) = table.split_once("</tbody>").unwrap();
    let text = |cell: &str| {
        let inner = cell.split('>').skip(1).map(|part| part.split('<').next().unwrap());
        inner.collect::<String>()
    };
    let shown: Vec<Vec<String>> = table
        .split("<tr>")
        .skip(1)
        .map(|row| row.split("<t").skip(1).map(|cell| text(cell).trim().to_owned()).collect())
        .collect();
    let readme = support_matrix::markdown();
    let expected: Vec<Vec<String>> = readme
        .lines()
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert_eq!(shown, expected);
    for condition in ["where TRANSACTIONS or INVESTMENT_HOLDINGS is fetched already", "names the interface"] {
        assert!(rest.contains(condition), "{condition}");
    }
    // A product that a provider never has is brought by no repair there.
    for listed in providers::LIST {
        let (_, told) = rest.split_once(&format!("<section id=\"{}\">", listed.id)).unwrap();
        let (told, _) = told.split_once("</section>").unwrap();
        for cell in told.split("<dt>").skip(1) {
            let (products, words) = cell.split_once("</dt>").unwrap();
            for product in
                support_matrix::COLUMNS.iter().filter(|one| products.contains(&format!("<code>{one}</code>")))
            {
                let lacks = !listed.spec.products.contains(product);
                assert_eq!(words.contains("through another provider that has it"), lacks, "{} {product}", listed.id);
                assert!(!lacks || !words.contains("a repair session that names it"), "{} {product}", listed.id);
            }
        }
    }
    let style = app.call("GET", "/docs/support-matrix.css", Key::Nobody, &[], None).await;
    assert_eq!((style.status, style.headers["content-type"].as_str()), (200, "text/css; charset=utf-8"));
    let document: Value = serde_json::from_str(&linkspan::server::openapi()).unwrap();
    assert!(document["info"]["description"].as_str().unwrap().contains("(/docs/support-matrix)"));
}

/// A row of the matrix as the API words it.
fn row(provider: ServiceProvider) -> Value {
    let cell = |product| match support_matrix::cell(provider, product) {
        Cell::Yes => json!({ "addable": "YES" }),
        Cell::No => json!({ "addable": "NO" }),
        Cell::IfAny(any_of) => json!({ "addable": "IF_ANY", "anyOf": any_of }),
        Cell::IfInstitution => json!({ "addable": "IF_INSTITUTION" }),
    };
    support_matrix::COLUMNS.iter().map(|&product| (product.to_string(), cell(product))).collect::<Map<_, _>>().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_the_matrix_that_the_api_answers_is_the_one_that_judges() {
    let app = TestApp::new().await;
    let matrix = app.get("/support-matrix").await.expect(200);
    let expected = |&provider: &ServiceProvider| json!({ "serviceProvider": provider, "products": row(provider) });
    assert_eq!(matrix["data"], ServiceProvider::ALL.iter().map(expected).collect::<Value>());
    let providers = app.get("/service-providers").await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(providers.len(), ServiceProvider::ALL.len());
    for provider in ServiceProvider::ALL {
        let one = app.get(&format!("/service-providers/{provider}")).await.expect(200);
        assert_eq!(one["supportMatrix"], row(*provider), "{provider}");
        assert!(providers.contains(&one), "{provider}");
    }
}
