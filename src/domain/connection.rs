//! The connection's status machine (rules, section F).

use std::fmt;

use super::problem::{Code, Problem};

wire_enum! {
    /// Where a connection stands.
    pub enum Status {
        /// The customer has not finished linking.
        InProgress = "IN_PROGRESS",
        /// Works.
        Active = "ACTIVE",
        /// Works in part.
        PartiallyActive = "PARTIALLY_ACTIVE",
        /// Stale: the institution or the provider is at it, or each refresh wants the customer.
        Degraded = "DEGRADED",
        /// The customer must log in again.
        ReconnectRequired = "RECONNECT_REQUIRED",
        /// Trying again is pointless.
        Unrecoverable = "UNRECOVERABLE",
        /// The provider said something that we do not know.
        Undetermined = "UNDETERMINED",
        /// The link was never finished. Final.
        Expired = "EXPIRED",
        /// Deleted. Final.
        Deleted = "DELETED",
    }
}

impl Status {
    /// Whether nothing can happen to the connection any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Expired | Self::Deleted)
    }

    /// Whether the last answer said that the customer must act, so that trying alone is pointless (E2).
    pub fn needs_customer(self) -> bool {
        matches!(self, Self::ReconnectRequired | Self::Unrecoverable)
    }

    /// Whether a link was made and still stands.
    pub fn is_linked(self) -> bool {
        self != Self::InProgress && !self.is_terminal()
    }

    /// Whether the machine may go from here to there (F1, F4). Staying is always allowed, but for the final ones.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Expired | Self::Deleted => false,
            Self::InProgress => matches!(next, Self::InProgress | Self::Active | Self::Expired | Self::Deleted),
            _ => !matches!(next, Self::InProgress | Self::Expired),
        }
    }
}

wire_enum! {
    /// Why a connection stands there (F2).
    pub enum StatusReason {
        /// Consent ends soon.
        AccessExpiringSoon = "ACCESS_EXPIRING_SOON",
        /// The customer has accounts that are not shared.
        NewAccountsAvailable = "NEW_ACCOUNTS_AVAILABLE",
        /// Some of the required products came, some did not.
        PartialAggregationSuccess = "PARTIAL_AGGREGATION_SUCCESS",
        /// Another connection serves the same login.
        InactiveDuplicate = "INACTIVE_DUPLICATE",
        /// The institution is down.
        InstitutionCurrentlyUnavailable = "INSTITUTION_CURRENTLY_UNAVAILABLE",
        /// The customer must do something at the institution.
        InstitutionActionRequired = "INSTITUTION_ACTION_REQUIRED",
        /// The provider is down.
        ServiceProviderCurrentlyUnavailable = "SERVICE_PROVIDER_CURRENTLY_UNAVAILABLE",
        /// Every refresh needs the customer.
        InteractiveRefresh = "INTERACTIVE_REFRESH",
        /// The login stopped working.
        LoginRequired = "LOGIN_REQUIRED",
        /// The provider works on the institution.
        RepairingInstitution = "REPAIRING_INSTITUTION",
        /// Consent or token ended; it can be renewed.
        TokenExpired = "TOKEN_EXPIRED",
        /// Something else that the customer must see to.
        Other = "OTHER",
        /// Failed too often for too long (E9).
        ContinuedAggregationFailures = "CONTINUED_AGGREGATION_FAILURES",
        /// Only a fresh link helps (G1).
        RelinkNeeded = "RELINK_NEEDED",
    }
}

wire_enum! {
    /// Who must act so that the connection works again (F6).
    pub enum ActBy {
        /// The end user.
        Customer = "CUSTOMER",
        /// The institution.
        Institution = "INSTITUTION",
        /// The provider.
        Provider = "PROVIDER",
        /// Whoever runs this server.
        Us = "US",
    }
}

wire_enum! {
    /// What a repair would be for (D2).
    pub enum RepairReason {
        /// Log in again.
        Login = "LOGIN",
        /// Consent ended.
        ConsentExpired = "CONSENT_EXPIRED",
        /// Consent ends soon.
        ConsentExpiring = "CONSENT_EXPIRING",
        /// A permission was revoked or never given.
        PermissionRevoked = "PERMISSION_REVOKED",
        /// Accounts can be shared that are not yet.
        NewAccounts = "NEW_ACCOUNTS",
        /// Products wait for consent.
        ProductConsent = "PRODUCT_CONSENT",
        /// Micro-deposits wait to be entered.
        VerifyDeposits = "VERIFY_DEPOSITS",
        /// Only a fresh link helps.
        Relink = "RELINK",
    }
}

