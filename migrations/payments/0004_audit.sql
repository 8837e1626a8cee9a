-- What happened to money is part of the audit: read by administrators, with filters, and changed by nobody.
create index events_by_actor on events (actor, id);
create index events_by_subject on events (subject, id);
create index events_by_kind on events (kind, id);

create function refuse_event_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger events_append_only before update or delete or truncate on events
    for each statement execute function refuse_event_change();
