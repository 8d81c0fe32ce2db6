//! The securities of the simulated world and what they cost on each day.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use rust_decimal::Decimal;

use super::BankSecurity;
use crate::bank::ledger::instant;
use crate::bank::numbers::{cusip, isin};
use crate::bank::random::Key;
use crate::domain::investment::Security;
use crate::domain::investment::SecurityType::{self, *};

/// A security; money in cents.
#[derive(Debug)]
pub(super) struct Listed {
    pub symbol: &'static str,
    pub name: &'static str,
    /// Eight characters out of the range of CUSIPs that belongs to nobody: the issuer ends in 990 or more.
    cusip: &'static str,
    pub kind: SecurityType,
    /// What one cost about the beginning of 2024.
    base: i64,
    /// Growth in a year, in hundredths of a percent of the base.
    drift: i64,
    /// How far it swings, likewise.
    swing: i64,
    /// What it pays in a year, in hundredths of a percent of its price.
    pub dividend: i64,
}

const fn listed(
    symbol: &'static str,
    name: &'static str,
    cusip: &'static str,
    kind: SecurityType,
    (base, drift, swing, dividend): (i64, i64, i64, i64),
) -> Listed {
    Listed { symbol, name, cusip, kind, base, drift, swing, dividend }
}

pub(super) const SECURITIES: &[Listed] = &[
    listed("NGTM", "Northgate Total Market ETF", "66699110", Etf, (24_150, 900, 700, 140)),
    listed("NGIX", "Northgate International Equity ETF", "66699128", Etf, (6_280, 500, 800, 290)),
    listed("BSBD", "Beacon Street Aggregate Bond ETF", "07399210", Etf, (7_320, 120, 250, 380)),
    listed("NGTDX", "Northgate Target 2050 Fund", "66699136", MutualFund, (1_874, 750, 600, 210)),
    listed("BSGFX", "Beacon Street Growth Fund", "07399228", MutualFund, (4_412, 1_050, 1_000, 60)),
    listed("BSVFX", "Beacon Street Value Fund", "07399236", MutualFund, (3_165, 650, 650, 190)),
    listed("PLTY", "Platypus Industries Inc.", "72799010", Equity, (8_845, 1_200, 1_500, 0)),
    listed("ACRB", "Acme Robotics Corp.", "00499110", Equity, (15_630, 1_600, 1_900, 50)),
    listed("GRNL", "Greenleaf Markets Inc.", "39399310", Equity, (5_275, 400, 900, 260)),
    listed("SKYB", "Skybridge Air Holdings", "83099410", Equity, (2_940, 200, 1_700, 0)),
    listed("HLIO", "Helio Power Co.", "42399510", Equity, (6_710, 550, 1_100, 310)),
    listed("TNOTE31", "Treasury Note 3.875% 2031", "91299910", FixedIncome, (9_840, 30, 120, 388)),
];

impl Listed {
    /// What one cost at the end of that day, in cents; on a weekend, of the Friday before.
    pub fn price(&self, day: NaiveDate) -> i64 {
        let day = trading_day(day);
        let number = i64::from(day.num_days_from_ce());
        let key = Key::new(0).name(self.symbol);
        let mut phase = key.draw();
        let noise = key.number(number.unsigned_abs()).draw().between(-self.swing, self.swing);
        let slow = wave(number + phase.between(0, 400), 380) * self.swing / 1000;
        let fast = wave(number + phase.between(0, 60), 54) * self.swing / 3000;
        let growth = self.drift * (number - START_OF_2024) / 365;
        let price = self.base * (10_000 + growth + slow + fast + noise / 12) / 10_000;
        price.max(self.base / 4)
    }

    /// How it looks to a customer at that time.
    pub fn describe(&self, at: DateTime<Utc>, currency: &'static str) -> BankSecurity {
        let cusip = cusip(self.cusip);
        let close_price_on = last_close(at);
        BankSecurity {
            key: Key::new(0).name("security").name(self.symbol).id(),
            security: Security {
                symbol: Some(self.symbol.to_owned()),
                name: Some(self.name.to_owned()),
                isin: Some(isin(&cusip)),
                cusip: Some(cusip),
                security_type: self.kind,
            },
            close_price: Decimal::new(self.price(close_price_on), 2),
            close_price_on,
            currency,
        }
    }
}

/// Money that waits to be invested, as a security.
pub(super) fn cash(at: DateTime<Utc>, currency: &'static str) -> BankSecurity {
    let security = Security {
        symbol: Some(currency.to_owned()),
        name: Some(format!("{currency} cash")),
        isin: None,
        cusip: None,
        security_type: Cash,
    };
    BankSecurity {
        key: Key::new(0).name("cash").name(currency).id(),
        security,
        close_price: Decimal::new(100, 2),
        close_price_on: last_close(at),
        currency,
    }
}

const START_OF_2024: i64 = 738_886;

/// The second of the day at which the market closes.
const CLOSE: i64 = 21 * 3600;

/// When trades of that day are settled and its prices known.
pub(super) fn close_of(day: NaiveDate) -> DateTime<Utc> {
    instant(day, CLOSE)
}

/// The last trading day whose market has closed by then.
pub(super) fn last_close(at: DateTime<Utc>) -> NaiveDate {
    let today = at.date_naive();
    trading_day(if close_of(today) <= at { today } else { today - Days::new(1) })
}

/// That day, or the Friday before it.
fn trading_day(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => day - Days::new(1),
        Weekday::Sun => day - Days::new(2),
        _ => day,
    }
}

/// A triangle between −1000 and 1000 of that period.
fn wave(x: i64, period: i64) -> i64 {
    let half = period / 2;
    let x = x.rem_euclid(period);
    let up = if x < half { x } else { period - x };
    up * 2000 / half - 1000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn prices_move_a_little_each_trading_day_and_rest_on_weekends() {
        assert_eq!(i64::from(day("2024-01-01").num_days_from_ce()), START_OF_2024);
        for listed in SECURITIES {
            assert_eq!(listed.price(day("2026-08-01")), listed.price(day("2026-07-31")));
            let prices: Vec<i64> = day("2024-01-01").iter_days().take(900).map(|day| listed.price(day)).collect();
            assert!(prices.windows(2).any(|pair| pair[0] != pair[1]), "{}", listed.symbol);
            for pair in prices.windows(2) {
                let change = (pair[1] - pair[0]).abs() * 100 / pair[0];
                assert!(change <= 7, "{} jumps {change} % in a day", listed.symbol);
            }
        }
    }

    #[test]
    fn numbers_are_valid_and_belong_to_nobody() {
        for listed in SECURITIES {
            assert_eq!(listed.cusip.len(), 8);
            assert!(listed.cusip[3..6].parse::<u32>().unwrap() >= 990, "{}", listed.cusip);
            let security = listed.describe(close_of(day("2026-08-03")), "USD").security;
            let (cusip, isin) = (security.cusip.unwrap(), security.isin.unwrap());
            assert_eq!((cusip.len(), isin.len()), (9, 12));
            assert_eq!(isin[2..11], cusip);
        }
    }

    #[test]
    fn the_last_close_is_before_the_evening_the_day_before() {
        let friday = day("2026-07-31");
        assert_eq!(last_close(instant(friday, CLOSE)), friday);
        assert_eq!(last_close(instant(friday, CLOSE - 1)), day("2026-07-30"));
        assert_eq!(last_close(instant(day("2026-08-03"), 0)), friday);
    }
}
