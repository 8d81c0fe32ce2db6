//! What can be done to a connection from outside (D11): at each provider the same knobs lead to the states that the contract promises.

use std::sync::Mutex;

use futures::future::join_all;
use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::LIST;
use serde_json::{Value, json};

use super::{base, claimed, rows};
use crate::support::TestApp;

/// What is peculiar to a provider.
pub(super) struct Row {
    pub(super) provider: &'static str,
    /// Where customers log in with a password, and where at the institution's own page.
    pub(super) institutions: [&'static str; 2],
    /// What a permission that was taken back looks like: status, and the reasons for a repair.
    revoked: (&'static str, &'static [&'static str]),
    /// A webhook that the provider has; `None` = of a connection it has none.
    webhook: Option<&'static str>,
    /// Whether accounts come as soon as they are opened, where nobody chooses them.
    unasked: bool,
}

const US: [&str; 2] = ["First Platypus Bank", "Platypus OAuth Bank"];
const GERMAN: [&str; 2] = ["Isarwinkel Universalbank", "Rheintaler Sparbank"];
const REVOKED: (&str, &[&str]) = ("RECONNECT_REQUIRED", &["PERMISSION_REVOKED"]);
/// The provider does not say why.
const ENDED: (&str, &[&str]) = ("RECONNECT_REQUIRED", &["CONSENT_EXPIRED"]);

const TABLE: [Row; 9] = [
    row("PLAID", US, REVOKED, Some("DEFAULT_UPDATE"), false),
    row("FINICITY", US, REVOKED, None, false),
    row("MX", US, ("RECONNECT_REQUIRED", &["LOGIN"]), Some("AGGREGATION"), true),
    row("YODLEE", US, ("UNRECOVERABLE", &["PERMISSION_REVOKED", "RELINK"]), Some("DATA_UPDATES"), false),
    row("SALT_EDGE", GERMAN, REVOKED, Some("finish"), false),
    row("SALT_EDGE_PARTNERS", GERMAN, REVOKED, Some("finish"), false),
    row("MESH", US, ENDED, Some("succeeded"), false),
    row("AKOYA", ["Tartan Bank", "Platypus OAuth Bank"], REVOKED, Some("CONSENT_UPDATED"), false),
    row("FINAPI", GERMAN, ENDED, Some("NEW_TRANSACTIONS"), false),
];

const fn row(
    provider: &'static str,
    institutions: [&'static str; 2],
    revoked: (&'static str, &'static [&'static str]),
    webhook: Option<&'static str>,
    unasked: bool,
) -> Row {
    Row { provider, institutions, revoked, webhook, unasked }
}

impl Row {
    /// Where its institutions are.
    pub(super) fn country(&self) -> &'static str {
        if self.institutions == GERMAN { "DE" } else { "US" }
    }
}

/// A connection of a customer at the bank that nobody else is.
pub(super) async fn linked(app: &TestApp, row: &Row, institution: &str) -> String {
    let products = claimed(app, row.provider).await;
    let started = app
        .start(json!({
            "products": [base(&products)], "serviceProvider": row.provider, "countryCodes": [row.country()],
            "externalCustomerId": format!("{}-{institution}", row.provider),
        }))
        .await;
    let institution = app.institution_at(row.provider, institution).await;
    let play = json!({ "institutionId": institution, "username": username(row) });
    let connection = app.play(&started, None, play).await.expect(200);
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}

fn username(row: &Row) -> String {
    format!("user_good+{}", row.provider.to_lowercase())
}

async fn repaired(app: &TestApp, row: &Row, id: &str, body: Value) -> Value {
    app.repaired(id, body, json!({ "username": username(row) })).await
}

/// Does the same at every provider, a few side by side: the simulators share two cores with everything else.
pub(super) async fn at_each(check: impl AsyncFn(&Row)) {
    let all: Vec<&str> = ServiceProvider::ALL.iter().map(|provider| provider.as_str()).collect();
    assert_eq!(TABLE.each_ref().map(|row| row.provider), *all);
    for few in TABLE.chunks(3) {
        join_all(few.iter().map(|row| check(row))).await;
    }
}

/// Status, its reason, and what a repair would be for.
fn stands(connection: &Value) -> Value {
    json!([connection["status"], connection["statusReason"], connection["repair"]["reasons"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_what_the_provider_can_renew_on_the_same_object_is_an_expired_token() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let id = linked(&app, row, row.institutions[1]).await;
        let ended = app.knob(&id, "expire-consent", json!({})).await;
        let expected = json!(["RECONNECT_REQUIRED", "TOKEN_EXPIRED", ["CONSENT_EXPIRED"]]);
        assert_eq!(stands(&ended), expected, "{}: {ended:#}", row.provider);
        assert_eq!(ended["actBy"], "CUSTOMER", "{}", row.provider);
        let repaired = repaired(&app, row, &id, json!({})).await;
        assert_eq!(stands(&repaired), json!(["ACTIVE", null, []]), "{}: {repaired:#}", row.provider);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_each_knob_leads_to_the_state_that_it_is_for() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let (provider, id) = (row.provider, linked(&app, row, row.institutions[0]).await);
        let before = rows(&app, "/transactions", &id).await.len();
        let posted = app.knob(&id, "post-transactions", json!({ "count": 2 })).await;
        assert_eq!(stands(&posted), json!(["ACTIVE", null, []]), "{provider}: {posted:#}");
        let came = rows(&app, "/transactions", &id).await.len() - before;
        assert_eq!(came, if provider == "MESH" { 0 } else { 2 }, "{provider}");
        let fire = json!({ "code": row.webhook.unwrap_or("ANYTHING") });
        let fired = app.post(&format!("/sandbox/connections/{id}/fire-webhook"), fire).await;
        assert_eq!(fired.status, if row.webhook.is_some() { 200 } else { 400 }, "{provider}: {:#}", fired.body);
        let default = app.post(&format!("/sandbox/connections/{id}/fire-webhook"), json!({})).await;
        assert_eq!(default.status, fired.status, "{provider}: {:#}", default.body);
        app.settled(&id).await;
        let broken = app.knob(&id, "reset-login", json!({})).await;
        let expected = json!(["RECONNECT_REQUIRED", "LOGIN_REQUIRED", ["LOGIN"]]);
        assert_eq!(stands(&broken), expected, "{provider}: {broken:#}");
        let mended = repaired(&app, row, &id, json!({})).await;
        assert_eq!(stands(&mended), json!(["ACTIVE", null, []]), "{provider}: {mended:#}");
        let revoked = app.knob(&id, "revoke", json!({})).await;
        let (status, reasons) = row.revoked;
        assert_eq!(revoked["status"], status, "{provider}: {revoked:#}");
        // A reading that was interrupted by it leaves its product waiting too.
        let told =
            revoked["repair"]["reasons"].as_array().unwrap().iter().filter(|reason| **reason != "PRODUCT_CONSENT");
        assert!(told.eq(reasons.iter()), "{provider}: {revoked:#}");
        let spec = app.get(&format!("/service-providers/{provider}")).await.expect(200);
        let tells = reasons.contains(&"PERMISSION_REVOKED");
        assert_eq!(spec["tellsRevocation"], json!(tells), "{provider}: {revoked:#}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knob_touches_its_own_connection_alone() {
    let app = TestApp::new().await;
    let elsewhere = |row: &&Row| row.institutions != GERMAN && row.provider != "PLAID";
    for row in TABLE.iter().filter(elsewhere) {
        let id = linked(&app, row, row.institutions[1]).await;
        // The same user of the same bank, through another provider.
        let other = app.start(json!({ "products": ["TRANSACTIONS"], "externalCustomerId": row.provider })).await;
        let institution = app.institution_at("PLAID", row.institutions[1]).await;
        let play = json!({ "institutionId": institution, "username": username(row) });
        let other = app.play(&other, None, play).await.expect(200)["id"].as_str().unwrap().to_owned();
        for knob in ["reset-login", "expire-consent"] {
            app.knob(&id, knob, json!({})).await;
            let untouched = app.knob(&other, "post-transactions", json!({ "count": 1 })).await;
            assert_eq!(stands(&untouched), json!(["ACTIVE", null, []]), "{} {knob}: {untouched:#}", row.provider);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fire_webhook_takes_what_the_document_lists_and_says_so() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let (provider, id) = (row.provider, linked(&app, row, row.institutions[0]).await);
        let listed = LIST.iter().find(|listed| listed.id.as_str() == provider).unwrap().webhooks;
        let fire = async |code: &str| {
            let answer = app.post(&format!("/sandbox/connections/{id}/fire-webhook"), json!({ "code": code })).await;
            let detail = answer.body["detail"].as_str().map(str::to_owned);
            (answer.status, detail.filter(|_| answer.status != 200).unwrap_or_default())
        };
        let (status, refusal) = fire("NOPE").await;
        assert_eq!(status, 400, "{provider}");
        match row.webhook {
            Some(_) => {
                assert!(refusal.contains(&format!("name one of {}.", listed.join(", "))), "{provider}: {refusal}")
            }
            None => assert!(listed.is_empty() && refusal.contains("sends no webhook"), "{provider}: {refusal}"),
        }
        for code in listed {
            // Some are about what this connection does not have.
            let (status, refusal) = fire(code).await;
            assert!(status == 200 || !refusal.contains("name one of"), "{provider} {code}: {refusal}");
        }
        assert!(row.webhook.is_none_or(|code| listed.contains(&code)), "{provider}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_d5_new_accounts_are_offered_until_a_repair_has_brought_them() {
    let app = TestApp::new().await;
    for at in [0, 1] {
        at_each(async |row| new_accounts_come(&app, row, row.institutions[at], row.unasked && at == 0).await).await;
    }
    app.assert_faithful();
}

async fn new_accounts_come(app: &TestApp, row: &Row, institution: &str, unasked: bool) {
    let (name, id) = (format!("{} at {institution}", row.provider), linked(app, row, institution).await);
    let before = rows(app, "/accounts", &id).await;
    let offered = app.knob(&id, "new-accounts", json!({})).await;
    let expected = if unasked {
        json!(["ACTIVE", null, []])
    } else {
        json!(["ACTIVE", "NEW_ACCOUNTS_AVAILABLE", ["NEW_ACCOUNTS"]])
    };
    assert_eq!(stands(&offered), expected, "{name}: {offered:#}");
    let spec = app.get(&format!("/service-providers/{}", row.provider)).await.expect(200);
    let repaired = repaired(app, row, &id, json!({ "accountSelection": spec["accountSelection"] })).await;
    assert_eq!(stands(&repaired), json!(["ACTIVE", null, []]), "{name}: {repaired:#}");
    let after = rows(app, "/accounts", &id).await;
    assert_eq!(after.len(), before.len() + 1, "{name}: {after:#?}");
    let new = after.iter().find(|one| before.iter().all(|old| old["id"] != one["id"])).unwrap();
    assert_eq!(new["status"], "OPEN", "{name}");
    assert!(new["balances"]["current"].is_string(), "{name}: {new:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_history_that_is_read_again_for_new_accounts_takes_nothing_away() {
    let app = TestApp::new().await;
    let transactions = async |id: &str| rows(&app, "/transactions", id).await;
    let known = Mutex::new(Vec::new());
    at_each(async |row| {
        if claimed(&app, row.provider).await.contains(&Product::Transactions) {
            let institution = app.institution_at(row.provider, row.institutions[0]).await;
            let asked = json!({
                "products": ["TRANSACTIONS"], "serviceProvider": row.provider, "institutionId": institution,
                "historyDays": 30,
            });
            let play = json!({ "institutionId": institution, "username": username(row) });
            let connection = app.play(&app.start(asked).await, None, play).await.expect(200);
            let id = connection["id"].as_str().unwrap().to_owned();
            app.settled(&id).await;
            let before = transactions(&id).await;
            known.lock().unwrap().push((row.provider.to_owned(), id, before));
        }
    })
    .await;
    let known = known.into_inner().unwrap();
    assert_eq!(known.len(), 8);
    app.advance(10 * 24 * 3600).await;
    at_each(async |row| {
        let Some((_, id, before)) = known.iter().find(|one| one.0 == row.provider) else { return };
        app.knob(id, "new-accounts", json!({})).await;
        let spec = app.get(&format!("/service-providers/{}", row.provider)).await.expect(200);
        repaired(&app, row, id, json!({ "accountSelection": spec["accountSelection"] })).await;
        let after = transactions(id).await;
        let posted = before.iter().filter(|one| one["status"] == "POSTED");
        let lost: Vec<_> = posted.filter(|old| after.iter().all(|new| new["id"] != old["id"])).collect();
        assert_eq!(lost, Vec::<&Value>::new(), "{}", row.provider);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_login_is_named_to_who_plays_the_customer() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let products = claimed(&app, row.provider).await;
        let start =
            json!({ "products": [base(&products)], "serviceProvider": row.provider, "countryCodes": [row.country()] });
        let institution = app.institution_at(row.provider, row.institutions[0]).await;
        // Somebody else each time: nobody links a login twice.
        for (who, login) in [("a", json!({ "username": "user_gold" })), ("b", json!({ "password": "pass_gold" }))] {
            let started = app.start(start.clone()).await;
            let mut play = json!({ "institutionId": institution });
            play.as_object_mut().unwrap().extend(login.as_object().unwrap().clone());
            let problem = app.play(&started, None, play).await.problem(409, "USER_ACTION_REQUIRED");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("(WRONG_CREDENTIALS)"), "{}: {detail}", row.provider);
            // Plaid tells the last error of a customer who leaves.
            if row.provider == "PLAID" {
                assert_eq!(problem["attempt"], "INVALID_CREDENTIALS", "{problem:#}");
                assert_eq!(problem["provider"]["code"], "INVALID_CREDENTIALS", "{problem:#}");
            }
            let right = json!({ "institutionId": institution, "username": format!("{}-{who}", username(row)) });
            app.play(&started, None, right).await.expect(200);
        }
    })
    .await;
}
