//! Holdings, trades and the terms of cards and loans.

use super::*;

#[test]
fn holdings_are_worth_what_the_balance_says() {
    let books = books("first_platypus", "user_investor");
    for account in books.accounts().iter().filter(|account| account.account_type == AccountType::Investment) {
        let holdings = books.holdings(&account.key, now());
        assert!((5..=9).contains(&holdings.len()), "{}", holdings.len());
        let total: Decimal = holdings.iter().map(|holding| holding.value).sum();
        let balances = books.balances(&account.key, books.now()).unwrap();
        assert_eq!(balances.current, Some(total));
        let cash = holdings.last().unwrap();
        assert_eq!(cash.security.security.security_type, SecurityType::Cash);
        assert!(cash.value > Decimal::ZERO && balances.available == Some(cash.value));
        for holding in &holdings {
            let worth = (holding.quantity * holding.price - holding.value).abs();
            assert!(worth <= Decimal::new(1, 2) && holding.cost_basis > Decimal::ZERO);
        }
    }
    let checking = of_kind(&books, AccountSubtype::Checking);
    assert!(books.holdings(&checking, now()).is_empty());
}

#[test]
fn trades_lead_from_one_holding_to_the_next() {
    let books = good();
    let (begin, end) = (now() - TimeDelta::days(500), now());
    for subtype in [AccountSubtype::Brokerage, AccountSubtype::Plan401k, AccountSubtype::Ira] {
        let key = of_kind(&books, subtype);
        let quantities = |instant| -> BTreeMap<String, Decimal> {
            let held = books.holdings(&key, instant).into_iter();
            held.map(|holding| (holding.security.key, holding.quantity)).collect()
        };
        let (mut expected, real) = (quantities(begin), quantities(end));
        let cash = books.holdings(&key, end).pop().unwrap().security.key;
        let trades = books.trades(&key, begin.date_naive() + TimeDelta::days(1), end.date_naive(), end);
        assert!(trades.len() > 30, "{} trades", trades.len());
        for trade in &trades {
            *expected.get_mut(&cash).unwrap() -= trade.amount;
            if let Some(security) = &trade.security {
                *expected.get_mut(&security.key).unwrap() += trade.quantity;
            }
        }
        assert_eq!(expected, real, "{subtype}");
        let earlier = books.trades(&key, begin.date_naive(), end.date_naive(), end - TimeDelta::days(17));
        let later = books.trades(&key, begin.date_naive(), end.date_naive(), end);
        assert!(later.iter().map(|trade| &trade.id).take(earlier.len()).eq(earlier.iter().map(|trade| &trade.id)));
    }
    let sold = books.trades(&of_kind(&books, AccountSubtype::Brokerage), two_years_ago(), end.date_naive(), end);
    assert!(sold.iter().any(|trade| trade.kind == InvestmentTransactionType::Sell && trade.quantity < Decimal::ZERO));
}

#[test]
fn terms_agree_with_the_accounts() {
    let books = good();
    let of = |subtype| (of_kind(&books, subtype), books.liability(&of_kind(&books, subtype), now()).unwrap());
    let (card, terms) = of(AccountSubtype::CreditCard);
    let paid = books.transactions(&card, two_years_ago(), books.now());
    let last = paid.iter().rfind(|line| line.description.contains("THANK YOU")).unwrap();
    assert_eq!(terms.kind, LiabilityKind::Credit);
    assert_eq!(terms.terms.last_payment_amount, Some(-last.amount));
    assert_eq!(terms.terms.last_payment_date, last.posted_on);
    assert_eq!(terms.terms.next_payment_due_date, Some("2026-11-21".parse().unwrap()));
    let closing = at(time("2026-10-31T23:59:59Z"));
    assert_eq!(terms.terms.last_statement_balance, books.balances(&card, closing).unwrap().current);
    for (subtype, kind) in
        [(AccountSubtype::Mortgage, LiabilityKind::Mortgage), (AccountSubtype::StudentLoan, LiabilityKind::Student)]
    {
        let (key, terms) = of(subtype);
        assert_eq!(terms.kind, kind);
        assert!(books.balances(&key, books.now()).unwrap().current < terms.terms.original_principal);
        let list = books.transactions(&key, "2026-01-01".parse().unwrap(), books.now());
        let interest: Decimal = list.iter().map(|line| line.amount).filter(|amount| *amount > Decimal::ZERO).sum();
        assert_eq!(terms.interest_this_year, Some(interest));
        assert_eq!(terms.property.is_some(), kind == LiabilityKind::Mortgage);
    }
    assert!(books.liability(&of_kind(&books, AccountSubtype::Checking), now()).is_none());
}
