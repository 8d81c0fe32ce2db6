//! What changed in an Item's transactions between two views of them.

use super::cursor::View;
use super::gate::{Open, account_id};
use super::ids;
use super::product::Product;
use super::state::{CustomTransaction, HistoryStart, Item};
use crate::bank::{BankAccount, BankTransaction, Changes, History};

/// One change.
pub enum Update<'a> {
    /// A transaction that was not there.
    Added(BankTransaction),
    /// One that was made through the sandbox's API, with its number.
    Custom(usize, &'a CustomTransaction),
    /// One that looks different.
    Modified(BankTransaction),
    /// One that is gone: its bank's id and its account's key.
    Removed(String, String),
}

/// Plaid's id of a transaction; another for each Item.
pub fn transaction_id(item_id: &str, id: &str) -> String {
    ids::id(&["transaction", item_id, id])
}

/// Plaid's id of a transaction that was made through the sandbox's API.
pub fn custom_id(item_id: &str, number: usize) -> String {
    ids::id(&["custom transaction", item_id, &number.to_string()])
}

/// How much of the history is ready.
pub fn progress(open: &Open) -> History {
    open.item.history.as_ref().map_or(History::NotReady, |start| open.books.history(&start.login))
}

/// The Item's transactions as they are now.
pub fn current(open: &Open) -> View {
    let item = &open.item;
    View {
        moment: open.books.now(),
        complete: progress(open) == History::Complete,
        selection: item.selection,
        custom: item.custom.len(),
    }
}

/// All changes from one view (`None` = nothing seen) to another, of one account or all.
pub fn between<'a>(open: &'a Open, seen: Option<View>, target: View, only: Option<&str>) -> Vec<Update<'a>> {
    let Some(start) = &open.item.history else { return Vec::new() };
    let wanted = |account: &&BankAccount| only.is_none_or(|id| id == account_id(&open.item.id, &account.key));
    let keys = open.suited(Product::Transactions).filter(wanted).map(|account| account.key.clone());
    let (known, new): (Vec<_>, Vec<_>) =
        keys.partition(|key| seen.is_some_and(|seen| selected_in(&open.item, key) <= seen.selection));
    let mut changes = open.books.changes(&new, earliest(start, target), None, target.moment);
    if let Some(seen) = seen {
        append(&mut changes, backfill(open, start, &known, seen, target));
        append(&mut changes, open.books.changes(&known, earliest(start, seen), Some(seen.moment), target.moment));
    }
    let from = seen.map_or(0, |seen| seen.custom.min(target.custom));
    let custom = open.item.custom.iter().enumerate().take(target.custom).skip(from);
    let custom = custom.filter(|(_, one)| new.contains(&one.account) || known.contains(&one.account));
    let added = changes.added.into_iter().map(Update::Added);
    let modified = changes.modified.into_iter().map(Update::Modified);
    let removed = changes.removed.into_iter().map(|removed| Update::Removed(removed.id, removed.account));
    added.chain(custom.map(|(number, one)| Update::Custom(number, one))).chain(modified).chain(removed).collect()
}

/// The earliest day that a view shows.
fn earliest(start: &HistoryStart, view: View) -> chrono::NaiveDate {
    if view.complete { start.from } else { start.recent_from() }
}

/// The older part of the history, if it came between the two views.
fn backfill(open: &Open, start: &HistoryStart, accounts: &[String], seen: View, target: View) -> Changes {
    let (from, until) = (earliest(start, target), earliest(start, seen));
    if from >= until {
        return Changes::default();
    }
    let mut added = open.books.changes(accounts, from, None, target.moment).added;
    added.retain(|transaction| transaction.made_at.date_naive() < until);
    Changes { added, ..Changes::default() }
}

fn selected_in(item: &Item, key: &str) -> u32 {
    item.accounts.get(key).copied().unwrap_or_default()
}

fn append(changes: &mut Changes, more: Changes) {
    changes.added.extend(more.added);
    changes.modified.extend(more.modified);
    changes.removed.extend(more.removed);
}

/// Counts what was added, and names what was removed.
pub fn summary(item_id: &str, updates: &[Update<'_>]) -> (usize, Vec<String>) {
    let added = updates.iter().filter(|update| matches!(update, Update::Added(_) | Update::Custom(..))).count();
    let removed = updates.iter().filter_map(|update| match update {
        Update::Removed(id, _) => Some(transaction_id(item_id, id)),
        _ => None,
    });
    (added, removed.collect())
}
