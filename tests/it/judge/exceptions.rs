//! Where a description is not taken at its word, and why. Data, apart from the few lines that apply it.

use serde_json::Value;

use super::description::Description;

/// One keyword or field of a description that is read differently from what is published.
pub struct Amendment {
    pub provider: &'static str,
    /// A JSON pointer to the object that is amended; it must exist.
    pub at: &'static str,
    pub key: &'static str,
    /// The JSON that stands there instead, or `None` to take it away.
    pub value: Option<&'static str>,
    pub because: &'static str,
}

pub const AMENDMENTS: &[Amendment] = &[
    Amendment {
        provider: "plaid",
        at: "/components/schemas/LinkEventsWebhook/properties",
        key: "environment",
        value: Some(r##"{ "$ref": "#/components/schemas/WebhookEnvironmentValues" }"##),
        because: "its own example has the field, as every other webhook does",
    },
    Amendment {
        provider: "plaid",
        at: "/components/schemas/NewAccountsAvailableWebhook",
        key: "required",
        value: Some(r#"["webhook_type", "webhook_code", "item_id", "environment"]"#),
        because: "it alone among the webhooks of an Item requires nothing, and an empty object would pass",
    },
    Amendment {
        provider: "finicity",
        at: "/components/schemas/ErrorMessage/properties/code",
        key: "type",
        value: None,
        because: "typed an object, but a number or a text in its own description and in every example",
    },
    Amendment {
        provider: "finicity",
        at: "/components/schemas/CustomerAccount/properties",
        key: "accountNickname",
        value: Some(r#"{ "type": "string" }"#),
        because: "required of every account, and defined nowhere",
    },
    Amendment {
        provider: "finicity",
        at: "/components/schemas/DataSharingConsentReceipt/properties",
        key: "partnerId",
        value: Some(r#"{ "type": "string" }"#),
        because: "required of every receipt, and defined nowhere",
    },
    Amendment {
        provider: "finicity",
        at: "/components/schemas/AccountOwnerDetails",
        key: "required",
        value: Some(r#"["ownerName", "nameClassification"]"#),
        because: "it also requires nameClassificationConfidenceScore, which its properties spell otherwise",
    },
    Amendment {
        provider: "yodlee",
        at: "/definitions/ProviderAccountDetail",
        key: "required",
        value: None,
        because: "a consent id is required of every login, though only those under open banking have a consent",
    },
    Amendment {
        provider: "yodlee",
        at: "/paths/~1providerAccounts~1{providerAccountId}/delete/responses",
        key: "204",
        value: Some(r#"{ "description": "No Content" }"#),
        because: "its own text says that success is 204 without content, its list of answers has 200",
    },
];

/// Calls that a provider documents elsewhere than in its description.
pub struct Undescribed {
    pub provider: &'static str,
    /// How their paths begin.
    pub paths: &'static [&'static str],
    pub because: &'static str,
}

pub const UNDESCRIBED: [Undescribed; 1] = [Undescribed {
    provider: "akoya",
    paths: &["/oauth2/token", "/manage/", "/notifications/"],
    because: "the description is derived from a client of the product APIs, which does not speak to the token service and the service API",
}];

/// Whether the provider documents that call elsewhere.
pub fn is_undescribed(provider: &str, path: &str) -> bool {
    let of_provider = UNDESCRIBED.iter().filter(|row| row.provider == provider);
    of_provider.flat_map(|row| row.paths).any(|begins| path.starts_with(begins))
}

/// What a provider answers with a status of 400 and above, stricter than the operations say.
pub struct ErrorAnswer {
    pub provider: &'static str,
    pub schema: &'static str,
    pub because: &'static str,
}

pub const ERROR_ANSWERS: &[ErrorAnswer] = &[
    ErrorAnswer {
        provider: "mx",
        schema: r#"{ "type": "object", "required": ["error"], "properties": { "error": { "type": "object",
        "required": ["message"], "properties": { "message": { "type": "string" }, "status": { "type": "integer" } } } } }"#,
        because: "no operation describes an answer but the good one; that an error is an object with a message is on its pages",
    },
    ErrorAnswer {
        provider: "plaid",
        schema: r##"{ "allOf": [
        { "$ref": "#/components/schemas/PlaidError" },
        { "type": "object", "required": ["request_id"] }
    ] }"##,
        because: "the schema serves errors inside of webhooks and Items too, where it may be null and has no request id",
    },
    ErrorAnswer {
        provider: "mesh",
        schema: r##"{ "$ref": "#/components/schemas/ApiResult" }"##,
        because: "no operation describes outages, and few what is not there, though the status has a word for each; 401 is described without a schema",
    },
    ErrorAnswer {
        provider: "finicity",
        schema: r##"{ "$ref": "#/components/schemas/ErrorMessage" }"##,
        because: "what fails at an institution comes with status 500, which no operation describes",
    },
    ErrorAnswer {
        provider: "yodlee",
        schema: r##"{ "allOf": [
        { "$ref": "#/definitions/YodleeError" },
        { "type": "object", "required": ["errorCode", "errorMessage", "referenceCode"] }
    ] }"##,
        because: "errors of 401 and 404 are described without a body, though every documented one has it; and nothing is required",
    },
    ErrorAnswer {
        provider: "akoya",
        schema: r##"{ "oneOf": [
            { "allOf": [{ "$ref": "#/components/schemas/Error" }, { "type": "object", "required": ["code", "message"] }] },
            { "type": "object", "required": ["error"], "additionalProperties": false,
              "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } } }
        ] }"##,
        because: "the operations leave out statuses that others list (401 and 404 of /customers), and what OAuth's errors look like",
    },
];

