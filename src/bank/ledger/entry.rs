//! What transactions are about: shops, bills and movements of the bank itself.

use crate::bank::transaction::Channel;
use crate::domain::transaction::Category::{self, *};

/// What a transaction is about.
#[derive(Debug)]
pub(in crate::bank) struct Entry {
    /// What the bank writes; a shop's branch is added.
    pub text: &'static str,
    pub merchant: Option<&'static str>,
    pub category: Category,
    pub channel: Channel,
    pub recurring: bool,
    /// Least and most, in cents.
    pub cents: (i64, i64),
    /// Whether the amount is held without the tip that is booked.
    pub tip: bool,
}

const fn shop(text: &'static str, merchant: &'static str, category: Category, low: i64, high: i64) -> Entry {
    let merchant = Some(merchant);
    Entry { text, merchant, category, channel: Channel::InStore, recurring: false, cents: (low, high), tip: false }
}

const fn table(text: &'static str, merchant: &'static str, low: i64, high: i64) -> Entry {
    let mut entry = shop(text, merchant, FoodAndDrink, low, high);
    entry.tip = true;
    entry
}

const fn web(text: &'static str, merchant: &'static str, category: Category, low: i64, high: i64) -> Entry {
    let mut entry = shop(text, merchant, category, low, high);
    entry.channel = Channel::Online;
    entry
}

/// A shop in the web that charges every month.
const fn subscription(text: &'static str, merchant: &'static str, category: Category, cents: i64) -> Entry {
    let mut entry = web(text, merchant, category, cents, cents);
    entry.recurring = true;
    entry
}

/// Somebody who is paid from the account every month.
const fn bill(text: &'static str, merchant: &'static str, category: Category, low: i64, high: i64) -> Entry {
    let mut entry = shop(text, merchant, category, low, high);
    entry.channel = Channel::Other;
    entry.recurring = true;
    entry
}

/// A movement of the bank itself.
const fn bank(text: &'static str, category: Category, recurring: bool, low: i64, high: i64) -> Entry {
    Entry { text, merchant: None, category, channel: Channel::Other, recurring, cents: (low, high), tip: false }
}

/// Where people buy, with how often in a hundred purchases.
pub(super) const SHOPS: &[(u64, &[Entry])] = &[
    (
        24,
        &[
            shop("GREENLEAF MARKET", "Greenleaf Market", FoodAndDrink, 800, 14_500),
            shop("CORNER PANTRY", "Corner Pantry", FoodAndDrink, 350, 4_200),
            shop("HARVEST FOODS", "Harvest Foods", FoodAndDrink, 1_200, 16_000),
            shop("SUNDAY FARM STAND", "Sunday Farm Stand", FoodAndDrink, 600, 3_800),
        ],
    ),
    (
        18,
        &[
            shop("BLUE KETTLE COFFEE", "Blue Kettle Coffee", FoodAndDrink, 325, 1_450),
            shop("MORNING LARK BAKERY", "Morning Lark Bakery", FoodAndDrink, 400, 1_900),
            shop("BURRITO STATION", "Burrito Station", FoodAndDrink, 900, 2_600),
            shop("NOODLE HOUSE EXPRESS", "Noodle House", FoodAndDrink, 1_050, 3_100),
        ],
    ),
    (9, TABLES),
    (
        12,
        &[
            shop("SWIFT FUEL", "Swift Fuel", Transportation, 2_200, 6_400),
            shop("NORTHSTAR PETROL", "Northstar Petrol", Transportation, 2_000, 5_900),
            web("HOPPR RIDE", "Hoppr", Transportation, 750, 3_600),
            web("METRO TRANSIT", "Metro Transit", Transportation, 275, 2_750),
            shop("CITY PARKING", "City Parking", Transportation, 200, 1_800),
        ],
    ),
    (
        18,
        &[
            web("BRAMBLE.EXAMPLE", "Bramble", GeneralMerchandise, 600, 12_900),
            shop("DIME & DOLLAR", "Dime & Dollar", GeneralMerchandise, 300, 2_900),
            shop("THREADBARE CLOTHING", "Threadbare Clothing", GeneralMerchandise, 1_500, 13_500),
            web("PIXEL & PLUG", "Pixel & Plug", GeneralMerchandise, 900, 24_900),
            shop("PAPER TRAIL BOOKS", "Paper Trail Books", GeneralMerchandise, 700, 4_800),
        ],
    ),
    (
        6,
        &[
            shop("CORNERSTONE PHARMACY", "Cornerstone Pharmacy", Medical, 450, 5_600),
            shop("BRIGHT SMILE DENTAL", "Bright Smile Dental", Medical, 2_500, 18_000),
        ],
    ),
    (
        5,
        &[
            web("TICKETNEST", "TicketNest", Entertainment, 1_800, 11_000),
            shop("ORPHEUM CINEMA", "Orpheum Cinema", Entertainment, 950, 4_200),
        ],
    ),
    (
        4,
        &[
            shop("SHARP CUTS BARBER", "Sharp Cuts", PersonalCare, 1_800, 5_500),
            shop("SUDS LAUNDRY", "Suds Laundry", PersonalCare, 600, 2_400),
        ],
    ),
    (
        2,
        &[
            shop("HAMMER & FERN", "Hammer & Fern", HomeImprovement, 900, 21_000),
            web("PET PARADISE", "Pet Paradise", GeneralMerchandise, 1_200, 7_500),
        ],
    ),
    (
        2,
        &[
            web("SKYBRIDGE AIR", "Skybridge Air", Travel, 8_900, 42_000),
            web("WAYFARER INNS", "Wayfarer Inns", Travel, 7_800, 31_000),
            web("OPEN HANDS FUND", "Open Hands Fund", GovernmentAndNonProfit, 1_000, 7_500),
        ],
    ),
];

