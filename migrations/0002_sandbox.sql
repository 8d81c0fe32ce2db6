-- Why: the simulated bank and the simulators keep their state here, so that it survives a restart and is one for all processes.

create schema sandbox;

create table sandbox.documents (
    kind text not null,
    id text not null,
    body jsonb not null,
    updated_at timestamptz not null default now(),
    primary key (kind, id)
);

create table sandbox.clock (
    single boolean primary key default true check (single),
    offset_seconds bigint not null
);
insert into sandbox.clock (offset_seconds) values (0);

grant usage on schema sandbox to linkspan_app;
grant select, insert, update, delete on all tables in schema sandbox to linkspan_app;
