//! A provider of the list with its own simulator, over real HTTP, and nothing of the server around them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use linkspan::bank::{Knob, Simulated};
use linkspan::clock::Clock;
use linkspan::config::Config;
use linkspan::crypto::KeyRing;
use linkspan::domain::account::{AccountSubtype, AccountType};
use linkspan::domain::connection::Condition;
use linkspan::domain::grant::suits;
use linkspan::domain::institution::{InstitutionHealth, ProviderInstitution};
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::net;
use linkspan::providers::data::{InstitutionsRequest, Observation, RefreshRequest};
use linkspan::providers::link::{
    AttemptEnd, LinkBegun, LinkContinuation, LinkInput, LinkProgress, LinkPurpose, LinkRequest, Linked,
};
use linkspan::providers::records::Records;
use linkspan::providers::{self, Context, Entry, Failure, FailureKind, Provider, Registry, Spec, Webhook};
use linkspan::records::Kept;
use linkspan::sandbox::{PlayBody, Sandbox, Setup, VisitEnd};
use linkspan::store::Store;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{Fidelity, Judging, database};

/// The most pages that any list of these tests has.
pub const MOST_PAGES: usize = 200;

/// Where webhooks are taken; those of a provider that is told no address come to the provider's own below it.
const WEBHOOKS: &str = "/webhooks";

/// How long a test waits for a webhook that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A webhook as it came.
#[derive(Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
    url: String,
}

impl Received {
    pub fn webhook(&self) -> Webhook<'_> {
        Webhook { url: &self.url, headers: &self.headers, body: &self.body }
    }
}

type Inbox = Arc<Mutex<Vec<Received>>>;

pub struct Rig {
    pub entry: Entry,
    pub clock: Clock,
    pub fidelity: Arc<Fidelity>,
    simulator: Arc<dyn Simulated>,
    sandbox: Sandbox,
    inbox: Inbox,
    /// What the last visit brought: handed over to the page that opened it, or in the query of the way back.
    handed: Mutex<LinkInput>,
    url: String,
    institution: ProviderInstitution,
    _stop: DropGuard,
}

impl Rig {
    /// One for each provider of the list.
    pub async fn each() -> Vec<Self> {
        let mut rigs = Vec::new();
        for listed in providers::LIST {
            rigs.push(Self::of(listed).await);
        }
        rigs
    }

    /// The one of that provider.
    pub async fn one(id: ServiceProvider) -> Self {
        Self::of(providers::LIST.iter().find(|listed| listed.id == id).expect("it is in the list")).await
    }

    async fn of(listed: &providers::Listed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config::from_sources(None, Vec::new()).unwrap();
        let store = Store::connect(database::create().await.parse().unwrap(), 6);
        store.unlock(&KeyRing::parse(&KeyRing::generate_text("contract").unwrap()).unwrap()).await.unwrap();
        let (clock, stop) = (Clock::default(), CancellationToken::new());
        let fidelity = Arc::new(Fidelity::default());
        let settings = net::Settings { allow_private_addresses: false, user_agent: "Linkspan/contract".to_owned() };
        let client = net::Client::new(settings, Some(Arc::new(Judging(fidelity.clone())))).unwrap();
        let setup = Setup {
            config: &config,
            store: store.clone(),
            clock: clock.clone(),
            client: &client,
            local_url: url.parse().unwrap(),
            public_url: url.clone(),
        };
        let records: Arc<dyn Records> = Arc::new(Kept::new(store.clone()));
        let sandbox = Sandbox::start(setup, &stop).await.unwrap();
        let registry = Registry::new(&config, &client, sandbox.addresses(), &records).unwrap();
        let inbox = Inbox::default();
        let taking = Router::new().route(WEBHOOKS, post(take)).route(&format!("{WEBHOOKS}/{{provider}}"), post(take));
        let taking = taking.with_state((inbox.clone(), url.clone()));
        let router = taking.merge(sandbox.pages());
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        let entry = registry.get(listed.id).unwrap().clone();
        let simulator = sandbox.simulator(listed.id).unwrap().clone();
        let institution = best_institution(&entry, &clock).await;
        let _stop = stop.drop_guard();
        Self {
            entry,
            clock,
            fidelity,
            simulator,
            sandbox,
            inbox,
            handed: Mutex::new(LinkInput::Nothing),
            url,
            institution,
            _stop,
        }
    }