/// A status with its reason, as observed at a provider or decided here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Where it stands.
    pub status: Status,
    /// Why, where there is something to say.
    pub reason: Option<StatusReason>,
}

impl Condition {
    /// Everything works.
    pub const HEALTHY: Self = Self { status: Status::Active, reason: None };

    /// A status with a reason.
    pub const fn new(status: Status, reason: StatusReason) -> Self {
        Self { status, reason: Some(reason) }
    }

    /// Whether the machine may go from here to there. Where only a fresh link helps, no look at the old one makes less of it, unless
    /// it works again (F4).
    pub fn may_become(self, next: Self) -> bool {
        let needs_relink = self == Self::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
        let is_news = matches!(next.status, Status::Active | Status::PartiallyActive | Status::Deleted);
        self.status.may_become(next.status) && (!needs_relink || is_news || next == self)
    }

    /// Who must act (F6); nobody while the connection works. What is over begins anew with the customer.
    pub fn act_by(self) -> Option<ActBy> {
        match self.status {
            Status::Active => None,
            Status::InProgress
            | Status::ReconnectRequired
            | Status::Unrecoverable
            | Status::Expired
            | Status::Deleted => Some(ActBy::Customer),
            Status::Undetermined => Some(ActBy::Us),
            Status::PartiallyActive | Status::Degraded => Some(match self.reason {
                Some(StatusReason::InstitutionCurrentlyUnavailable) => ActBy::Institution,
                Some(StatusReason::InstitutionActionRequired | StatusReason::InteractiveRefresh) => ActBy::Customer,
                Some(StatusReason::InactiveDuplicate) => ActBy::Us,
                _ => ActBy::Provider,
            }),
        }
    }

    /// Refuses where there is no login: none yet, or none any more.
    pub fn check_linked(self) -> Result<(), Problem> {
        match self.status {
            Status::InProgress => Err(Problem::new(Code::ConnectionNotLinked, self.sentence())),
            status if status.is_terminal() => Err(Problem::new(Code::ConnectionTerminal, self.sentence())),
            _ => Ok(()),
        }
    }

    /// What to do next, for people (F6).
    pub fn sentence(self) -> &'static str {
        use StatusReason as R;
        match (self.status, self.reason) {
            (Status::InProgress, _) => "The customer has not finished linking: send them to widgetUrl.",
            (Status::Active, Some(R::AccessExpiringSoon)) => {
                "Works, but consent ends soon: open a repair session and send the customer to it."
            }
            (Status::Active, Some(R::NewAccountsAvailable)) => {
                "Works; the customer has accounts that are not shared yet: open a repair session, with accountSelection where the provider has one."
            }
            (Status::Active, _) => "Works.",
            (Status::PartiallyActive, Some(R::InactiveDuplicate)) => {
                "Another connection serves the same login: use that one."
            }
            (Status::PartiallyActive, _) => "Some products could not be fetched; they are tried again by themselves.",
            (Status::Degraded, Some(R::InstitutionCurrentlyUnavailable)) => {
                "The institution is unavailable; it is tried again by itself."
            }
            (Status::Degraded, Some(R::InstitutionActionRequired)) => {
                "The customer must see to something at the institution's own site, then refresh."
            }
            (Status::Degraded, Some(R::InteractiveRefresh)) => {
                "Every refresh needs the customer: open a repair session."
            }
            (Status::Degraded, _) => "The service provider is unavailable; it is tried again by itself.",
            (Status::ReconnectRequired, Some(R::TokenExpired)) => {
                "Consent has ended: open a repair session and send the customer to it."
            }
            (Status::ReconnectRequired, _) => {
                "The login no longer works: open a repair session and send the customer to it."
            }
            (Status::Unrecoverable, Some(R::RelinkNeeded)) => {
                "The old link cannot be restored: open a repair session and send the customer to it, who links anew under the same id."
            }
            (Status::Unrecoverable, _) => {
                "Aggregation kept failing: open a repair session and send the customer to it."
            }
            (Status::Undetermined, _) => {
                "The provider reported a state that is not known here; look at the history and tell support."
            }
            (Status::Expired, _) => "The customer never finished linking: start a new link.",
            (Status::Deleted, _) => "Deleted: start a new link to connect again.",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Some(reason) => write!(f, "{}/{reason}", self.status),
            None => self.status.fmt(f),
        }
    }
}
