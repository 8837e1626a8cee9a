set lock_timeout = '5s';

-- What clients are told of, as in core: written with the change itself, taken away when the context notifications has it.
create table stream (
    id          bigint generated always as identity primary key,
    -- the row of `events`; what an event is called outside is made of it, and so never changes
    event_id    bigint not null,
    kind        text not null,
    subject     text not null,
    data        jsonb not null,
    tenant_id   uuid not null,
    -- null: of the client as a whole
    project_id  uuid,
    happened_at timestamptz not null,
    traceparent text
);

-- Tenants live in another database: who invites to one says its id.
create function events_to_stream_v1() returns trigger language plpgsql as $$
begin
    insert into stream (event_id, kind, subject, data, tenant_id, happened_at, traceparent)
    values (new.id, new.kind, new.payload ->> 'invitation', new.payload, (new.payload ->> 'tenantId')::uuid, new.at,
            nullif(current_setting('datacrowd.traceparent', true), ''));
    return null;
end
$$;
create trigger events_to_stream after insert on events for each row
    when (new.kind = 'invitation.issued' and new.payload ->> 'tenantId' is not null) execute function events_to_stream_v1();
