//! Rows of a provider's list: one that makes no sense must not cost the others, and one of somebody else's makes the list none of ours.

use super::Failure;
use crate::domain::service_provider::ServiceProvider;

/// The rows that can be read and concern us. One that cannot is passed over, and told to the operator: it would come again with every page.
pub fn readable<T>(provider: ServiceProvider, rows: impl Iterator<Item = Result<Option<T>, Failure>>) -> Vec<T> {
    let mut passed_over = 0_u64;
    let mut why = None;
    let read = rows.filter_map(|row| {
        row.unwrap_or_else(|failure| {
            passed_over += 1;
            why.get_or_insert(failure.message);
            None
        })
    });
    let read = read.collect();
    if let Some(why) = why {
        tracing::warn!(%provider, passed_over, %why, "rows that cannot be read are passed over");
        metrics::counter!("linkspan_rows_passed_over_total", "provider" => provider.as_str()).increment(passed_over);
    }
    read
}

/// Refuses a list in which something is of another login than was asked for: it answers another question than ours, and what it lacks is
/// not gone.
pub fn check_whose<'a, T: 'a>(
    what: &str,
    rows: impl IntoIterator<Item = &'a T>,
    is_foreign: impl Fn(&T) -> bool,
) -> Result<(), Failure> {
    match rows.into_iter().any(is_foreign) {
        true => Err(Failure::unreadable(format_args!("{what} of another login than was asked for"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_sense_costs_only_itself() {
        let rows = [Ok(Some(1)), Err(Failure::unreadable("a date")), Ok(None), Ok(Some(2))];
        assert_eq!(readable(ServiceProvider::Plaid, rows.into_iter()), [1, 2]);
    }
}
