//! Link and repair sessions: one customer's visit.

wire_enum! {
    /// What a session is for.
    pub enum SessionMode {
        /// A first link.
        Connect = "CONNECT",
        /// Restore a login (D1).
        Login = "LOGIN",
        /// Change the shared accounts (D5).
        Accounts = "ACCOUNTS",
        /// Ask for further consent (D6).
        Consent = "CONSENT",
        /// A fresh link under the same connection (G1).
        Relink = "RELINK",
    }
}

impl SessionMode {
    /// Whether the session makes a link of its own, rather than mending the one that is there.
    pub fn links(self) -> bool {
        matches!(self, Self::Connect | Self::Relink)
    }
}

wire_enum! {
    /// How an attempt ended (F1).
    pub enum SessionOutcome {
        /// Still possible.
        Open = "OPEN",
        /// The customer finished.
        Completed = "COMPLETED",
        /// The customer left.
        Cancelled = "CANCELLED",
        /// It cannot succeed any more.
        Failed = "FAILED",
        /// Its time ran out.
        Expired = "EXPIRED",
    }
}
