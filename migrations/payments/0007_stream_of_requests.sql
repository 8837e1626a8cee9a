set lock_timeout = '5s';

-- As in core: also of a client as a whole, and with the request that caused it.
alter table stream
    alter column project_id drop not null,
    add column traceparent text;

create or replace function events_to_stream_v1() returns trigger language plpgsql as $$
begin
    insert into stream (event_id, kind, subject, data, tenant_id, project_id, happened_at, traceparent)
    select new.id, new.kind, new.subject,
           new.data || jsonb_build_object('judgements', p.judgements, 'amount_cents', p.amount_cents, 'refunded_cents', p.refunded_cents, 'currency', p.currency),
           p.tenant_id, p.project_id, new.created_at, nullif(current_setting('datacrowd.traceparent', true), '')
    from payments p where p.id = new.subject::uuid;
    return null;
end
$$;