/// An example body that does not match its own operation: the fields complained about, and why the schema is right.
pub struct MistakenExample {
    pub path: &'static str,
    pub fields: &'static [&'static str],
    pub because: &'static str,
}

const NOT_LISTED: &str = "the example shows what the schema does not list";
const NOT_SHOWN: &str = "the example leaves out what the schema requires";

/// All of Plaid's: 296 of the 316 examples of answers with 200 match.
pub const MISTAKEN_EXAMPLES: [MistakenExample; 20] = [
    mistaken(
        "/institutions/get_by_id",
        &["liabilities"],
        "`liabilities` is one level too deep, inside of `investments`; the example of the schema `InstitutionStatus` has it right",
    ),
    mistaken("/bank_transfer/list", &["originator_client_id"], NOT_LISTED),
    mistaken("/beta/transactions/user_insights/v1/get", &["last_amount"], NOT_LISTED),
    mistaken("/beta/transactions/v1/enhance", &["phone_number"], NOT_LISTED),
    mistaken("/cashflow_report/get", &["transaction_type"], NOT_LISTED),
    mistaken("/cashflow_report/transactions/get", &["transaction_type"], NOT_LISTED),
    mistaken("/cra/check_report/base_report/get", &["average_inflow_amount", "date_posted", "state"], NOT_LISTED),
    mistaken("/cra/check_report/verification/get", &["average_balance_90_days"], NOT_LISTED),
    mistaken("/cra/monitoring_insights/get", &["date_posted", "state"], NOT_LISTED),
    mistaken(
        "/credit/payroll_income/get",
        &["payer_made_direct_sales_of_500_or_more", "local_wages_and_tips"],
        NOT_LISTED,
    ),
    mistaken("/identity/documents/uploads/get", &["document_id"], NOT_LISTED),
    mistaken("/income/verification/paystubs/get", &["canonical_desription"], NOT_LISTED),
    mistaken("/income/verification/taxforms/get", &["employee_id_number"], NOT_LISTED),
    mistaken("/link_delivery/get", &["public_tokens"], NOT_LISTED),
    mistaken("/payment_initiation/payment/get", &["account_id"], NOT_LISTED),
    mistaken("/payment_initiation/payment/list", &["account_id"], NOT_LISTED),
    mistaken("/processor/investments/auth/get", &["margin_loan_amount"], NOT_LISTED),
    mistaken("/processor/signal/evaluate", &["risk_tier"], NOT_SHOWN),
    mistaken("/signal/evaluate", &["risk_tier"], NOT_SHOWN),
    mistaken("/transfer/sweep/list", &["originator_client_id"], NOT_LISTED),
];

const fn mistaken(path: &'static str, fields: &'static [&'static str], because: &'static str) -> MistakenExample {
    MistakenExample { path, fields, because }
}

/// Amends a description as its provider's rows say.
pub fn apply(provider: &str, description: &mut Description) {
    for row in AMENDMENTS.iter().filter(|row| row.provider == provider) {
        let value = row.value.map(parse);
        description.amend(row.at, row.key, value);
    }
}

/// The schema of a provider's error answers, where it is one for all operations.
pub fn error_answer(provider: &str) -> Option<Value> {
    let row = ERROR_ANSWERS.iter().find(|row| row.provider == provider);
    row.map(|row| parse(row.schema))
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).expect("the exceptions are valid JSON")
}