    pub fn provider(&self) -> &dyn Provider {
        &*self.entry.provider
    }

    pub fn spec(&self) -> &'static Spec {
        self.entry.provider.spec()
    }

    /// Which provider, for messages.
    pub fn name(&self) -> &'static str {
        self.spec().name
    }

    pub fn cx(&self) -> Context<'_> {
        self.entry.in_job(&self.clock)
    }

    /// Whether the provider has that kind of data.
    pub fn claims(&self, product: Product) -> bool {
        self.spec().products.contains(&product)
    }

    /// The kinds that the provider has and that are fetched.
    pub fn claimed(&self) -> impl Iterator<Item = Product> {
        Product::COMMON.into_iter().filter(|product| self.claims(*product))
    }

    pub fn move_clock(&self, by: chrono::TimeDelta) {
        self.clock.set_offset_seconds((self.clock.offset() + by).num_seconds());
    }

    /// The kind that most accounts suit, so that requiring it leaves none out (B12).
    pub fn widest(&self) -> Product {
        let suited = |product: &Product| {
            AccountType::ALL.iter().filter(|&&kind| suits(*product, kind, AccountSubtype::Unidentified)).count()
        };
        self.claimed().filter(|one| !self.spec().never_alone.contains(one)).max_by_key(suited).unwrap()
    }

    /// Everything that the provider has, in one link.
    pub fn everything(&self) -> LinkPurpose {
        let required = self.widest();
        LinkPurpose::Connect(Placements {
            products: [required].into(),
            optional_products: self.claimed().filter(|product| *product != required).collect(),
            ..Placements::default()
        })
    }

    pub fn repair(&self, credential: &Secret) -> LinkPurpose {
        let credential = credential.clone();
        LinkPurpose::Repair {
            store_login: false,
            new_accounts: false,
            credential,
            account_selection: false,
            fetched: self.claimed().collect(),
            consent: Vec::new(),
            permissions: Vec::new(),
        }
    }

    pub fn request(&self, purpose: LinkPurpose) -> LinkRequest {
        LinkRequest {
            session_id: uuid::Uuid::now_v7().to_string(),
            // No customer of the database's: there is no server around.
            customer_ref: format!("contract-{}", uuid::Uuid::now_v7()),
            purpose,
            institution: Some(self.institution.provider_institution_id.clone()),
            institution_products: self.institution.products.iter().copied().collect(),
            country_codes: self.institution.country_codes.clone(),
            language: "en".to_owned(),
            return_url: format!("{}/connect/callback/{}?state=st_contract", self.url, self.spec().id),
            oauth_redirect_url: Some(format!("{}/connect/callback/{}", self.url, self.spec().id)),
            webhook_url: Some(self.webhook_url()),
            history_days: self.spec().history_days,
            account_filters: None,
            product_options: serde_json::Map::new(),
            match_all_accounts: false,
            same_day_microdeposits: false,
            lifetime_seconds: 1800,
            psu: None,
        }
    }

    pub async fn begin(&self, purpose: LinkPurpose) -> LinkBegun {
        *self.handed.lock().unwrap() = LinkInput::Nothing;
        let begun = self.provider().begin_link(&self.cx(), &self.request(purpose)).await;
        begun.unwrap_or_else(|failure| panic!("{}: {failure}", self.name()))
    }

    /// Goes through the provider's pages as `user_good`, but for what `more` says.
    pub async fn visit(&self, begun: &LinkBegun, more: Value) -> VisitEnd {
        let visit = self.visited(begun, more).await;
        *self.handed.lock().unwrap() = match &visit {
            VisitEnd::Handed(result) => LinkInput::Result(result.clone()),
            VisitEnd::Returned(path) => LinkInput::Callback(query(path)),
            VisitEnd::Through | VisitEnd::Abandoned => LinkInput::Nothing,
        };
        visit
    }

    /// The same for pages that were gone through before; what they bring now is not told.
    pub async fn visit_again(&self, begun: &LinkBegun) -> VisitEnd {
        self.visited(begun, json!({})).await
    }

    async fn visited(&self, begun: &LinkBegun, more: Value) -> VisitEnd {
        let mut play = json!({ "connectToken": "", "username": "user_good", "password": "pass_good" });
        play.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let play: PlayBody = serde_json::from_value(play).unwrap();
        let page = self.simulator.page(&serde_json::to_value(&begun.launch).unwrap());
        self.sandbox.visit(&page.expect("a page to begin at"), &play).await.unwrap().end
    }

    /// Asks how a session stands, with what the last visit brought; in a repair with the connection's credential.
    pub async fn ask(&self, session: &Secret, credential: Option<&Secret>) -> Result<LinkProgress, Failure> {
        let handed = self.handed.lock().unwrap().clone();
        self.hand_over(session, credential, handed).await
    }

    pub async fn hand_over(
        &self,
        session: &Secret,
        credential: Option<&Secret>,
        input: LinkInput,
    ) -> Result<LinkProgress, Failure> {
        let continuation = LinkContinuation::of(session.clone(), credential.cloned(), input);
        self.provider().continue_link(&self.cx(), &continuation).await
    }

    /// A link, from its beginning to the provider's credential.
    pub async fn linked(&self, purpose: LinkPurpose, more: Value) -> Linked {
        let begun = self.begin(purpose).await;
        self.visit(&begun, more).await;
        match self.ask(&begun.provider_session, None).await {
            Ok(LinkProgress::Linked(linked)) => linked,
            other => panic!("{}: not linked but {other:?}", self.name()),
        }
    }

    /// A link with everything, whose history has been prepared.
    pub async fn ready(&self) -> Linked {
        let mut linked = self.linked(self.everything(), json!({})).await;
        self.pass_time(&mut linked, chrono::TimeDelta::hours(1)).await;
        linked
    }

    /// Time goes by; a credential that has ended by then is renewed, as the layers above do it.
    pub async fn pass_time(&self, linked: &mut Linked, by: chrono::TimeDelta) {
        self.move_clock(by);
        if self.provider().renewal_due(&linked.credential, self.clock.now()) {
            let renewed = self.provider().renew(&self.cx(), &linked.credential).await;
            linked.credential = renewed.unwrap_or_else(|failure| panic!("{}: {failure}", self.name()));
        }
    }

    /// The provider fetches what the institution has by now, where it does so on request.
    pub async fn refreshed(&self, linked: &Linked) {
        if !self.spec().refreshable.is_empty() {
            let request = RefreshRequest::of(self.spec().refreshable);
            match self.provider().refresh(&self.cx(), &linked.credential, &request).await {
                // It has just fetched by itself.
                Err(failure) if failure.kind == FailureKind::RateLimit => {}
                answer => answer.unwrap_or_else(|failure| panic!("{}: {failure}", self.name())),
            }
            self.move_clock(chrono::TimeDelta::seconds(60));
        }
    }

    /// Asks how a repair stands that the customer has gone through: the credential from now on.
    pub async fn repaired(&self, begun: &LinkBegun, credential: &Secret) -> Secret {
        match self.ask(&begun.provider_session, Some(credential)).await {
            Ok(LinkProgress::Repaired { credential: renewed, .. }) => renewed.unwrap_or_else(|| credential.clone()),
            other => panic!("{}: not repaired but {other:?}", self.name()),
        }
    }

    /// How a session ended that brought nothing.
    pub async fn ended(&self, begun: &LinkBegun, credential: Option<&Secret>) -> AttemptEnd {
        match self.ask(&begun.provider_session, credential).await {
            Ok(LinkProgress::Ended(end)) => end,
            other => panic!("{}: not over but {other:?}", self.name()),
        }
    }

    pub async fn status(&self, credential: &Secret) -> Observation {
        let observation = self.provider().status(&self.cx(), credential).await;
        observation.unwrap_or_else(|failure| panic!("{}: {failure}", self.name()))
    }

    /// How a login stands that the customer has to mend, with the code behind it, and the credential from then on: as the layers
    /// above find out, who renew a token first that has ended early.
    pub async fn broken(&self, credential: &Secret) -> (Secret, Condition, Option<String>) {
        let (provider, cx) = (self.provider(), self.cx());
        let mut held = credential.clone();
        let mut seen = provider.status(&cx, &held).await;
        if seen.as_ref().is_err_and(|failure| failure.kind == FailureKind::TokenEnded) {
            match provider.renew(&cx, &held).await {
                Ok(renewed) => {
                    seen = provider.status(&cx, &renewed).await;
                    held = renewed;
                }
                Err(failure) => seen = Err(failure),
            }
        }
        match seen {
            Ok(seen) => (held, seen.condition, seen.code),
            Err(lost) => (held, lost.condition.expect("it says how the connection stands"), Some(lost.code)),
        }
    }

    /// A failure as the layers above know it: a token that has ended early fails by what its renewal says.
    pub async fn lost(&self, credential: &Secret, failure: Failure) -> Failure {
        match failure.kind {
            FailureKind::TokenEnded => {
                self.provider().renew(&self.cx(), credential).await.expect_err("nothing is lost")
            }
            _ => failure,
        }
    }

    pub async fn turn(&self, linked: &Linked, knob: Knob) {
        self.simulator.turn(&linked.provider_connection_id, knob).await.unwrap();
    }

    /// The same provider at an address where somebody else answers, with always the same.
    pub async fn answering(&self, status: u16, body: &'static str) -> Foreign {
        let answer = async move || (StatusCode::from_u16(status).unwrap(), body);
        self.before(Router::new().fallback(answer)).await
    }

    /// The same provider at an address where that router answers.
    pub async fn before(&self, router: Router) -> Foreign {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        let settings = net::Settings { allow_private_addresses: false, user_agent: "Linkspan/contract".to_owned() };
        let upstream = net::Client::new(settings, None).unwrap().upstream("foreign", url, true).unwrap();
        Foreign { entry: Entry { upstream, ..self.entry.clone() }, clock: self.clock.clone(), _stop: stop.drop_guard() }
    }

    /// The simulators.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Where webhooks are taken.
    pub fn webhook_url(&self) -> String {
        format!("{}{WEBHOOKS}", self.url)
    }

    /// Calls of the provider's API so far.
    pub fn calls(&self) -> usize {
        self.fidelity.operations().len()
    }

    /// What has come to the webhook address.
    pub fn received(&self) -> Vec<Received> {
        self.inbox.lock().unwrap().clone()
    }

    /// Waits for a webhook that is like that.
    pub async fn webhook(&self, wanted: impl Fn(&Received) -> bool) -> Received {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.received().into_iter().rev().find(|one| wanted(one)) {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "{}: no such webhook came", self.name());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Somebody else at a provider's address.
pub struct Foreign {
    entry: Entry,
    clock: Clock,
    _stop: DropGuard,
}

impl Foreign {
    /// With time enough.
    pub fn patient(&self) -> Context<'_> {
        self.entry.in_job(&self.clock)
    }

    /// In which nothing is asked twice.
    pub fn hasty(&self) -> Context<'_> {
        Context { deadline: Duration::from_millis(200), ..self.patient() }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let complaints = self.fidelity.complaints();
        if !std::thread::panicking() {
            assert!(complaints.is_empty(), "{}: {}", self.name(), complaints.join("\n"));
        }
    }
}

