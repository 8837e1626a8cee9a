-- Who decided what: every act of a person on a tenant's things, and every download. Written in the
-- transaction of the act; an act whose effect is a resource of the cluster is recorded before it.
create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null,
    actor   uuid not null,
    action  text not null constraint audit_action_named check (action ~ '^[a-z]+\.[a-z_]+$'),
    -- the id of what it was done to
    subject text not null,
    details jsonb not null
);
create index audit_by_actor on audit (actor, id);
create index audit_by_subject on audit (subject, id);
create index audit_by_action on audit (action, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function refuse_change();
