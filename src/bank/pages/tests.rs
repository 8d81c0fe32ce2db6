//! The flow as a browser or a program walks it, against a bank without a database.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use super::*;
use crate::bank::institution::institution;
use crate::bank::login::{answer_mfa, log_in};
use crate::bank::{BankAccount, Books, LoginOutcome, Refusal, UserRef, UserState};
use crate::domain::account::AccountSubtype;
use crate::domain::product::Product;
use chrono::Utc;

const ASKED: [Product; 3] = [Product::Balances, Product::Transactions, Product::InvestmentHoldings];

fn options(institution: Option<&str>) -> FlowOptions {
    FlowOptions {
        application: "Budget <b>& Co</b>".to_owned(),
        network: "Network".to_owned(),
        institution: institution.map(str::to_owned),
        ask_products: ASKED.to_vec(),
        consent_page: true,
        account_selection: true,
        ..FlowOptions::default()
    }
}

fn books(user: &UserRef) -> Books {
    let bank = institution(&user.institution).unwrap();
    Books::new(1, user.clone(), bank, UserState::default(), Utc::now())
}

fn accounts_of(institution: &str, username: &str) -> Vec<BankAccount> {
    books(&UserRef { institution: institution.to_owned(), username: username.to_owned() }).accounts()
}

/// What the bank does with a form, of a user to whom nothing ever happened.
fn submit(flow: &mut Flow, form: &Form) -> Step {
    let state = UserState::default();
    let outcome = match flow.accept(form) {
        Accepted::Settled => return flow.outcome().unwrap_or(Step::Show),
        Accepted::LogIn { institution: key, username, password } => {
            let user = UserRef { institution: key.clone(), username };
            institution(&key).map_or(LoginOutcome::Refused(Refusal::InstitutionDown), |bank| {
                log_in(bank, &user, &password, &state, Utc::now())
            })
        }
        Accepted::Answer { user, answer } => answer_mfa(&user, &answer, &state, Utc::now()),
    };
    let accounts = match &outcome {
        LoginOutcome::Success(login) => books(&login.user).accounts(),
        _ => Vec::new(),
    };
    flow.judged(outcome, &accounts);
    flow.outcome().unwrap_or(Step::Show)
}

/// Posts fields with the step that the page carries.
fn post(flow: &mut Flow, fields: &str) -> Step {
    let body = format!("step={}&action=submit&{fields}", flow.step());
    submit(flow, &Form::parse(body.as_bytes()))
}

