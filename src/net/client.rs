//! The process's HTTP client: it opens upstreams and keeps the connections that they share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::Resolve;
use url::Url;

use super::guard::{Guard, Reach, SystemNames};
use super::upstream::{Pace, Upstream};
use super::{Error, HeaderValue, Observer};

/// A connection that is not made by then never will be.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Servers close idle connections after 60 s or so; one that is closed while a call goes out costs that call.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Idle connections kept for a host.
const IDLE_CONNECTIONS: usize = 16;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Lets every call go to every address, and without TLS. For proxies and test rigs; the operator is to be warned of it.
    pub allow_private_addresses: bool,
    /// The `User-Agent` of every request.
    pub user_agent: String,
}

/// The one client of the process; clones share everything.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    allow_private_addresses: bool,
    user_agent: HeaderValue,
    observer: Option<Arc<dyn Observer>>,
    names: Arc<dyn Resolve>,
    pace: Pace,
    /// A pool for each reach, or a connection within one's reach would serve another that may not go there; and for each
    /// scheme, since only https needs the machine's root certificates, which take time and memory and may be missing.
    pools: Mutex<HashMap<(Reach, bool), reqwest::Client>>,
}

impl Client {
    /// Sets the client up; nothing is sent. Fails if the user agent is no header value.
    pub fn new(settings: Settings, observer: Option<Arc<dyn Observer>>) -> Result<Self, Error> {
        Self::assemble(settings, observer, Arc::new(SystemNames), Pace::default())
    }

    /// A client with another resolver or pace, for tests.
    pub(super) fn assemble(
        settings: Settings,
        observer: Option<Arc<dyn Observer>>,
        names: Arc<dyn Resolve>,
        pace: Pace,
    ) -> Result<Self, Error> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Error::Setup("the user agent is no header value".into()))?;
        let allow_private_addresses = settings.allow_private_addresses;
        let pools = Mutex::default();
        let shared = Shared { allow_private_addresses, user_agent, observer, names, pace, pools };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens the upstream at `base_url`, with a breaker and a retry budget of its own: open it once and keep it. `name` is
    /// for logs and metrics, one of a small set. With `allow_loopback` it may be, or lead to, this machine, and need not
    /// use TLS.
    ///
    /// Fails with [`Error::Url`] or [`Error::Blocked`] for an address that may not be called (a name is judged when it is
    /// resolved, at each connection), and with [`Error::Setup`] if this machine has no root certificates.
    pub fn upstream(&self, name: &str, mut base_url: Url, allow_loopback: bool) -> Result<Upstream, Error> {
        let reach = match (self.shared.allow_private_addresses, allow_loopback) {
            (true, _) => Reach::Any,
            (false, true) => Reach::Loopback,
            (false, false) => Reach::Public,
        };
        reach.check(&base_url)?;
        base_url.set_fragment(None);
        let pool = self.pool(reach, base_url.scheme() == "https")?;
        Ok(Upstream::new(name, base_url, pool, self.shared.observer.clone(), self.shared.pace))
    }

    fn pool(&self, reach: Reach, https: bool) -> Result<reqwest::Client, Error> {
        let mut pools = self.shared.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&(reach, https)) {
            return Ok(pool.clone());
        }
        let pool = self.build(reach, https)?;
        pools.insert((reach, https), pool.clone());
        Ok(pool)
    }

    fn build(&self, reach: Reach, https: bool) -> Result<reqwest::Client, Error> {
        let guard = Guard { reach, names: Arc::clone(&self.shared.names) };
        // The library's own repeats stay as they are: only what a server has provably not looked at (HTTP/2 refusals).
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(guard))
            .user_agent(self.shared.user_agent.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .https_only(https);
        if !https {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|_| Error::Setup("no root certificates were found on this machine".into()))
    }
}
