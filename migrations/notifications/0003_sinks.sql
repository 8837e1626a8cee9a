-- What else wants events: NATS, once a dispatcher says so, every one; people, always, what there are topics for.
create table sinks (
    name text primary key check (name in ('nats', 'people'))
);
insert into sinks (name) values ('people');

-- Events on their way to a sink, in their order; gone when the sink has stored them.
create table sink_queue (
    id       bigint generated always as identity primary key,
    sink     text not null references sinks on delete cascade,
    event_id uuid not null,
    event_at timestamptz not null
);
create index sink_queue_sink on sink_queue (sink, id);
