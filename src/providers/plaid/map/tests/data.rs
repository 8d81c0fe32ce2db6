use serde_json::{Value, json};

use super::{changed, decimal, fixture, read};
use crate::domain::investment::{InvestmentTransactionType, Security, SecurityType};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::data::{HistoryProgress, ProviderHolding, ProviderTransaction, TransactionsPage};
use crate::providers::plaid::map::investments::{holdings, trades};
use crate::providers::plaid::map::liabilities::liabilities;
use crate::providers::plaid::map::transactions::page;
use crate::providers::plaid::wire::investment::{Holdings, Trades};
use crate::providers::plaid::wire::liability::Liabilities;
use crate::providers::plaid::wire::transaction::SyncPage;

fn sync(change: impl FnOnce(&mut Value)) -> TransactionsPage {
    page(changed::<SyncPage>(fixture!("transactions_sync"), change)).unwrap()
}

#[test]
fn a_posted_transaction_is_read() {
    let page = sync(|_| {});
    assert_eq!(
        page.added,
        [ProviderTransaction {
            provider_transaction_id: "lPNjeW1nR6CDn5okmGQ6hEpMo4lLNoSrzqDje".into(),
            pending_transaction_id: Some("no86Eox18VHMvaOVL7gPUM9ap3aR1LsAVZ5nc".into()),
            provider_account_id: "BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp".into(),
            amount: decimal("72.1"),
            currency: Some("USD".into()),
            description: "PURCHASE WM SUPERCENTER #1700".into(),
            merchant: Some("Walmart".into()),
            category: Category::GeneralMerchandise,
            status: TransactionStatus::Posted,
            transaction_date: "2023-09-22".parse().unwrap(),
            posted_date: Some("2023-09-24".parse().unwrap()),
        }]
    );
    assert_eq!(page.removed, ["CmdQTNgems8BT1B7ibkoUXVPyAeehT3Tmzk0l"]);
    assert_eq!((page.has_more, page.history), (false, HistoryProgress::Complete));
    assert!(page.next_cursor.starts_with("tVUUL15l"));
}

#[test]
fn a_pending_transaction_has_no_booking_date() {
    let page = sync(|body| body["modified"][0]["original_description"] = "DD DOORDASH\u{0} BURGERKIN 855".into());
    let pending = &page.modified[0];
    assert_eq!((pending.status, pending.posted_date), (TransactionStatus::Pending, None));
    assert_eq!(pending.transaction_date, "2023-09-27".parse().unwrap());
    assert_eq!(pending.description, "DD DOORDASH BURGERKIN 855");
}

#[test]
fn money_in_is_negative_and_exact() {
    let mut body: Value = serde_json::from_str(fixture!("transactions_sync")).unwrap();
    body["added"][0]["amount"] = json!("AMOUNT");
    for (written, amount) in
        [("-2307.21", "-2307.21"), ("1.1e-2", "0.011"), ("4503599627370497.55", "4503599627370497.55")]
    {
        let text = body.to_string().replace("\"AMOUNT\"", written);
        assert_eq!(page(read::<SyncPage>(&text)).unwrap().added[0].amount, decimal(amount));
    }
}

#[test]
fn categories_are_ours_and_new_ones_unidentified() {
    let category = |name: Value| {
        let page = sync(|body| body["added"][0]["personal_finance_category"] = name);
        page.added[0].category
    };
    for ours in Category::ALL {
        assert_eq!(category(json!({"primary": ours.as_str(), "detailed": "X"})), *ours);
    }
    assert_eq!(category(json!({"primary": "LOAN_DISBURSEMENTS"})), Category::TransferIn);
    assert_eq!(category(json!({"primary": "SPACE_TRAVEL"})), Category::Unidentified);
    assert_eq!(category(Value::Null), Category::Other);
}

#[test]
fn history_is_as_far_as_plaid_says() {
    for (status, history) in [
        (json!("NOT_READY"), HistoryProgress::NotReady),
        (json!("INITIAL_UPDATE_COMPLETE"), HistoryProgress::Recent),
        (json!("HISTORICAL_UPDATE_COMPLETE"), HistoryProgress::Complete),
        (json!("TRANSACTIONS_UPDATE_STATUS_UNKNOWN"), HistoryProgress::Recent),
        (json!("BRAND_NEW"), HistoryProgress::Recent),
        (Value::Null, HistoryProgress::Recent),
    ] {
        assert_eq!(sync(|body| body["transactions_update_status"] = status.clone()).history, history, "{status}");
    }
}

#[test]
fn a_cursor_that_cannot_be_kept_is_refused() {
    for cursor in ["x".repeat(2_001), "a\u{0}".into()] {
        let answer = changed::<SyncPage>(fixture!("transactions_sync"), |body| body["next_cursor"] = cursor.into());
        assert_eq!(page(answer).unwrap_err().code, "UNREADABLE_ANSWER");
    }
}

