#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// Rule A3 as published, word for word.
const PUBLISHED: &str = "\
| | IDENTIFIERS | OWNERS | BALANCES | TRANSACTIONS | INVESTMENT_HOLDINGS | INVESTMENT_TRANSACTIONS |
|---|---|---|---|---|---|---|
| FINICITY | yes | yes | yes | yes | yes | yes |
| PLAID | yes | yes | yes | yes | yes | yes |
| YODLEE | no | no | no | no | no | no |
| MX | no | no | no | if INVESTMENT_TRANSACTIONS | if INVESTMENT_TRANSACTIONS | if TRANSACTIONS or INVESTMENT_HOLDINGS |
| SALT_EDGE | no | no | no | no | no | no |
| SALT_EDGE_PARTNERS | no | no | no | no | no | no |
| MESH | no | no | no | no | no | no |
| AKOYA | yes | yes | yes | yes | yes | yes |
| FINAPI | yes | where the bank has the interface that loads them | yes | yes | yes | no |
";

#[test]
fn a3_matrix_is_the_published_table() {
    let liabilities = |line: &str| match line.split(" | ").next() {
        Some("|") => " LIABILITIES |",
        Some("| PLAID" | "| FINICITY") => " yes |",
        Some(head) if head.starts_with("|--") => "---|",
        _ => " no |",
    };
    let expected: String = PUBLISHED.lines().map(|line| format!("{line}{}\n", liabilities(line))).collect();
    assert_eq!(markdown(), expected);
}

#[test]
fn a3_every_provider_has_exactly_one_row() {
    for provider in ServiceProvider::ALL {
        assert_eq!(ROWS.iter().filter(|(of, _)| of == provider).count(), 1, "{provider}");
    }
}

#[test]
fn a3_columns_are_the_common_products() {
    let columns: BTreeSet<Product> = COLUMNS.into_iter().collect();
    assert_eq!(columns, Product::COMMON.into_iter().collect());
}

#[test]
fn a3_cells_are_those_of_the_table() {
    let table = markdown();
    for line in table.lines().skip(2) {
        let words: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let provider: ServiceProvider = words[0].parse().unwrap();
        for (product, words) in COLUMNS.iter().zip(&words[1..]) {
            assert_eq!(&cell(provider, *product).to_string(), words, "{provider} {product}");
        }
    }
}

#[test]
fn a4_the_stricter_note_wants_transactions_alone() {
    assert_eq!(original_call_cell(Mx, InvestmentTransactions), Cell::IfAny(&[Transactions]));
    for &provider in ServiceProvider::ALL {
        for product in COLUMNS.into_iter().filter(|&product| (provider, product) != (Mx, InvestmentTransactions)) {
            assert_eq!(original_call_cell(provider, product), cell(provider, product));
        }
    }
}

#[test]
fn c4_c5_products_of_one_provider() {
    for &product in Product::ALL.iter().filter(|product| !product.is_common()) {
        let (at_plaid, way) = match product {
            IdentityVerification | PaymentInitiation => (Cell::No, AfterLink::Never),
            Assets | Statements | Income | ConsumerReport => (Cell::Yes, AfterLink::Repair),
            _ => (Cell::Yes, AfterLink::Call),
        };
        assert_eq!((cell(Plaid, product), after_link(Plaid, product)), (at_plaid, way), "{product}");
        for &other in ServiceProvider::ALL.iter().filter(|&&other| other != Plaid) {
            assert_eq!(
                (cell(other, product), after_link(other, product)),
                (Cell::No, AfterLink::Call),
                "{other} {product}"
            );
        }
    }
}

#[test]
fn a6_plaid_institutions_have_balances_and_both_investment_products() {
    let listed = BTreeSet::from([InvestmentHoldings]);
    for (product, at_plaid) in
        [(Balances, true), (InvestmentTransactions, true), (InvestmentHoldings, true), (Owners, false)]
    {
        assert_eq!(institution_has(Plaid, &listed, product), at_plaid, "{product}");
        assert_eq!(institution_has(Finicity, &listed, product), product == InvestmentHoldings, "{product}");
    }
    assert!(institution_has(Plaid, &BTreeSet::from([InvestmentTransactions]), InvestmentHoldings));
    assert!(!institution_has(Plaid, &BTreeSet::new(), Balances));
}
