//! The long tail: institutions enough to make search and paging real, the same in every installation.

use super::offers::{EVERYDAY, EVERYTHING, NO_INVESTMENTS, OPEN_BANKING, SECURITIES, TRANSACTIONS_ONLY};
use super::{BankInstitution, Door};
use crate::bank::random::{Draw, Key};
use crate::domain::product::Product;

/// How many there are.
const COUNT: usize = 269;

const PLACES: &[&str] = &[
    "Alder Creek",
    "Amberley",
    "Ash Hollow",
    "Birchwood",
    "Black Mesa",
    "Briar Ridge",
    "Cape Linden",
    "Clearwater",
    "Cold Spring",
    "Coral Bay",
    "Cottonwood",
    "Deer Park",
    "Dunmore",
    "Eagle Pass",
    "East Fork",
    "Elk River",
    "Fairhaven",
    "Fern Valley",
    "Fox Meadow",
    "Glenrock",
    "Gold Hill",
    "Green Lake",
    "Hazelton",
    "Heron Point",
    "Hickory Grove",
    "Iron Bridge",
    "Kingsley",
    "Larkspur",
    "Lone Pine",
    "Maple Falls",
    "Mill Valley",
    "Misty Harbor",
    "Northfield",
    "Oak Bluff",
    "Orchard Park",
    "Otter Cove",
    "Pebble Beach Road",
    "Pine Ridge",
    "Quarry Hill",
    "Red Rock",
    "River Bend",
    "Rosewood",
    "Sandstone",
    "Shady Oak",
    "Stillwater",
    "Stone Mill",
    "Sunny Slope",
    "Thistledown",
    "Timber Lake",
    "Walnut Grove",
    "West Haven",
    "Whitewater",
    "Willow Brook",
    "Wren Hill",
];

const KINDS: &[&str] = &[
    "Bank",
    "Community Bank",
    "Credit Union",
    "Federal Credit Union",
    "Savings Bank",
    "State Bank",
    "National Bank",
    "Bank & Trust",
    "Teachers Credit Union",
    "Financial",
    "Wealth",
    "Building Society",
];

/// The generated ones.
pub(super) fn institutions() -> impl Iterator<Item = BankInstitution> {
    let combinations = PLACES.len() * KINDS.len();
    // The step shares no divisor with the number of combinations, so that none comes twice.
    (0..COUNT)
        .map(move |i| (i * 97) % combinations)
        .map(|n| generated(PLACES[n % PLACES.len()], KINDS[n / PLACES.len()]))
}

fn generated(place: &str, kind: &str) -> BankInstitution {
    let name = format!("{place} {kind}");
    let key = name.to_lowercase().replace(" & ", "_and_").replace(' ', "_");
    let mut draw = Key::new(0).name(&key).draw();
    let country_codes: &'static [&'static str] = match kind {
        "Building Society" => &["GB"],
        "Financial" if draw.chance(400) => &["CA"],
        _ => &["US"],
    };
    let door = match draw.below(10) {
        0 => Door::OAuth,
        1 => Door::OAuthPicker,
        2 => Door::OAuthEachPicker,
        _ if kind == "Building Society" => Door::OAuth,
        _ => Door::Password,
    };
    BankInstitution::ordinary(key, name, country_codes, products(kind, &mut draw), door)
}

fn products(kind: &str, draw: &mut Draw) -> &'static [Product] {
    match kind {
        "Building Society" => OPEN_BANKING,
        "Wealth" => SECURITIES,
        _ => match draw.below(10) {
            0 => TRANSACTIONS_ONLY,
            1..=3 => EVERYDAY,
            4..=7 => NO_INVESTMENTS,
            _ => EVERYTHING,
        },
    }
}