#[test]
fn holdings_know_their_securities() {
    let held = holdings(read::<Holdings>(fixture!("holdings_get")));
    assert_eq!(
        held[2],
        ProviderHolding {
            provider_account_id: "k67E4xKvMlhmleEa4pg9hlwGGNnnEeixPolGm".into(),
            provider_security_id: "NDVQrXQoqzt5v3bAe8qRt4A7mK7wvZCLEBBJk".into(),
            security: Security {
                symbol: Some("DBLTX".into()),
                name: Some("DoubleLine Total Return Bond Fund".into()),
                isin: Some("US2586201038".into()),
                cusip: Some("258620103".into()),
                security_type: SecurityType::MutualFund,
            },
            quantity: decimal("2"),
            price: Some(decimal("10.42")),
            value: Some(decimal("20.84")),
            cost_basis: Some(decimal("10")),
            currency: Some("USD".into()),
            price_as_of: Some("2021-04-13".parse().unwrap()),
        }
    );
    let types: Vec<_> = held.iter().map(|one| one.security.security_type).collect();
    assert!(types.contains(&SecurityType::Cash) && types.contains(&SecurityType::Derivative));
    let orphans = holdings(changed::<Holdings>(fixture!("holdings_get"), |body| body["securities"] = json!([])));
    assert_eq!(orphans.len(), held.len());
    assert!(orphans.iter().all(|one| one.security.security_type == SecurityType::Unidentified));
}

#[test]
fn trades_are_read() {
    let trades = trades(read::<Trades>(fixture!("investment_transactions_get")));
    let dividend = &trades[0];
    assert_eq!((dividend.transaction_type, dividend.amount), (InvestmentTransactionType::Income, decimal("-8.72")));
    assert_eq!(dividend.security.as_ref().unwrap().symbol.as_deref(), Some("SBSI"));
    let sale = &trades[1];
    assert_eq!(sale.transaction_type, InvestmentTransactionType::Sell);
    assert_eq!((sale.quantity, sale.fees), (Some(decimal("-47.74104242992852")), Some(decimal("7.99"))));
    assert_eq!((sale.date, sale.price), ("2020-05-28".parse().unwrap(), Some(decimal("27.53"))));
    assert_eq!(trades[2].transaction_type, InvestmentTransactionType::Buy);
}

#[test]
fn types_of_trades_are_ours() {
    use InvestmentTransactionType as Ours;
    for (plaid, subtype, ours) in [
        ("cash", "dividend", Ours::Income),
        ("fee", "qualified dividend", Ours::Income),
        ("cash", "deposit", Ours::Cash),
        ("cash", "management fee", Ours::Fee),
        ("fee", "account fee", Ours::Fee),
        ("buy", "dividend reinvestment", Ours::Buy),
        ("sell", "distribution", Ours::Sell),
        ("transfer", "split", Ours::Transfer),
        ("cancel", "", Ours::Cancel),
        ("mint", "", Ours::Unidentified),
    ] {
        let answer = changed::<Trades>(fixture!("investment_transactions_get"), |body| {
            let trade = &mut body["investment_transactions"][0];
            (trade["type"], trade["subtype"], trade["security_id"]) = (plaid.into(), subtype.into(), Value::Null);
        });
        let trades = trades(answer);
        assert_eq!((trades[0].transaction_type, &trades[0].security), (ours, &None), "{plaid}/{subtype}");
    }
}

#[test]
fn terms_are_read() {
    let terms = liabilities(read::<Liabilities>(fixture!("liabilities_get")).liabilities);
    let day = |text: &str| Some(text.parse().unwrap());
    let kinds: Vec<_> = terms.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [LiabilityKind::Credit, LiabilityKind::Mortgage, LiabilityKind::Student]);
    assert_eq!(
        terms[0].terms,
        LiabilityTerms {
            interest_rate: Some(decimal("12.5")),
            minimum_payment: Some(decimal("20")),
            next_payment_due_date: day("2020-05-28"),
            last_payment_amount: Some(decimal("168.25")),
            last_payment_date: day("2019-05-22"),
            last_statement_balance: Some(decimal("1708.77")),
            last_statement_date: day("2019-05-28"),
            is_overdue: Some(false),
            ..LiabilityTerms::default()
        }
    );
    let mortgage = &terms[1].terms;
    assert_eq!((mortgage.interest_rate, mortgage.is_overdue), (Some(decimal("3.99")), Some(true)));
    assert_eq!((mortgage.original_principal, mortgage.maturity_date), (Some(decimal("425000")), day("2045-07-31")));
    let student = &terms[2].terms;
    assert_eq!((student.minimum_payment, student.maturity_date), (Some(decimal("25")), day("2032-07-28")));
}

#[test]
fn terms_without_an_account_are_passed_over() {
    let answer = changed::<Liabilities>(fixture!("liabilities_get"), |body| {
        body["liabilities"]["credit"][0]["account_id"] = Value::Null;
        body["liabilities"]["mortgage"] = Value::Null;
        body["liabilities"]["student"] = json!([]);
    });
    assert_eq!(liabilities(answer.liabilities), []);
}
