//! What a session leads the customer through: a bank, or questions about themselves.

use maud::Markup;
use serde::{Deserialize, Serialize};

use super::questions::Questions;
use crate::bank::Refusal;
use crate::bank::pages::{Flow, Step};

/// Where a customer is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "at")]
pub enum Walk {
    /// On the way into a bank.
    AtBank(Box<Flow>),
    /// Proving who they are.
    Verification(Questions),
}

impl Walk {
    fn at_bank(&self) -> Option<&Flow> {
        match self {
            Self::AtBank(flow) => Some(flow.as_ref()),
            Self::Verification(_) => None,
        }
    }

    /// The institution that was given or chosen.
    pub fn institution(&self) -> Option<&str> {
        self.at_bank().and_then(Flow::institution)
    }

    /// The page to show.
    pub fn view(&self, query: &str) -> Markup {
        match self {
            Self::AtBank(flow) => flow.view(query),
            Self::Verification(questions) => questions.view(),
        }
    }

    /// Counts what the customer did.
    pub fn step(&self) -> u32 {
        match self {
            Self::AtBank(flow) => flow.step(),
            Self::Verification(questions) => questions.step(),
        }
    }

    /// How it ended at the bank.
    pub fn outcome(&self) -> Option<Step> {
        self.at_bank().and_then(Flow::outcome)
    }

    /// Why the bank had not let the customer in who left then.
    pub fn left_with(&self) -> Option<&Refusal> {
        self.at_bank().and_then(Flow::left_with)
    }

    /// How often wrong amounts of deposits were entered.
    pub fn wrong_amounts(&self) -> u32 {
        self.at_bank().map(Flow::wrong_amounts).unwrap_or_default()
    }
}