async fn take(State((inbox, url)): State<(Inbox, String)>, path: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let url = format!("{url}{path}");
    inbox.lock().unwrap().push(Received { headers, body, url });
    StatusCode::NO_CONTENT
}

/// Every institution of a provider, page by page, in each of its countries.
pub async fn institutions(entry: &Entry, clock: &Clock) -> Vec<ProviderInstitution> {
    let mut request = InstitutionsRequest {
        country_codes: entry.provider.spec().countries.iter().map(|code| (*code).to_owned()).collect(),
        page: None,
    };
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = entry.provider.institutions(&entry.in_job(clock), &request).await.unwrap();
        found.extend(page.institutions);
        match page.next {
            None => return found,
            next => request.page = next,
        }
    }
    panic!("{}: the institutions never end", entry.provider.spec().name);
}

/// A healthy institution with most of what the provider has, without pages of its own if there is such a one.
async fn best_institution(entry: &Entry, clock: &Clock) -> ProviderInstitution {
    let mut all = institutions(entry, clock).await;
    all.retain(|one| one.health == InstitutionHealth::Healthy || one.health == InstitutionHealth::Unknown);
    let rank = |one: &ProviderInstitution| (one.products.len(), one.instant_identifiers, !one.oauth);
    // The first of the best, so that every run is the same.
    all.into_iter().rev().max_by_key(rank).expect("an institution")
}

/// Looks for something by a key.
pub fn by<T, K: std::hash::Hash + Eq>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, T> {
    let count = rows.len();
    let map: HashMap<K, T> = rows.into_iter().map(|row| (key(&row), row)).collect();
    assert_eq!(map.len(), count, "an id came twice");
    map
}

/// The query of a path.
fn query(path: &str) -> BTreeMap<String, String> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