/// Which page is shown.
fn page(flow: &Flow) -> String {
    let html = flow.view("").into_string();
    html.split("data-step=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn finished(step: Step) -> Finished {
    match step {
        Step::Finished(finished) => finished,
        other => panic!("not finished: {other:?}"),
    }
}

const GOOD: &str = "username=user_good&password=pass_good";

#[test]
fn from_the_choice_of_an_institution_to_the_accounts() {
    let mut flow = Flow::new(options(None));
    assert_eq!(page(&flow), "institution");
    post(&mut flow, "institution=first_platypus");
    assert_eq!(page(&flow), "consent");
    post(&mut flow, "");
    assert_eq!(page(&flow), "credentials");
    assert_eq!(post(&mut flow, GOOD), Step::Show);
    assert_eq!(page(&flow), "accounts");
    let keys: Vec<String> = accounts_of("first_platypus", "user_good").into_iter().map(|one| one.key).collect();
    let step = post(&mut flow, &format!("accounts={}&accounts={}&accounts=stranger", keys[0], keys[2]));
    let done = finished(step);
    assert_eq!(done.accounts, [keys[0].clone(), keys[2].clone()]);
    assert_eq!(done.granted, ASKED);
    assert_eq!(done.login.user.username, "user_good");
    assert_eq!(page(&flow), "done");
}

#[test]
fn an_oauth_institution_asks_for_each_product_and_for_accounts() {
    let mut asked = options(Some("platypus_oauth"));
    asked.consent_page = false;
    asked.account_selection = false;
    let mut flow = Flow::new(asked);
    assert_eq!(page(&flow), "credentials");
    post(&mut flow, GOOD);
    assert_eq!(page(&flow), "permissions");
    assert_eq!(flow.view("").into_string().matches("name=\"allow\"").count(), 3);
    post(&mut flow, "allow=TRANSACTIONS&allow=LIABILITIES&allow=nonsense");
    assert_eq!(page(&flow), "accounts");
    let key = &accounts_of("platypus_oauth", "user_good")[1].key;
    let done = finished(post(&mut flow, &format!("accounts={key}")));
    assert_eq!(done.granted, [Product::Transactions]);
    assert_eq!(done.accounts, std::slice::from_ref(key));
}

#[test]
fn an_oauth_institution_without_choices_asks_once() {
    let mut asked = options(Some("tartan"));
    asked.account_selection = false;
    let shared = accounts_of("tartan", "user_good")[0].key.clone();
    asked.shared_accounts = vec![shared.clone()];
    let mut flow = Flow::new(asked);
    post(&mut flow, "");
    post(&mut flow, GOOD);
    assert_eq!(page(&flow), "permissions");
    assert!(!flow.view("").into_string().contains("name=\"allow\""));
    let done = finished(post(&mut flow, ""));
    assert_eq!((done.accounts, done.granted), (vec![shared], ASKED.to_vec()));
}

#[test]
fn a_wrong_password_is_told_and_the_sixth_never_comes() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    post(&mut flow, "");
    for _ in 0..4 {
        assert_eq!(post(&mut flow, "username=user_good&password=wrong"), Step::Show);
        assert_eq!(page(&flow), "credentials");
        assert!(flow.view("").into_string().contains("data-error=\"WRONG_CREDENTIALS\""));
    }
    assert_eq!(post(&mut flow, "username=user_good&password=wrong"), Step::Failed(Failure::TooManyAttempts));
    assert_eq!(post(&mut flow, GOOD), Step::Failed(Failure::TooManyAttempts));
}

#[test]
fn the_question_must_be_answered() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    post(&mut flow, "");
    post(&mut flow, "username=user_mfa&password=pass_good");
    assert_eq!(page(&flow), "mfa");
    post(&mut flow, "answer=0000");
    assert_eq!(page(&flow), "mfa");
    assert!(flow.view("").into_string().contains("data-error=\"WRONG_ANSWER\""));
    post(&mut flow, "answer=1234");
    assert_eq!(page(&flow), "accounts");
}

#[test]
fn failures_end_the_flow_with_their_code() {
    let end = |institution: &str, change: fn(&mut FlowOptions), credentials: &str| {
        let mut asked = options(Some(institution));
        asked.consent_page = false;
        change(&mut asked);
        let mut flow = Flow::new(asked);
        let step = post(&mut flow, credentials);
        (step, flow.view("").into_string())
    };
    let as_is = |_: &mut FlowOptions| {};
    let other_user = |asked: &mut FlowOptions| {
        let institution = "first_platypus".to_owned();
        asked.user = Some(UserRef { institution, username: "user_investor".to_owned() });
    };
    let cards_only = |asked: &mut FlowOptions| asked.account_subtypes = Some([AccountSubtype::CreditCard].into());
    let only = "username=user_checking_only&password=pass_good";
    let provoked = Failure::Code("ITEM_LOCKED".to_owned());
    for (failure, (step, html)) in [
        (Failure::Locked, end("first_platypus", as_is, "username=user_locked&password=pass_good")),
        (Failure::NoAccounts, end("first_platypus", as_is, "username=user_no_accounts&password=pass_good")),
        (Failure::NoAccounts, end("first_platypus", cards_only, only)),
        (Failure::InstitutionDown, end("platypus_down", as_is, GOOD)),
        (Failure::InstitutionDown, end("no_such_bank", as_is, GOOD)),
        (Failure::DifferentLogin, end("first_platypus", other_user, GOOD)),
        (provoked, end("first_platypus", as_is, "username=user_good&password=error_ITEM_LOCKED")),
    ] {
        assert!(html.contains(&format!("data-result=\"{}\"", failure.code())), "{html}");
        assert_eq!(step, Step::Failed(failure));
    }
}

