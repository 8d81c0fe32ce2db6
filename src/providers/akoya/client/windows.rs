//! Reading every account's transactions in one window, page after page: where a reading is, as a text that can be stored.

use serde::{Deserialize, Serialize};

use crate::providers::akoya::map;
use crate::providers::akoya::wire::account::{Account, Kind};
use crate::providers::akoya::wire::transaction::{Transaction, Transactions};
use crate::providers::{Failure, FailureKind};

use super::credential::Credential;
use super::{Answer, Api, accounts};

const TRANSACTIONS: &str = "transactions";
/// A longer link to the next page is none.
const LONGEST_LINK: usize = 2000;

/// Which accounts were read, and where the one is that is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Accounts that were read to their end.
    #[serde(default)]
    pub read: Vec<String>,
    /// Accounts that could not be, or not whole.
    #[serde(default)]
    pub skipped: Vec<String>,
    /// The account that is being read.
    #[serde(default)]
    pub at: Option<At>,
}

/// The account that is being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// Its id.
    pub account: String,
    /// Its money.
    pub currency: Option<String>,
    /// The next page, as the page before it said.
    pub link: String,
    /// Whether something was missing from a page.
    pub partial: bool,
}

/// Rows of one account.
pub struct Rows {
    /// Its id.
    pub account: String,
    /// Its money.
    pub currency: Option<String>,
    /// The rows.
    pub rows: Vec<Transaction>,
}

impl Progress {
    /// Reads the next page and moves on; `None` once every account was read. `start` and `end` are RFC 3339.
    pub async fn step(
        &mut self,
        api: &Api<'_>,
        credential: &Credential,
        wanted: fn(Kind) -> bool,
        (start, end): (&str, &str),
    ) -> Result<Option<Rows>, Failure> {
        let at = match self.at.take() {
            Some(at) => at,
            None => {
                let listed = accounts::list(api, credential).await?.body;
                let Some(account) = self.next(&listed, wanted) else { return Ok(None) };
                first_page(api, credential, account, start, end)
            }
        };
        let answer: Result<Answer<Transactions>, Failure> = api.data(TRANSACTIONS, credential, at.link.clone()).await;
        match answer {
            Ok(answer) => self.take(at, answer).map(Some),
            // Gone since it was listed, or without transactions.
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let rows = Rows { account: at.account.clone(), currency: None, rows: Vec::new() };
                self.skipped.push(at.account);
                Ok(Some(rows))
            }
            Err(failure) => Err(failure),
        }
    }

    /// The first account of the list that was not visited.
    fn next<'a>(&self, listed: &'a [(Kind, Account)], wanted: fn(Kind) -> bool) -> Option<&'a Account> {
        let visited = |id: &String| self.read.contains(id) || self.skipped.contains(id);
        listed.iter().find(|(kind, one)| wanted(*kind) && !visited(&one.account_id.0)).map(|(_, account)| account)
    }

    /// Takes a page, and notes where the next one is.
    fn take(&mut self, at: At, answer: Answer<Transactions>) -> Result<Rows, Failure> {
        let partial = at.partial || answer.partial;
        let next = answer.body.links.and_then(|links| links.next).and_then(|next| next.href.0);
        let rows = answer.body.transactions.into_iter().filter_map(|row| row.open()).collect();
        let rows = Rows { account: at.account.clone(), currency: at.currency.clone(), rows };
        match next {
            Some(link) if link == at.link || !is_link(&link) => {
                return Err(Failure::unreadable("the link to the next page of transactions"));
            }
            Some(link) => self.at = Some(At { link, partial, ..at }),
            None if partial => self.skipped.push(at.account),
            None => self.read.push(at.account),
        }
        Ok(rows)
    }
}

/// Links are relative, and stay with the transactions.
fn is_link(link: &str) -> bool {
    link.starts_with("/transactions/") && link.len() <= LONGEST_LINK && link.bytes().all(|byte| byte.is_ascii_graphic())
}

fn first_page(api: &Api<'_>, credential: &Credential, account: &Account, start: &str, end: &str) -> At {
    let path = api.path(TRANSACTIONS, &credential.provider_id, &[&account.account_id.0]);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("startTime", start)
        .append_pair("endTime", end)
        .finish();
    At {
        account: account.account_id.0.clone(),
        currency: map::accounts::currency(account.currency.as_ref()),
        link: format!("{path}?{query}"),
        partial: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn at(link: &str) -> At {
        At { account: "a".into(), currency: Some("USD".into()), link: link.into(), partial: false }
    }

    fn page(body: &Value, partial: bool) -> Answer<Transactions> {
        Answer { body: serde_json::from_str(&body.to_string()).unwrap(), partial }
    }

    #[test]
    fn a_link_is_followed_as_it_is_and_only_to_transactions() {
        let mut progress = Progress::default();
        let body = json!({"transactions": [], "links": {"next": {"href": "/transactions/v2/m/a?offset=50"}}});
        progress.take(at("/transactions/v2/m/a"), page(&body, false)).unwrap();
        assert_eq!(progress.at, Some(at("/transactions/v2/m/a?offset=50")));
        for odd in
            ["", "https://elsewhere.example/transactions/", "/accounts/v2/m", "/transactions/v2/m/a", "/transactions/ "]
        {
            let body = json!({"transactions": [], "links": {"next": {"href": odd}}});
            assert!(Progress::default().take(at("/transactions/v2/m/a"), page(&body, false)).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_account_with_a_partial_page_was_not_read_whole() {
        let mut progress = Progress::default();
        let more = json!({"transactions": [], "links": {"next": {"href": "/transactions/v2/m/a?offset=50"}}});
        progress.take(at("/transactions/v2/m/a"), page(&more, true)).unwrap();
        let last = progress.at.take().unwrap();
        progress.take(last, page(&json!({"transactions": []}), false)).unwrap();
        assert_eq!((progress.read.len(), progress.skipped.as_slice()), (0, ["a".to_owned()].as_slice()));
        progress.take(At { account: "b".into(), ..at("/x") }, page(&json!({"transactions": []}), false)).unwrap();
        assert_eq!(progress.read, ["b"]);
    }

    #[test]
    fn the_next_account_is_one_that_was_not_visited() {
        let body = json!({"accounts": [
            {"depositAccount": {"accountId": "a"}}, {"investmentAccount": {"accountId": "i"}}, {"loanAccount": {"accountId": "l"}},
        ]});
        let listed = map::accounts::open_accounts(serde_json::from_str(&body.to_string()).unwrap());
        let everyday: fn(Kind) -> bool = |kind| kind != Kind::Investment;
        let mut progress = Progress { read: vec!["a".into()], ..Progress::default() };
        assert_eq!(progress.next(&listed, everyday).unwrap().account_id.0, "l");
        progress.skipped.push("l".into());
        assert!(progress.next(&listed, everyday).is_none());
    }
}
