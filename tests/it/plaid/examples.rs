//! The example bodies of Plaid's description through the adapter, for every operation that it uses: as they are, and with every
//! field left out or null that may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use chrono::NaiveDate;
use linkspan::domain::product::Product;
use linkspan::domain::risk::{RiskDecision, RiskReturn};
use linkspan::domain::secret::Secret;
use linkspan::providers::data::{
    AccountsWanted, InstitutionsRequest, InvestmentTransactionsRequest, RefreshRequest, TransactionsRequest,
};
use linkspan::providers::link::{LinkContinuation, LinkInput};
use linkspan::providers::own::{AssetReportOrder, PaymentToEvaluate};
use linkspan::providers::{Context, Failure};
use serde_json::{Value, json};

use super::plaid;
use crate::contract::Rig;
use crate::judge::Judge;

/// What the server answers by path, and which paths were asked for.
#[derive(Clone, Default)]
struct Recorded {
    bodies: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

async fn answer(State(recorded): State<Recorded>, uri: Uri) -> impl IntoResponse {
    recorded.asked.lock().unwrap().insert(uri.path().to_owned());
    let body = recorded.bodies.lock().unwrap().get(uri.path()).expect("an example").to_string();
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// Operations whose answers are documents: no examples.
const DOCUMENTS: &[&str] = &["/asset_report/pdf/get", "/statements/download"];

/// The operations that the adapter's sources name.
fn used() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/providers/plaid/client");
    let sources = std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file());
    let mut found = BTreeSet::new();
    for source in sources.filter(|entry| entry.file_name() != "tests.rs") {
        let text = std::fs::read_to_string(source.path()).unwrap();
        let named = text.split("Operation::").skip(1).filter_map(|rest| rest.split_once("(\"/"));
        let named = named.filter(|(kind, _)| matches!(*kind, "repeatable" | "once"));
        found.extend(named.filter_map(|(_, rest)| Some(format!("/{}", rest.split_once('"')?.0))));
    }
    found.retain(|path| !DOCUMENTS.contains(&path.as_str()));
    assert!(found.len() > 15, "{found:?}");
    found
}

