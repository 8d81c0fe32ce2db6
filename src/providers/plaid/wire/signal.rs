//! Risks of payments.

use serde::Deserialize;

/// `/signal/evaluate`.
#[derive(Deserialize)]
pub struct Evaluated {
    /// The scores; absent where the ruleset looks at balances alone.
    pub scores: Option<Scores>,
    /// What the rules of the dashboard say.
    pub ruleset: Option<Ruleset>,
    /// What the scores lack.
    pub warnings: Vec<Warning>,
}

/// The scores.
#[derive(Deserialize)]
pub struct Scores {
    /// That the customer has it returned.
    pub customer_initiated_return_risk: Option<Risk>,
    /// That the bank returns it.
    pub bank_initiated_return_risk: Option<Risk>,
}

/// A score.
#[derive(Deserialize)]
pub struct Risk {
    /// 1 to 99.
    pub score: u8,
}

/// What the rules say.
#[derive(Deserialize)]
pub struct Ruleset {
    /// `ACCEPT`, `REROUTE` or `REVIEW`.
    pub result: Option<String>,
}

/// Something that the scores lack.
#[derive(Deserialize)]
pub struct Warning {
    /// Its code.
    pub warning_code: Option<String>,
}
