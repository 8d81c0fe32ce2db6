//! What Mesh sends, exactly as it is sent. Every list of values is open: institutions are added all the time, and the
//! description's own example has one that its list lacks.

use serde::Deserialize;

use crate::domain::secret::Secret;
use crate::providers::amount::Amount;

/// What is around every answer.
#[derive(Debug, Deserialize)]
pub struct Answer<T> {
    /// `ok`, or why not.
    pub status: Option<String>,
    /// For support.
    pub message: Option<String>,
    /// What was asked for.
    pub content: Option<T>,
}

/// An answer of which only the status counts.
#[derive(Debug, Deserialize)]
pub struct Ignored {}

/// `POST /api/v1/linktoken`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkToken {
    /// The address at which Link opens, in Base64; good for one use within ten minutes.
    pub link_token: Option<Secret>,
}

/// `POST /api/v1/token/refresh`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// `succeeded`, `failed` or `mfaRequired`.
    pub status: Option<String>,
    /// Deprecated in favour of the list.
    pub access_token: Option<Secret>,
    /// Deprecated in favour of the list.
    pub refresh_token: Option<Secret>,
    /// Seconds that the access tokens live.
    pub expires_in_seconds: Option<i64>,
    /// Seconds that the refresh tokens live.
    pub refresh_token_expires_in_seconds: Option<i64>,
    /// One entry for each account; where there is but one, its account may be left out.
    pub broker_account_tokens: Option<Vec<AccountTokens>>,
}

/// What Link gives the page at the end, reduced by our script to what is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    /// The customer has connected accounts.
    pub access_token: Option<Connected>,
    /// The institution took the login, and gives access later.
    pub delayed_auth: Option<Delayed>,
    /// Why Link was closed, where it was not the customer's wish.
    pub error: Option<String>,
    /// Link was closed.
    #[serde(default)]
    pub exited: bool,
}

/// The accounts that were connected.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// One entry for each account.
    pub account_tokens: Vec<AccountTokens>,
    /// The institution's type, which every call names.
    pub broker_type: String,
    /// The institution's name.
    pub broker_name: Option<String>,
    /// Seconds that the access tokens live.
    pub expires_in_seconds: Option<i64>,
    /// Seconds that the refresh tokens live.
    pub refresh_token_expires_in_seconds: Option<i64>,
}

/// Access that comes later.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delayed {
    /// Gives the accounts once the institution allows it.
    pub refresh_token: Secret,
    /// The institution's type.
    pub broker_type: String,
    /// The institution's name.
    pub broker_name: Option<String>,
}

/// An account with its tokens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountTokens {
    /// Which account.
    pub account: Option<Account>,
    /// Reads it.
    pub access_token: Option<Secret>,
    /// Renews the one above; not every institution has it.
    pub refresh_token: Option<Secret>,
    /// Stands for both where Mesh keeps the tokens.
    pub token_id: Option<Secret>,
}

/// An account as it was connected.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Mesh's own id of it.
    pub mesh_account_id: Option<String>,
    /// The institution's id of it; the same when it is connected again.
    pub account_id: Option<String>,
    /// Its name.
    pub account_name: Option<String>,
}

/// `POST /api/v1/holdings/get`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holdings {
    /// `succeeded`, `failed` or `notAuthorized`: an answer of status 200 may be a failure.
    pub status: Option<String>,
    /// For support.
    pub error_message: Option<String>,
    /// The institution's id of the account.
    pub account_id: Option<String>,
    /// Shares and funds.
    pub equity_positions: Option<Vec<Position>>,
    /// Crypto currencies.
    pub cryptocurrency_positions: Option<Vec<Position>>,
    /// Shares that Mesh does not recognise.
    pub not_supported_equity_positions: Option<Vec<Position>>,
    /// Crypto currencies that Mesh does not recognise.
    pub not_supported_cryptocurrency_positions: Option<Vec<Position>>,
    /// Tokens of a kind of their own.
    pub nft_positions: Option<Vec<Nft>>,
    /// Options.
    pub option_positions: Option<Vec<OptionPosition>>,
}

