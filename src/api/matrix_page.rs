//! `/docs/support-matrix`: rule A3 for people, from the same table as `GET /support-matrix` and the README.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::support_matrix::{AfterLink, COLUMNS, Cell, lacking, of_one_provider, rows};
use crate::providers::LIST;

/// Where its style lies.
pub(super) const STYLE: &str = "/docs/support-matrix.css";

/// Nothing but its own style is loaded, nothing is sent, nobody frames it.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Which products can be added to a connection later, with every condition in words.
pub(super) async fn get_support_matrix_page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], page()).into_response()
}

/// How the page looks.
pub(super) async fn get_support_matrix_style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("matrix_page.css")).into_response()
}

fn page() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Which products can be added later · Linkspan" }
                link rel="stylesheet" href=(STYLE);
            }
            body {
                main {
                    h1 { "Which products can be added later" }
                    p {
                        "What " code { "POST /connections/{connectionId}/products" } " can add to a linked connection without the customer. As data: "
                        code { "GET /support-matrix" } ". All calls: " a href="/docs" { "the API" } "."
                    }
                    (table())
                    h2 { "Every cell in words" }
                    @for (provider, cells) in rows() { (row_in_words(provider, &cells)) }
                    h2 { "Products that one provider alone has" }
                    dl {
                        @for (provider, product, way) in of_one_provider() { (exclusive(provider, product, way)) }
                    }
                    p { "At every other provider they are refused as UNSUPPORTED_BY_PROVIDER, without a call: start a new connection for them through the one that has them." }
                    h2 { "What holds everywhere" }
                    (everywhere())
                }
            }
        }
    }
}

fn table() -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th scope="col" { "Service provider" } @for product in COLUMNS { th scope="col" { (product) } } } }
                tbody {
                    @for (provider, cells) in rows() {
                        tr {
                            th scope="row" { a href={ "#" (provider) } { (provider) } }
                            @for cell in cells { td class=(class(cell)) { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

fn class(cell: Cell) -> &'static str {
    match cell {
        Cell::Yes => "yes",
        Cell::No => "no",
        Cell::IfAny(_) | Cell::IfInstitution => "if",
    }
}

/// A row's cells, each told once with the products that it holds for.
fn row_in_words(provider: ServiceProvider, cells: &[Cell]) -> Markup {
    let mut told: Vec<(String, Vec<Product>)> = Vec::new();
    for (product, &cell) in COLUMNS.into_iter().zip(cells) {
        let words = in_words(provider, product, cell);
        match told.iter_mut().find(|(known, _)| *known == words) {
            Some((_, products)) => products.push(product),
            None => told.push((words, vec![product])),
        }
    }
    html! {
        section id=(provider) {
            h3 { (provider) }
            dl { @for (words, products) in &told { dt { (names(products)) } dd { (words) } } }
        }
    }
}

fn in_words(provider: ServiceProvider, product: Product, cell: Cell) -> String {
    let having = LIST.iter().filter(|listed| listed.spec.products.contains(&product)).map(|listed| listed.id);
    let having: Vec<ServiceProvider> = having.collect();
    if having.contains(&provider) { cell.explained() } else { lacking(&having) }
}

fn names(products: &[Product]) -> Markup {
    html! { @for (at, product) in products.iter().enumerate() { @if at > 0 { ", " } code { (product) } } }
}

fn exclusive(provider: ServiceProvider, product: Product, way: AfterLink) -> Markup {
    html! { dt { code { (product) } " at " (provider) } dd { (way.explained()) "." } }
}

fn everywhere() -> Markup {
    html! {
        ul {
            li { "The table governs additions without the customer. What they agree to in a repair session is fetched if it was added before and waits, or if the session names it and the row says no; what else it names stands in additionalConsentedProducts, and one call adds it." }
            li { "The institution must have the product at that provider, else UNSUPPORTED_BY_INSTITUTION." }
            li { "Account numbers (IDENTIFIERS) come afterwards only where the institution has the instant flow, else NOT_ADDABLE_AFTER_LINK." }
            li { "What is added stands in optionalProducts. If one product of a call is refused, none is added, and each refusal names its remedy." }
            li { "Where the customer's consent does not cover a product yet, or their login has ended, it is accepted and fetched after a repair (REPAIR_REQUIRED)." }
            li { "A connection that is being linked, and whose customer has not been sent to the provider yet, takes any product that may stand beside the others." }
            li { "Asked with " code { "dryRun: true" } ", the same answer comes and nothing changes." }
        }
    }
}
