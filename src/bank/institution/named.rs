//! The institutions that were written by hand, each for something that it is good for.

use super::Door::{OAuth, OAuthEach, OAuthEachPicker, OAuthPicker, Password};
use super::offers::{
    EVERYDAY, EVERYTHING, NO_INVESTMENTS, OPEN_BANKING, SECURITIES, TRANSACTIONS_ONLY, UNIVERSAL_BANKING,
};
use super::{BankInstitution, Door};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

type Row = (&'static str, &'static str, &'static [&'static str], &'static [Product], Door);

const US: &[&str] = &["US"];
const NORTH_AMERICA: &[&str] = &["US", "CA"];
const BRITISH_ISLES: &[&str] = &["GB", "IE"];

const ROWS: &[Row] = &[
    ("first_platypus", "First Platypus Bank", NORTH_AMERICA, EVERYTHING, Password),
    ("platypus_oauth", "Platypus OAuth Bank", US, EVERYTHING, OAuthEachPicker),
    ("first_gingham", "First Gingham Credit Union", US, NO_INVESTMENTS, Password),
    ("tattersall", "Tattersall Federal Credit Union", US, EVERYTHING, Password),
    ("tartan", "Tartan Bank", US, EVERYTHING, OAuth),
    ("houndstooth", "Houndstooth Bank", US, EVERYDAY, Password),
    ("windowpane", "Windowpane Savings", US, TRANSACTIONS_ONLY, Password),
    ("platypus_down", "Unhealthy Platypus Bank (down)", US, EVERYTHING, Password),
    ("platypus_degraded", "Unhealthy Platypus Bank (degraded)", US, EVERYTHING, Password),
    ("northgate", "Northgate Investments", US, SECURITIES, Password),
    ("beacon_street", "Beacon Street Brokerage", US, SECURITIES, OAuthPicker),
    ("harborview", "Harborview National Bank", US, EVERYTHING, OAuthEachPicker),
    ("juniper_trust", "Juniper Trust", US, EVERYTHING, OAuthEach),
    ("silverline", "Silverline", US, EVERYDAY, OAuthPicker),
    ("copper_canyon", "Copper Canyon Credit Union", US, NO_INVESTMENTS, Password),
    ("bluewater", "Bluewater Savings Bank", US, EVERYDAY, Password),
    ("meridian_union", "Meridian Union Bank", US, NO_INVESTMENTS, OAuth),
    ("lakeshore", "Lakeshore Community Bank", US, NO_INVESTMENTS, Password),
    ("cedar_and_main", "Cedar & Main Bank", US, EVERYDAY, Password),
    ("granite_peak", "Granite Peak Federal Credit Union", US, NO_INVESTMENTS, Password),
    ("prairie_state", "Prairie State Bank", US, TRANSACTIONS_ONLY, Password),
    ("tartan_dominion", "Tartan-Dominion Bank of Canada", &["CA"], EVERYTHING, Password),
    ("laurentide", "Laurentide Credit Union", &["CA"], NO_INVESTMENTS, OAuth),
    ("flexible_platypus", "Flexible Platypus Open Banking", BRITISH_ISLES, OPEN_BANKING, OAuthPicker),
    ("kestrel", "Kestrel Bank", &["GB"], OPEN_BANKING, OAuth),
    ("thornbury", "Thornbury Building Society", &["GB"], OPEN_BANKING, OAuth),
    ("liffey", "Liffey Bank", &["IE", "GB"], OPEN_BANKING, OAuth),
    ("rheintaler", "Rheintaler Sparbank", &["DE"], OPEN_BANKING, OAuth),
    ("isarwinkel", "Isarwinkel Universalbank", &["DE"], UNIVERSAL_BANKING, Password),
    ("credit_du_marais", "Crédit du Marais", &["FR"], OPEN_BANKING, OAuth),
    ("alameda", "Banco Alameda", &["ES"], OPEN_BANKING, OAuthPicker),
    ("polder", "Polder Bank", &["NL"], OPEN_BANKING, OAuth),
];

/// Those in the table, each with what is special about it.
pub(super) fn institutions() -> impl Iterator<Item = BankInstitution> {
    ROWS.iter().map(|&(key, name, countries, products, door)| {
        let mut one = BankInstitution::ordinary(key.to_owned(), name.to_owned(), countries, products, door);
        match key {
            "platypus_down" => one.health = InstitutionHealth::Down,
            "platypus_degraded" => one.health = InstitutionHealth::Degraded,
            "houndstooth" => one.instant_identifiers = false,
            "harborview" => one.consent_days = Some(365),
            "rheintaler" | "credit_du_marais" | "thornbury" => one.consent_days = Some(90),
            _ => {}
        }
        one
    })
}
