//! What reaches each provider of the four arrays (B4): what is to be fetched is asked for, and what is only consented to is not read.

use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{TestApp, state};

const US: &str = "First Platypus Bank";
const GERMAN: &str = "Isarwinkel Universalbank";

/// How the same two products reach a provider while they are only consented to, and once one is required if supported and one optional.
struct Row {
    provider: &'static str,
    bank: &'static str,
    required: &'static str,
    two: [&'static str; 2],
    /// How the path of the call ends that opens a session; where it is empty, all is told in the form that the browser posts.
    opens: &'static str,
    /// What is told at these places, in the one case and in the other.
    told: Vec<(&'static str, [Value; 2])>,
    /// Parts of the paths that are called for these products alone; none where they come with the others.
    reads: &'static [&'static str],
}

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let row = |provider, bank, opens, told, reads| {
        Row { provider, bank, required: "TRANSACTIONS", two: ["IDENTIFIERS", "OWNERS"], opens, told, reads }
    };
    let scopes = || vec![
        ("/data/consent/scopes", [json!(["accounts", "transactions", "holder_info"]), json!(["accounts", "transactions", "holder_info"])]),
        ("/data/attempt/fetch_scopes", [json!(["accounts", "transactions"]), json!(["accounts", "transactions", "holder_info"])]),
    ];
    vec![
        row("PLAID", US, "/link/token/create", vec![
            ("/products", [json!(["transactions"]), json!(["transactions"])]),
            ("/required_if_supported_products", [Value::Null, json!(["auth"])]),
            ("/optional_products", [Value::Null, json!(["identity"])]),
            ("/additional_consented_products", [json!(["auth", "identity"]), Value::Null]),
        ], &["/auth/get", "/identity/get"]),
        // No operation of Connect takes products.
        row("FINICITY", US, "/connect/v2/generate/lite", vec![], &["/details", "/owner"]),
        row("MX", US, "/widget_urls", vec![
            ("/widget_url/data_request/products",
                [json!(["transactions"]), json!(["account_verification", "identity_verification", "transactions"])]),
        ], &["/account_numbers", "/account_owners"]),
        row("YODLEE", US, "", vec![
            ("/configName", [json!("Aggregation"), json!("Aggregation plus Verification")]),
        ], &["fullAccountNumberList", "holder"]),
        row("SALT_EDGE", GERMAN, "/connections/connect", scopes(), &[]),
        row("SALT_EDGE_PARTNERS", GERMAN, "/connections/connect", scopes(), &[]),
        // Neither does a link token.
        Row { required: "INVESTMENT_HOLDINGS", two: ["BALANCES", "INVESTMENT_TRANSACTIONS"],
            ..row("MESH", US, "/linktoken", vec![], &["/transactions/list"]) },
        // The authorization is at the institution's own page, and names none.
        row("AKOYA", "Tartan Bank", "", vec![], &["/payment-networks", "/contacts"]),
        row("FINAPI", GERMAN, "/bankConnectionImport", vec![("/loadOwnerData", [json!(false), json!(true)])], &[]),
    ]
}

/// Links with these arrays; the connection, and what was told when its session was opened.
async fn linked(app: &TestApp, row: &Row, bank: &str, arrays: &Value) -> (Value, Value) {
    let institution = app.institution_at(row.provider, bank).await;
    let country = if row.bank == GERMAN { "DE" } else { "US" };
    let mut asked = json!({
        "products": [row.required], "serviceProvider": row.provider, "countryCodes": [country], "historyDays": 30,
        "institutionId": institution, "externalCustomerId": format!("{}-{bank}-{arrays}", row.provider),
    });
    asked.as_object_mut().unwrap().extend(arrays.as_object().unwrap().clone());
    let (started, before) = (app.start(asked).await, app.fidelity.operations().len());
    let token = started["connectToken"].as_str().unwrap();
    let launched = app.post_as(token, "/connect/link-token", json!({})).await.expect(200);
    let opened: Vec<String> = app.fidelity.operations().into_iter().skip(before).collect();
    let told = match opened.iter().find(|path| !row.opens.is_empty() && path.ends_with(row.opens)) {
        Some(path) => app.fidelity.requests(path).pop().unwrap(),
        None if row.opens.is_empty() => form(&launched["launch"]["fields"]["extraParams"]),
        None => panic!("{}: no session among {opened:?}", row.provider),
    };
    let connection = app.play(&started, None, json!({})).await.expect(200);
    (app.settled(connection["id"].as_str().unwrap()).await, told)
}

fn form(fields: &Value) -> Value {
    let pairs = form_urlencoded::parse(fields.as_str().unwrap_or_default().as_bytes()).into_owned();
    Value::Object(pairs.map(|(name, value)| (name, json!(value))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_what_is_to_be_fetched_is_asked_for_and_what_is_only_consented_to_is_not_read() {
    let app = TestApp::new().await;
    let table = table();
    assert_eq!(table.len(), ServiceProvider::ALL.len());
    let reads = |row: &Row, since: usize| {
        let all = app.fidelity.operations();
        row.reads.iter().map(|part| all.iter().skip(since).any(|path| path.contains(part))).collect::<Vec<_>>()
    };
    for case in [0, 1] {
        for row in &table {
            let [first, second] = row.two;
            let (arrays, expected) = match case {
                0 => (json!({ "additionalConsentedProducts": row.two }), "CONSENTED"),
                _ => (json!({ "requiredIfSupportedProducts": [first], "optionalProducts": [second] }), "AVAILABLE"),
            };
            let since = app.fidelity.operations().len();
            let (connection, told) = linked(&app, row, row.bank, &arrays).await;
            for (at, expected) in &row.told {
                assert_eq!(told.pointer(at).unwrap_or(&Value::Null), &expected[case], "{}: {told:#}", row.provider);
            }
            for product in row.two {
                assert_eq!(state(&connection, product), (expected, None), "{}: {connection:#}", row.provider);
            }
            assert_eq!(reads(row, since), vec![case == 1; row.reads.len()], "{}: {:?}", row.provider, row.reads);
        }
    }
    // What the institution lacks is not asked for there, in whichever array it stands.
    let mx = table.iter().find(|row| row.provider == "MX").unwrap();
    let arrays = json!({ "requiredIfSupportedProducts": ["IDENTIFIERS"], "optionalProducts": ["OWNERS"] });
    let (_, told) = linked(&app, mx, "Windowpane Savings", &arrays).await;
    assert_eq!(told["widget_url"]["data_request"]["products"], json!(["transactions"]));
    app.assert_faithful();
}