#[test]
fn sharing_or_allowing_nothing_connects_nothing() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    post(&mut flow, "");
    post(&mut flow, GOOD);
    assert_eq!(post(&mut flow, ""), Step::Failed(Failure::NoAccounts));
    let mut flow = Flow::new(options(Some("platypus_oauth")));
    post(&mut flow, "");
    post(&mut flow, GOOD);
    assert_eq!(post(&mut flow, ""), Step::Failed(Failure::PermissionDenied));
}

#[test]
fn a_customer_can_leave_from_every_page() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    for fields in ["", GOOD] {
        let mut leaving = flow.clone();
        let form = Form::parse(format!("step={}&action=cancel", leaving.step()).as_bytes());
        assert_eq!(submit(&mut leaving, &form), Step::Cancelled);
        assert!(leaving.view("").into_string().contains("data-result=\"CANCELLED\""));
        post(&mut flow, fields);
    }
}

#[test]
fn a_double_click_does_no_harm() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    let click = Form::parse(format!("step={}&action=submit", flow.step()).as_bytes());
    for _ in 0..2 {
        assert_eq!(submit(&mut flow, &click), Step::Show);
        assert_eq!((page(&flow).as_str(), flow.step()), ("credentials", 1));
    }
    for broken in ["", "step=", "step=-1", "step=99", "step=1e0"] {
        let form = Form::parse(format!("{broken}&{GOOD}").as_bytes());
        submit(&mut flow, &form);
        assert_eq!(page(&flow), "credentials", "{broken}");
    }
}

#[test]
fn a_flow_survives_being_stored_on_every_page() {
    let mut flow = Flow::new(options(None));
    for fields in
        ["institution=platypus_oauth", "", "username=user_mfa&password=pass_good", "answer=1234", "allow=BALANCES"]
    {
        post(&mut flow, fields);
        let stored = serde_json::to_value(&flow).unwrap();
        let again: Flow = serde_json::from_value(stored).unwrap();
        assert_eq!(again.view("").into_string(), flow.view("").into_string());
        flow = again;
    }
    assert_eq!(page(&flow), "accounts");
}

#[test]
fn no_password_is_stored_or_shown() {
    let mut flow = Flow::new(options(Some("first_platypus")));
    post(&mut flow, "");
    let form = Form::parse(format!("step={}&username=user_good&password=canary", flow.step()).as_bytes());
    assert!(!format!("{form:?}").contains("canary"));
    submit(&mut flow, &form);
    assert!(!serde_json::to_string(&flow).unwrap().contains("canary"));
    assert!(!flow.view("").into_string().contains("canary"));
}

#[test]
fn everything_from_outside_is_escaped() {
    let attack = "\"><script>alert(1)</script>";
    let mut asked = options(None);
    asked.application = attack.to_owned();
    asked.network = attack.to_owned();
    let mut flow = Flow::new(asked);
    for fields in
        ["institution=%22%3E%3Cscript%3E", "institution=first_platypus", "", "username=user_mfa&password=pass_good"]
    {
        let html = flow.view(attack).into_string();
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
        post(&mut flow, fields);
    }
}

#[test]
fn institutions_are_searched_and_filtered() {
    let mut asked = options(None);
    asked.country_codes = vec!["GB".to_owned()];
    let flow = Flow::new(asked);
    let html = flow.view("kestrel").into_string();
    assert!(html.contains("value=\"kestrel\"") && !html.contains("value=\"thornbury\""));
    assert!(!flow.view("first platypus").into_string().contains("value=\"first_platypus\""));
    assert!(Flow::new(options(None)).view("").into_string().contains("more: search for yours"));
}

#[test]
fn the_form_of_a_repair_ticks_what_is_shared() {
    let mut asked = options(Some("first_platypus"));
    let accounts = accounts_of("first_platypus", "user_good");
    asked.consent_page = false;
    asked.shared_accounts = vec![accounts[0].key.clone()];
    asked.user = Some(UserRef { institution: "first_platypus".to_owned(), username: "user_good".to_owned() });
    let mut flow = Flow::new(asked);
    post(&mut flow, GOOD);
    let html = flow.view("").into_string();
    assert_eq!(html.matches(" checked").count(), 1);
    assert!(html.contains(&format!("data-mask=\"{}\"", accounts[0].mask)));
}