/// Every call of the trait that reads an answer of that path.
async fn calls(rig: &Rig, cx: &Context<'_>, path: &str) -> Result<(), Failure> {
    let (provider, credential) = (rig.provider(), Secret::new("access-sandbox-example"));
    let (reports, risks) = (provider.asset_reports().unwrap(), provider.payment_risks().unwrap());
    let wanted = |live_balances, identifiers, owners| AccountsWanted { live_balances, identifiers, owners };
    let token = |input| LinkContinuation::of(Secret::new("link-sandbox-example"), None, input);
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    match path {
        "/link/token/create" => provider.begin_link(cx, &rig.request(rig.everything())).await.map(drop),
        "/link/token/get" => provider.continue_link(cx, &token(LinkInput::Nothing)).await.map(drop),
        "/item/public_token/exchange" => {
            let brought = LinkInput::PublicToken(Secret::new("public-sandbox-example"));
            provider.continue_link(cx, &token(brought)).await.map(drop)
        }
        "/item/get" => provider.status(cx, &credential).await.map(drop),
        "/item/remove" => provider.revoke(cx, &credential).await,
        "/accounts/get" => provider.accounts(cx, &credential, wanted(false, false, false)).await.map(drop),
        "/accounts/balance/get" => provider.accounts(cx, &credential, wanted(true, false, false)).await.map(drop),
        "/auth/get" => provider.accounts(cx, &credential, wanted(false, true, false)).await.map(drop),
        "/identity/get" => provider.accounts(cx, &credential, wanted(false, false, true)).await.map(drop),
        "/transactions/sync" => provider.transactions(cx, &credential, &TransactionsRequest::default()).await.map(drop),
        "/transactions/refresh" => {
            provider.refresh(cx, &credential, &RefreshRequest::of(&[Product::Transactions])).await
        }
        "/investments/refresh" => {
            provider.refresh(cx, &credential, &RefreshRequest::of(&[Product::InvestmentHoldings])).await
        }
        "/investments/holdings/get" => provider.holdings(cx, &credential).await.map(drop),
        "/investments/transactions/get" => {
            let (from, to) = (day("2020-01-01"), day("2021-01-01"));
            let request = InvestmentTransactionsRequest { from, to, page: None };
            provider.investment_transactions(cx, &credential, &request).await.map(drop)
        }
        "/liabilities/get" => provider.liabilities(cx, &credential).await.map(drop),
        "/institutions/get" => {
            let request = InstitutionsRequest { country_codes: vec!["US".to_owned()], page: None };
            provider.institutions(cx, &request).await.map(drop)
        }
        "/webhook_verification_key/get" => provider.webhook_key(cx, "key").await.map(drop),
        "/asset_report/create" => {
            let order =
                AssetReportOrder { days: 30, reference: "report".into(), webhook_url: "https://x.example".into() };
            reports.order(cx, &credential, &order).await.map(drop)
        }
        "/asset_report/get" => reports.report(cx, &credential).await.map(drop),
        "/statements/refresh" => {
            let options = json!({ "STATEMENTS": { "from": "2026-01-01", "to": "2026-06-30" } });
            let request = RefreshRequest::of(&[Product::Statements]);
            let request = RefreshRequest { product_options: options.as_object(), ..request };
            provider.refresh(cx, &credential, &request).await
        }
        "/statements/list" => provider.statements().unwrap().list(cx, &credential).await.map(drop),
        "/payment_initiation/payment/get" => {
            provider.payments().unwrap().payment(cx, &Secret::new("payment_id:example")).await.map(drop)
        }
        "/identity_verification/get" | "/identity_verification/list" => {
            let credential = Secret::new("identity_verification_id:example");
            provider.identity_verifications().unwrap().verification(cx, &credential).await.map(drop)
        }
        "/user/create" | "/credit/bank_income/get" => {
            // The first time Plaid's user is made; the examples' Item is in no report of theirs.
            let customer = format!("example-{}", uuid::Uuid::now_v7());
            let item = "L8EKo4GydxSKmJQGmXyPuDkeNn4rg9fP3MKLv";
            match provider.incomes().unwrap().income(cx, &customer, item).await {
                Err(failure) if failure.code == "NO_REPORT" => Ok(()),
                answer => answer.map(drop),
            }
        }
        "/signal/prepare" => risks.prepare(cx, &credential).await,
        "/signal/evaluate" => {
            let (provider_account_id, reference) = ("account".to_owned(), "payment".to_owned());
            let payment = PaymentToEvaluate { provider_account_id, reference, amount: 1.into(), currency: None };
            risks.evaluate(cx, &credential, &payment).await.map(drop)
        }
        "/signal/decision/report" => {
            let decision = RiskDecision {
                initiated: true,
                outcome: None,
                payment_method: None,
                days_funds_on_hold: None,
                amount_instantly_available: None,
            };
            risks.report_decision(cx, "payment", &decision).await
        }
        "/signal/return/report" => {
            let returned = RiskReturn { return_code: "R01".to_owned(), returned_at: None };
            risks.report_return(cx, "payment", &returned).await
        }
        "/asset_report/remove" => reports.remove(cx, &credential).await,
        "/processor/token/create" => provider.processor_token(cx, &credential, "account", "dwolla").await.map(drop),
        "/processor/stripe/bank_account_token/create" => {
            provider.processor_token(cx, &credential, "account", "stripe").await.map(drop)
        }
        other => panic!("no call of the trait is known to lead to {other}: name it here"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_every_operation_in_use_maps() {
    let Some(judge) = Judge::plaid() else { return };
    let rig = plaid().await;
    let recorded = Recorded::default();
    let foreign = rig.before(Router::new().fallback(answer).with_state(recorded.clone())).await;
    let used = used();
    for path in &used {
        let first = judge.response_examples(path).into_iter().next();
        let (_, body) = first.unwrap_or_else(|| panic!("{path} has no example"));
        recorded.bodies.lock().unwrap().insert(path.clone(), body);
    }
    for path in &used {
        for (name, body) in judge.response_examples(path) {
            recorded.bodies.lock().unwrap().insert(path.clone(), body);
            calls(&rig, &foreign.patient(), path).await.unwrap_or_else(|failure| panic!("{path} {name}: {failure}"));
        }
    }
    assert_eq!(*recorded.asked.lock().unwrap(), used);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_missing_or_null_or_new_may_be_so() {
    let Some(judge) = Judge::plaid() else { return };
    let rig = plaid().await;
    let recorded = Recorded::default();
    let foreign = rig.before(Router::new().fallback(answer).with_state(recorded.clone())).await;
    let examples: BTreeMap<_, _> =
        used().into_iter().map(|path| (path.clone(), judge.response_examples(&path).remove(0).1)).collect();
    let mut tried = 0;
    for (path, example) in &examples {
        *recorded.bodies.lock().unwrap() = examples.clone();
        for body in judge.permitted(path, example) {
            tried += 1;
            recorded.bodies.lock().unwrap().insert(path.clone(), body.clone());
            let outcome = calls(&rig, &foreign.patient(), path).await;
            assert!(outcome.is_ok(), "{path}: {outcome:?} of {body:#}");
        }
    }
    assert!(tried > 500, "only {tried}");
}
