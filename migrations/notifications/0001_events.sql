-- The last number that was given to an event of a tenant: without gaps, and in the order in which events become visible.
create table tenants (
    id            uuid primary key,
    last_sequence bigint not null
);

-- What happened, as clients are told of it. The identity of an event is made of the row that recorded it, so whatever is told
-- again is the same event, in the same partition.
create table events (
    id          uuid not null,
    happened_at timestamptz not null,
    tenant_id   uuid not null,
    -- null: of the tenant as a whole
    project_id  uuid,
    sequence    bigint not null,
    type        text not null,
    subject     text not null,
    data        jsonb not null,
    -- whom it concerns beside its tenant; told to that person, and in no event
    person_id   uuid,
    recorded_at timestamptz not null default now(),
    primary key (id, happened_at)
) partition by range (happened_at);
create index events_project on events (project_id, sequence);
create index events_tenant on events (tenant_id, sequence);

-- The application's role makes no tables, so this one does: a partition for each month from one time to another.
create function events_partitions_v1(p_from timestamptz, p_to timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_month timestamptz := date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC';
    v_next timestamptz;
    v_name text;
begin
    while v_month <= p_to loop
        v_next := (v_month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        v_name := 'events_' || to_char(v_month at time zone 'UTC', 'YYYY_MM');
        if to_regclass(v_name) is null then
            -- Of two who find none, one makes it.
            perform pg_advisory_xact_lock(hashtextextended('events_partitions', 0));
            execute format('create table if not exists %I partition of events for values from (%L) to (%L)', v_name, v_month, v_next);
        end if;
        v_month := v_next;
    end loop;
end
$$;

-- Drops each partition of which everything happened before that time; how many.
create function events_forget_v1(p_before timestamptz) returns int
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_name text;
    v_dropped int := 0;
begin
    for v_name in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'events'::regclass and c.relname ~ '^events_\d{4}_\d{2}$'
          and ((to_date(substr(c.relname, 8), 'YYYY_MM') + interval '1 month') at time zone 'UTC') <= p_before
    loop
        execute format('drop table %I', v_name);
        v_dropped := v_dropped + 1;
    end loop;
    return v_dropped;
end
$$;