/// Something that is held. What it cost is not read: the text says in all, the examples say for each.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Its name.
    pub name: Option<String>,
    /// Its symbol, or `CUSIP` and its number.
    pub symbol: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// USD, of all of it; only where asked for.
    pub market_value: Option<Amount>,
    /// USD, of one.
    pub last_price: Option<Amount>,
}

/// A token of a kind of its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Nft {
    /// How many.
    pub amount: Option<Amount>,
    /// The contract that it belongs to.
    pub contract_address: Option<String>,
    /// Its id there.
    pub token_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Options on a share.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionPosition {
    /// The share.
    pub symbol: Option<String>,
    /// How many.
    pub amount: Option<Amount>,
    /// `buyToOpen`, `sellToOpen` and so on.
    pub direction: Option<String>,
    /// `call` or `put`.
    pub option_type: Option<String>,
    /// Unix seconds.
    pub expiration_timestamp: Option<i64>,
    /// At which it can be exercised.
    pub strike_price: Option<Amount>,
}

/// `POST /api/v1/holdings/value`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortfolioValue {
    /// USD, of everything with its cash.
    pub total_value: Option<Amount>,
}

/// `POST /api/v1/balance/get`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Balances {
    /// By currency.
    pub balances: Option<Vec<FiatBalance>>,
    /// USD, of all currencies.
    pub total_cash_usd_value: Option<Amount>,
}

/// Cash in one currency.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FiatBalance {
    /// What can be drawn.
    pub cash: Option<Amount>,
    /// ISO 4217.
    pub currency_code: Option<String>,
}

/// `POST /api/v1/transactions/list`
#[derive(Debug, Deserialize)]
pub struct Orders {
    /// A page of them.
    pub transactions: Option<Vec<Order>>,
    /// Where the next page begins.
    pub cursor: Option<String>,
}

/// Something that was traded, earned or moved.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The institution's id.
    pub id: Option<String>,
    /// `buy`, `sell` or `unknown`.
    pub side: Option<String>,
    /// What was traded.
    pub symbol: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `equity`, `cryptocurrency`, `option` or `nft`.
    pub asset_type: Option<String>,
    /// What it was paid with.
    pub payment_symbol: Option<String>,
    /// How much was traded.
    pub amount: Option<Amount>,
    /// Of one.
    pub price: Option<Amount>,
    /// What the institution took.
    pub fee: Option<Amount>,
    /// Of all of it, without the fee.
    pub value: Option<Amount>,
    /// Unix seconds.
    pub created_timestamp: Option<i64>,
    /// `success`, `partiallyFilled` and others.
    pub status: Option<String>,
    /// `order`, `interest` and so on.
    pub transaction_type: Option<String>,
}

/// `GET /api/v1/integrations`
#[derive(Debug, Deserialize)]
pub struct Integrations {
    /// All of them.
    pub items: Option<Vec<Integration>>,
}

/// An institution.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// A UUID.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type, which every call names; wallets share one.
    #[serde(rename = "type")]
    pub broker_type: Option<String>,
    /// `brokerage`, `exchange` and so on.
    pub categories: Option<Vec<String>>,
    /// Its logo.
    pub logo: Option<Logo>,
}

/// A logo in many forms.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Logo {
    /// In colour.
    pub icon_color_url: Option<String>,
    /// In colour, with the name.
    pub logo_color_url: Option<String>,
}

/// `GET /api/v1/status`: how an institution fares.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The institution's type.
    #[serde(rename = "type")]
    pub broker_type: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it works.
    pub is_up: Option<bool>,
    /// `balance`, `holdings`, `orders` and so on.
    pub supported_products: Option<Vec<String>>,
}
