set lock_timeout = '5s';

-- What clients are told of, as in core: written with the change itself, taken away when the context notifications has it.
create table stream (
    id          bigint generated always as identity primary key,
    -- the row of `events`; what an event is called outside is made of it, and so never changes
    event_id    bigint not null,
    kind        text not null,
    subject     text not null,
    -- of the event, and what its subject belongs to
    data        jsonb not null,
    tenant_id   uuid not null,
    project_id  uuid not null,
    happened_at timestamptz not null
);

create function events_to_stream_v1() returns trigger language plpgsql as $$
begin
    insert into stream (event_id, kind, subject, data, tenant_id, project_id, happened_at)
    select new.id, new.kind, new.subject,
           new.data || jsonb_build_object('judgements', p.judgements, 'amount_cents', p.amount_cents, 'refunded_cents', p.refunded_cents, 'currency', p.currency),
           p.tenant_id, p.project_id, new.created_at
    from payments p where p.id = new.subject::uuid;
    return null;
end
$$;
create trigger events_to_stream after insert on events for each row
    when (new.kind = 'payment.changed') execute function events_to_stream_v1();
