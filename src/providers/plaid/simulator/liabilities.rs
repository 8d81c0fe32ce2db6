//! `/liabilities/get`.

use serde_json::{Value, json};

use super::accounts::{self, chosen, number};
use super::call::{Answer, Call, reply};
use super::gate::account_id;
use super::items;
use super::product::Product;
use crate::bank::BankLiability;
use crate::domain::liability::LiabilityKind;

/// `/liabilities/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &["options"])?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Liabilities).await?;
    let chosen = chosen(&open, &fields, Product::Liabilities, &[])?;
    let now = open.books.now().at;
    let (mut credit, mut mortgage, mut student) = (Vec::new(), Vec::new(), Vec::new());
    for liability in chosen.iter().filter_map(|account| open.books.liability(&account.key, now)) {
        let id = account_id(&open.item.id, &liability.account);
        match liability.kind {
            LiabilityKind::Credit => credit.push(card(&id, &liability)),
            LiabilityKind::Mortgage => mortgage.push(mortgage_loan(&id, &liability)),
            LiabilityKind::Student => student.push(student_loan(&id, &liability)),
        }
    }
    let none_or = |list: Vec<Value>| if list.is_empty() { Value::Null } else { Value::Array(list) };
    reply(json!({
        "accounts": chosen.iter().map(|one| accounts::account(&open, one)).collect::<Vec<_>>(),
        "liabilities": { "credit": none_or(credit), "mortgage": none_or(mortgage), "student": none_or(student) },
        "item": items::item(&open.item, None),
    }))
}

fn card(id: &str, liability: &BankLiability) -> Value {
    let terms = &liability.terms;
    let apr = terms.interest_rate.map(|rate| {
        json!({
            "apr_percentage": number(rate), "apr_type": "purchase_apr",
            "balance_subject_to_apr": null, "interest_charge_amount": null,
        })
    });
    json!({
        "account_id": id,
        "aprs": apr.into_iter().collect::<Vec<_>>(),
        "is_overdue": terms.is_overdue,
        "last_payment_amount": terms.last_payment_amount.map(number),
        "last_payment_date": terms.last_payment_date,
        "last_statement_issue_date": terms.last_statement_date,
        "last_statement_balance": terms.last_statement_balance.map(number),
        "minimum_payment_amount": terms.minimum_payment.map(number),
        "next_payment_due_date": terms.next_payment_due_date,
    })
}

fn mortgage_loan(id: &str, liability: &BankLiability) -> Value {
    let terms = &liability.terms;
    let property = liability.property.clone().unwrap_or_default();
    let overdue = terms.is_overdue.unwrap_or_default();
    json!({
        "account_id": id,
        "account_number": liability.account_number,
        "current_late_fee": 0,
        "escrow_balance": null,
        "has_pmi": false,
        "has_prepayment_penalty": false,
        "interest_rate": { "percentage": terms.interest_rate.map(number), "type": "fixed" },
        "last_payment_amount": terms.last_payment_amount.map(number),
        "last_payment_date": terms.last_payment_date,
        "loan_type_description": "conventional",
        "loan_term": null,
        "maturity_date": terms.maturity_date,
        "next_monthly_payment": terms.minimum_payment.map(number),
        "next_payment_due_date": terms.next_payment_due_date,
        "origination_date": terms.origination_date,
        "origination_principal_amount": terms.original_principal.map(number),
        "past_due_amount": if overdue { terms.minimum_payment.map(number) } else { Some(json!(0)) },
        "property_address": {
            "street": property.street, "city": property.city, "region": property.region,
            "postal_code": property.postal_code, "country": property.country,
        },
        "ytd_interest_paid": liability.interest_this_year.map(number),
        "ytd_principal_paid": liability.principal_this_year.map(number),
    })
}

fn student_loan(id: &str, liability: &BankLiability) -> Value {
    let terms = &liability.terms;
    json!({
        "account_id": id,
        "account_number": liability.account_number,
        "disbursement_dates": terms.origination_date.map(|day| vec![day]),
        "expected_payoff_date": terms.maturity_date,
        "guarantor": null,
        "interest_rate_percentage": number(terms.interest_rate.unwrap_or_default()),
        "is_overdue": terms.is_overdue,
        "last_payment_amount": terms.last_payment_amount.map(number),
        "last_payment_date": terms.last_payment_date,
        "last_statement_balance": terms.last_statement_balance.map(number),
        "last_statement_issue_date": terms.last_statement_date,
        "loan_name": "Consolidation",
        "loan_status": { "type": "repayment", "end_date": terms.maturity_date },
        "minimum_payment_amount": terms.minimum_payment.map(number),
        "next_payment_due_date": terms.next_payment_due_date,
        "origination_date": terms.origination_date,
        "origination_principal_amount": terms.original_principal.map(number),
        "outstanding_interest_amount": null,
        "payment_reference_number": liability.account_number,
        "pslf_status": { "estimated_eligibility_date": null, "payments_made": null, "payments_remaining": null },
        "repayment_plan": { "description": "Standard Repayment", "type": "standard" },
        "sequence_number": "1",
        "servicer_address": { "city": null, "region": null, "street": null, "postal_code": null, "country": null },
        "ytd_interest_paid": liability.interest_this_year.map(number),
        "ytd_principal_paid": liability.principal_this_year.map(number),
    })
}