/// Where people eat, and tip.
pub(super) const TABLES: &[Entry] = &[
    table("TRATTORIA LUPO", "Trattoria Lupo", 2_400, 9_800),
    table("THE COPPER POT", "The Copper Pot", 1_900, 8_400),
    table("SAKURA GARDEN", "Sakura Garden", 2_200, 9_200),
];

/// What a card pays every month: day and what.
pub(super) const SUBSCRIPTIONS: &[(u32, Entry)] = &[
    (2, subscription("IRONWORKS GYM", "Ironworks Gym", PersonalCare, 3_900)),
    (4, subscription("STREAMFOX", "Streamfox", Entertainment, 1_599)),
    (12, subscription("TUNELY PREMIUM", "Tunely", Entertainment, 1_099)),
    (18, subscription("CLOUDCRATE STORAGE", "Cloudcrate", GeneralServices, 299)),
    (26, subscription("THE DAILY LEDGER", "The Daily Ledger", Entertainment, 1_200)),
];

/// What an account pays every month: day, whether only in even months, what.
pub(super) const BILLS: &[(u32, bool, Entry)] = &[
    (5, false, bill("HEARTHSIDE INSURANCE", "Hearthside Insurance", GeneralServices, 9_600, 14_000)),
    (8, false, bill("VALLEY POWER & LIGHT", "Valley Power & Light", RentAndUtilities, 6_000, 14_500)),
    (14, false, bill("FIBERLINE INTERNET", "Fiberline", RentAndUtilities, 6_499, 6_499)),
    (17, false, bill("CHATTERBOX MOBILE", "Chatterbox Mobile", RentAndUtilities, 4_500, 8_500)),
    (22, true, bill("CITY WATER DEPARTMENT", "City Water Department", RentAndUtilities, 3_800, 7_500)),
];

/// What a tenant pays.
pub(super) const RENT: Entry =
    bill("OAKWOOD PROPERTIES RENT", "Oakwood Properties", RentAndUtilities, 145_000, 190_000);
/// What an owner pays beside the mortgage.
pub(super) const DUES: Entry = bill("MAPLE COURT HOA DUES", "Maple Court HOA", RentAndUtilities, 18_000, 26_000);
pub(super) const SALARY: Entry = bill("ACME ROBOTICS PAYROLL", "Acme Robotics", Income, 255_000, 290_000);
pub(super) const TAX_REFUND: Entry = bank("TREASURY TAX REFUND", Income, false, 40_000, 160_000);
pub(super) const CASH: Entry = bank("ATM WITHDRAWAL", TransferOut, false, 4_000, 16_000);
pub(super) const CASH_FEE: Entry = bank("NON-NETWORK ATM FEE", BankFees, false, 300, 300);
pub(super) const SENT: Entry = bank("PEERPAY PAYMENT SENT", TransferOut, false, 1_500, 8_000);
pub(super) const RECEIVED: Entry = bank("PEERPAY PAYMENT RECEIVED", TransferIn, false, 1_500, 8_000);

pub(super) const LOAN_PAYMENT: Entry = bank("LOAN PAYMENT", LoanPayments, true, 0, 0);
pub(super) const LOAN_PAYMENT_RECEIVED: Entry = bank("PAYMENT RECEIVED", LoanPayments, true, 0, 0);
pub(super) const LOAN_INTEREST: Entry = bank("INTEREST CHARGE", BankFees, true, 0, 0);
pub(super) const CARD_PAYMENT: Entry = bank("CREDIT CARD PAYMENT", LoanPayments, true, 0, 0);
pub(super) const CARD_PAYMENT_RECEIVED: Entry = bank("PAYMENT THANK YOU", LoanPayments, true, 0, 0);
pub(super) const CARD_INTEREST: Entry = bank("INTEREST CHARGE ON PURCHASES", BankFees, true, 0, 0);
pub(super) const CARD_FEE: Entry = bank("ANNUAL MEMBERSHIP FEE", BankFees, false, 9_500, 9_500);
pub(super) const TO_SAVINGS: Entry = bank("TRANSFER TO SAVINGS", TransferOut, true, 0, 0);
pub(super) const FROM_SAVINGS: Entry = bank("TRANSFER FROM SAVINGS", TransferIn, true, 0, 0);
pub(super) const FROM_CHECKING: Entry = bank("TRANSFER FROM CHECKING", TransferIn, true, 0, 0);
pub(super) const TO_CHECKING: Entry = bank("TRANSFER TO CHECKING", TransferOut, true, 0, 0);
pub(super) const TO_BROKER: Entry = bank("AUTO-INVEST TRANSFER", TransferOut, true, 0, 0);
pub(super) const FROM_BROKER: Entry = bank("AUTO-INVEST RETURN", TransferIn, true, 0, 0);
pub(super) const INTEREST: Entry = bank("INTEREST PAYMENT", Income, true, 0, 0);
pub(super) const OPENING_DEPOSIT: Entry = bank("OPENING DEPOSIT", TransferIn, false, 50_000, 50_000);
