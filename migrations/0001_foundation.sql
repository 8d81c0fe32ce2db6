-- Why: everything that the main job stores. Tenant tables carry tenant_id and are locked by row-level security:
-- the serving role sees only rows of the tenant named in the setting linkspan.tenant_id. The migrating role owns all.

do $$ begin
    if not exists (select from pg_roles where rolname = 'linkspan_app') then
        create role linkspan_app nologin;
        -- The role that migrates may also be the one that logs in to serve; it then becomes linkspan_app.
        execute format('grant linkspan_app to %I', current_user);
    end if;
end $$;

create function current_tenant() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('linkspan.tenant_id', true), '')::uuid $$;

-- Tenants and their keys ------------------------------------------------------------------------------------------------

create table tenants (
    id uuid primary key,
    name text not null unique,
    sandbox boolean not null default false,
    created_at timestamptz not null default now()
);

create table api_keys (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    role text not null check (role in ('admin', 'write', 'read')),
    hash bytea not null unique,
    -- The one with which the sandbox was started; another start with another one ends it.
    of_sandbox boolean not null default false,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Secrets at rest: data keys are sealed by a key of the key ring ----------------------------------------------------------

create table data_keys (
    id uuid primary key,
    ring_key_id text not null,
    sealed bytea not null,
    created_at timestamptz not null default now()
);

-- Compares what people type with names; trusted, so that the owner of a database may create it.
create extension if not exists pg_trgm;

-- Institutions: shared by all tenants -------------------------------------------------------------------------------------

create table institutions (
    id uuid primary key,
    name text not null,
    -- The name without case, accents and punctuation: what a search compares.
    search_name text not null,
    aliases text[] not null default '{}',
    url text,
    logo_url text,
    country_codes text[] not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index institutions_by_name on institutions (lower(name), id);

create table provider_institutions (
    service_provider text not null,
    provider_institution_id text not null,
    institution_id uuid not null references institutions,
    products text[] not null,
    instant_identifiers boolean not null,
    oauth boolean not null,
    health text not null,
    country_codes text[] not null,
    seen_at timestamptz not null,
    primary key (service_provider, provider_institution_id)
);
create index provider_institutions_by_institution on provider_institutions (institution_id);

-- The providers whose list of institutions has been read to its end at least once: what is not listed then is not to be had.
create table catalogues (
    service_provider text primary key,
    filled_at timestamptz not null
);

-- Customers and connections -----------------------------------------------------------------------------------------------

create table customers (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    external_customer_id text not null,
    created_at timestamptz not null default now(),
    constraint customers_external_id unique (tenant_id, external_customer_id)
);

create table connections (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    customer_id uuid not null references customers,
    institution_id uuid references institutions,
    service_provider text,
    provider_connection_id text,
    provider_institution_id text,
    credential bytea,
    status text not null,
    status_reason text,
    status_code text,
    stale_since timestamptz,
    requested jsonb not null,
    settings jsonb not null,
    consented text[] not null default '{}',
    metadata jsonb not null default '{}',
    new_accounts_available boolean not null default false,
    -- A repair may have changed the shared accounts: the next reading compares them (D5).
    compare_accounts boolean not null default false,
    consent_expires_at timestamptz,
    history_from date,
    event_seq bigint not null default 0,
    -- The latest transaction that wrote an event: those of one connection are read in the order of their sequence.
    event_transaction xid8 not null default '0',
    next_read_at timestamptz,
    failures int not null default 0,
    -- The cause that does not pass by itself for which nothing came, how often in a row, and since when (E9).
    lasting_cause text,
    lasting_times int not null default 0,
    lasting_since timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    successfully_aggregated_at timestamptz
);
create index connections_by_customer on connections (customer_id);
create index connections_by_tenant on connections (tenant_id, id);
create unique index connections_by_provider_id on connections (service_provider, provider_connection_id)
    where provider_connection_id is not null and status <> 'DELETED';
create index connections_to_read on connections (next_read_at) where next_read_at is not null;

create table connection_products (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    product text not null,
    placement text,
    state text not null,
    reason text,
    detail text,
    last_aggregated_at timestamptz,
    -- Wanted as often as `wanted`, done as often as `done`: fetch while they differ. Up to `failed` it was tried in vain.
    wanted bigint not null default 0,
    done bigint not null default 0,
    failed bigint not null default 0,
    -- How often it was removed: a run that began before writes nothing of it.
    removals bigint not null default 0,
    -- The provider's word for how its object (a payment, a verification) stands, as last told by an event.
    told_status text,
    -- Where the current run began, where it is, and what it has seen vanish (applied when the run ends).
    cursor text,
    page_cursor text,
    vanished text[] not null default '{}',
    -- Rows of this run that may be pending ones which it does not show again, under new ids: that is known when it ends.
    held jsonb not null default '[]',
    -- The connection's sequence number when the current run began. Where the run had to begin anew: rows that came after
    -- `unshown_after` and that it does not show (`shown_transactions`) are gone.
    run_began bigint,
    unshown_after bigint,
    -- Accounts came that it has not been read of: it is read from its beginning.
    reread boolean not null default false,
    history_complete boolean not null default false,
    primary key (connection_id, product)
);

create table connection_history (
    id bigint generated always as identity primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    from_status text,
    to_status text not null,
    reason text,
    cause text not null,
    at timestamptz not null
);
create index connection_history_by_connection on connection_history (connection_id, id);

-- One holder at a time works on a connection; its fence is checked when it writes.
create table connection_leases (
    connection_id uuid primary key references connections on delete cascade,
    fence bigint not null,
    lease_until timestamptz not null
);

-- What a provider needs kept beside its connections: its own record of a customer, a token of its API. One at a time makes it,
-- with a seed that was stored before. No tenant sees it: its name holds our customer's id, and only its provider's adapter asks.
create table provider_records (
    id uuid primary key,
    service_provider text not null,
    name text not null,
    customer_id uuid references customers on delete cascade,
    seed bytea not null,
    sealed bytea,
    expires_at timestamptz,
    attempts int not null default 0,
    maker_until timestamptz not null default '-infinity',
    unique (service_provider, name)
);
create index provider_records_by_customer on provider_records (customer_id) where customer_id is not null;

-- Link and repair sessions ------------------------------------------------------------------------------------------------

create table link_sessions (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    mode text not null,
    token_hash bytea not null unique,
    outcome text not null,
    outcome_code text,
    request jsonb not null,
    redirect_url text,
    -- The launch in use: the last one, or the one that brought the link.
    launch_id uuid,
    -- How the last attempt was refused, so that whoever asks again is told the same.
    refusal jsonb,
    provider_session_id text,
    last_request_id text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    finished_at timestamptz
);
create index link_sessions_by_connection on link_sessions (connection_id, id);
create index link_sessions_open on link_sessions (expires_at) where outcome = 'OPEN';

-- Each time that the customer was sent to a provider. What an earlier launch brings counts as well (F9).
create table link_launches (
    id uuid primary key,
    tenant_id uuid not null,
    session_id uuid not null references link_sessions on delete cascade,
    institution_id uuid,
    service_provider text not null,
    -- None once it is used up.
    provider_session bytea,
    provider_session_hash bytea not null,
    state_hash bytea not null unique,
    -- What the provider gave for this session and for no other: met again, in whosever session, it is an answer that was repeated.
    issued_hash bytea,
    -- The products that went into it; what was added later waits for completion (A12).
    sent text[] not null,
    -- How the front end gets there, and until when; none once the attempt is over.
    launch bytea,
    expires_at timestamptz,
    -- What the customer brought back, kept from its arrival until the provider has answered for it.
    brought bytea,
    -- What the provider handed over, kept from its arrival until the connection holds it.
    linked bytea,
    unique (service_provider, issued_hash)
);
create index link_launches_by_session on link_launches (session_id, id);
create index link_launches_by_provider_session on link_launches (provider_session_hash);

create table link_steps (
    id bigint generated always as identity primary key,
    tenant_id uuid not null,
    session_id uuid not null references link_sessions on delete cascade,
    step text not null,
    detail text,
    at timestamptz not null
);
create index link_steps_by_session on link_steps (session_id, id);

-- Data --------------------------------------------------------------------------------------------------------------------

create table accounts (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    name text not null,
    mask text,
    type text not null,
    subtype text not null,
    status text not null,
    currency text,
    current numeric,
    available numeric,
    credit_limit numeric,
    balances_updated_at timestamptz,
    persistent_id text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index accounts_by_connection on accounts (connection_id, id);
create index accounts_by_tenant on accounts (tenant_id, id);

create table account_links (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    service_provider text not null,
    provider_account_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz
);
create unique index account_links_current on account_links (connection_id, provider_account_id) where valid_to is null;
create index account_links_by_account on account_links (account_id);

-- Full numbers and owners, sealed.
create table account_secrets (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    kind text not null check (kind in ('IDENTIFIERS', 'OWNERS', 'PROVIDER_DATA')),
    sealed bytea not null,
    updated_at timestamptz not null,
    primary key (account_id, kind)
);

create table transactions (
    tenant_id uuid not null,
    connection_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    provider_transaction_id text not null,
    -- The provider's id of the pending row whose place it took.
    replaced_transaction_id text,
    amount numeric not null,
    currency text,
    description text not null,
    merchant text,
    category text not null,
    status text not null,
    transaction_date date not null,
    posted_date date,
    recurring boolean not null default false,
    added_seq bigint not null,
    -- When it was added first: since then it may have been removed and have come back.
    first_seq bigint not null,
    -- When it was removed first: who has read until before that knows it.
    gone_seq bigint,
    changed_seq bigint not null,
    -- Nothing else of it counts, and its description is kept for some days only where it was pending: it may be booked yet.
    removed boolean not null default false,
    -- It came by a link that another has replaced, and that one has not delivered it yet: it may under another id (G2).
    of_earlier_link boolean not null default false,
    primary key (connection_id, id),
    unique (connection_id, provider_transaction_id)
) partition by hash (connection_id);
create index transactions_of_earlier_link on transactions (connection_id, account_id) where of_earlier_link;
create index transactions_pending on transactions (connection_id, account_id) where status = 'PENDING' and (not removed or description <> '');
create index transactions_by_id on transactions (id);
create index transactions_by_date on transactions (tenant_id, transaction_date desc, id) where not removed;
create index transactions_by_connection_date on transactions (connection_id, transaction_date desc, id) where not removed;
create index transactions_by_change on transactions (connection_id, changed_seq, id);
create index transactions_by_addition on transactions (connection_id, added_seq, id);

-- What a run shows by the provider's ids, while that decides what has vanished: a run that had to begin anew, or one over windows of
-- dates; emptied when it ends.
create table shown_transactions (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    provider_transaction_id text not null,
    primary key (connection_id, provider_transaction_id)
);

create table investment_transactions (
    tenant_id uuid not null,
    connection_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    provider_transaction_id text not null,
    security jsonb,
    type text not null,
    description text not null,
    quantity numeric,
    price numeric,
    amount numeric not null,
    fees numeric,
    currency text,
    date date not null,
    of_earlier_link boolean not null default false,
    primary key (connection_id, id),
    unique (connection_id, provider_transaction_id)
) partition by hash (connection_id);
create index investment_transactions_of_earlier_link on investment_transactions (connection_id, account_id) where of_earlier_link;
create index investment_transactions_by_id on investment_transactions (id);
create index investment_transactions_by_date on investment_transactions (connection_id, date desc, id);

do $$ begin
    for i in 0..15 loop
        execute format('create table transactions_%s partition of transactions for values with (modulus 16, remainder %s)', i, i);
        execute format('create table investment_transactions_%s partition of investment_transactions for values with (modulus 16, remainder %s)', i, i);
    end loop;
end $$;

create table holdings (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    id uuid not null,
    account_id uuid not null references accounts on delete cascade,
    provider_security_id text not null,
    security jsonb not null,
    quantity numeric not null,
    price numeric,
    value numeric,
    cost_basis numeric,
    currency text,
    price_as_of date,
    updated_at timestamptz not null,
    primary key (connection_id, id),
    unique (account_id, provider_security_id)
);

create table liabilities (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    id uuid not null,
    account_id uuid not null references accounts on delete cascade,
    kind text not null,
    terms jsonb not null,
    updated_at timestamptz not null,
    primary key (connection_id, id),
    unique (account_id, kind)
);

-- Which statements there are; the documents stay at the provider.
create table statements (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    provider_statement_id text not null,
    year int not null,
    month int not null,
    posted_date date,
    unique (connection_id, provider_statement_id)
);
create index statements_by_account on statements (account_id);

-- Sources of income, as last read.
create table income_sources (
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    position int not null,
    account_id uuid not null references accounts on delete cascade,
    source jsonb not null,
    generated_at timestamptz not null,
    primary key (connection_id, position)
);
create index income_sources_by_account on income_sources (account_id);

-- Evaluations of payments, with what was decided and how it ended.
create table signal_evaluations (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    amount numeric not null,
    currency text,
    result jsonb not null,
    decision jsonb,
    returned jsonb,
    created_at timestamptz not null
);
create index signal_evaluations_by_connection on signal_evaluations (connection_id, id);
create index signal_evaluations_by_account on signal_evaluations (account_id);

-- Asset reports that were ordered; token and report are sealed, the token until the provider has removed the report.
create table asset_reports (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    service_provider text not null,
    days int not null,
    state text not null,
    -- The provider's code, where it failed.
    failure_code text,
    provider_report_id text,
    token bytea,
    report bytea,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index asset_reports_by_connection on asset_reports (connection_id, id);
create index asset_reports_by_provider_id on asset_reports (service_provider, provider_report_id)
    where provider_report_id is not null;

create table refreshes (
    id uuid primary key,
    tenant_id uuid not null,
    connection_id uuid not null references connections on delete cascade,
    status text not null,
    -- {product: wanted}: done once the product's `done` has reached it.
    targets jsonb not null,
    results jsonb not null default '[]',
    -- Who wants the provider to fetch from the institution: the end user, the back end or the schedule; null = nobody, it only reads.
    forced_by text,
    import_new_accounts boolean not null default false,
    requested boolean not null default false,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index refreshes_by_connection on refreshes (connection_id, id);

-- Events: read in commit order, (transaction, position), never past a transaction that is still open ---------------------------

create table events (
    id uuid primary key,
    tenant_id uuid not null,
    transaction xid8 not null,
    position bigint generated always as identity,
    type text not null,
    sequence bigint not null,
    connection_id uuid,
    customer_id uuid,
    occurred_at timestamptz not null,
    data jsonb not null
);
create index events_in_order on events (tenant_id, transaction, position);
create unique index events_by_sequence on events (connection_id, sequence);

-- Revocations outlive their connection: retried until the provider confirms (F7) ------------------------------------------------

create table revocations (
    id uuid primary key,
    tenant_id uuid not null,
    service_provider text not null,
    -- What the credential opens: the connection itself, or a report that was made of it.
    object text not null check (object in ('CONNECTION', 'ASSET_REPORT')),
    provider_object_id text not null,
    credential bytea,
    cause text not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    given_up_at timestamptz
);

create table inbound_webhooks (
    id uuid primary key,
    service_provider text not null,
    body_hash bytea not null,
    sealed bytea not null,
    received_at timestamptz not null,
    processed_at timestamptz,
    constraint inbound_webhooks_once unique (service_provider, body_hash)
);

create table idempotency_keys (
    tenant_id uuid not null,
    -- hash of scope, method, path and the caller's key
    key_hash bytea not null,
    body_hash bytea not null,
    lease_until timestamptz not null,
    resource_id uuid,
    status int,
    answer bytea,
    created_at timestamptz not null default now(),
    primary key (tenant_id, key_hash)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

create table audit_log (
    id bigint generated always as identity primary key,
    tenant_id uuid not null,
    actor text not null,
    action text not null,
    subject_id uuid,
    at timestamptz not null default now()
);

-- The queue: one row per kind and key; asking again while it runs makes it run once more ---------------------------------------

create table jobs (
    kind text not null,
    key text not null,
    payload jsonb not null,
    requested bigint not null default 1,
    run_at timestamptz not null,
    -- Until then whoever it calls has asked to be left alone: asking for it earlier does not help.
    not_before timestamptz,
    attempts int not null default 0,
    fence bigint not null default 0,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    primary key (kind, key)
);
create index jobs_due on jobs (run_at);

-- Row-level security ------------------------------------------------------------------------------------------------------

do $$
declare t text;
begin
    foreach t in array array['api_keys', 'customers', 'connections', 'connection_products', 'connection_history',
        'link_sessions', 'link_launches', 'link_steps', 'accounts', 'account_links', 'account_secrets', 'transactions', 'shown_transactions',
        'investment_transactions', 'holdings', 'liabilities', 'statements', 'signal_evaluations', 'income_sources', 'asset_reports', 'refreshes', 'events', 'revocations', 'idempotency_keys', 'audit_log']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant on %I to linkspan_app using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    end loop;
    -- A partition can be named by itself, past the policy of its table.
    for t in select inhrelid::regclass::text from pg_inherits
        where inhparent in ('transactions'::regclass, 'investment_transactions'::regclass)
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant on %I to linkspan_app using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    end loop;
end $$;

grant usage on schema public to linkspan_app;
grant select, insert, update, delete on all tables in schema public to linkspan_app;
grant usage on all sequences in schema public to linkspan_app;

-- The few look-ups that find the tenant, and thus run before it is known.

create function find_api_key(wanted bytea) returns table (id uuid, tenant_id uuid, role text, sandbox boolean, expires_at timestamptz)
    language sql stable security definer set search_path = public
    as $$ select k.id, k.tenant_id, k.role, t.sandbox, k.expires_at from api_keys k join tenants t on t.id = k.tenant_id
          where k.hash = wanted and k.revoked_at is null $$;

create function find_link_session(wanted bytea) returns table (id uuid, tenant_id uuid, launch_id uuid, service_provider text)
    language sql stable security definer set search_path = public
    as $$ select s.id, s.tenant_id, null::uuid, null from link_sessions s where s.token_hash = wanted
          union all select l.session_id, l.tenant_id, l.id, l.service_provider from link_launches l where l.state_hash = wanted or l.provider_session_hash = wanted
          order by 3 desc limit 1 $$;

create function find_provider_connection(provider text, provider_id text) returns table (id uuid, tenant_id uuid)
    language sql stable security definer set search_path = public
    as $$ select c.id, c.tenant_id from connections c
          where c.service_provider = provider and c.provider_connection_id = provider_id and c.status <> 'DELETED' $$;

create function find_asset_report(provider text, provider_id text) returns table (id uuid, tenant_id uuid)
    language sql stable security definer set search_path = public
    as $$ select r.id, r.tenant_id from asset_reports r where r.service_provider = provider and r.provider_report_id = provider_id $$;

create function connections_due(at timestamptz, most int) returns table (id uuid, tenant_id uuid)
    language sql stable security definer set search_path = public
    as $$ select c.id, c.tenant_id from connections c where c.next_read_at <= at order by c.next_read_at limit most $$;

create function link_sessions_over(at timestamptz, most int) returns table (id uuid, tenant_id uuid)
    language sql stable security definer set search_path = public
    as $$ select s.id, s.tenant_id from link_sessions s where s.outcome = 'OPEN' and s.expires_at <= at order by s.expires_at limit most $$;

-- Answers that are kept for a day only.
create function forget_idempotency_keys(before timestamptz) returns bigint
    language sql security definer set search_path = public
    as $$ with gone as (delete from idempotency_keys where created_at < before returning 1) select count(*) from gone $$;
