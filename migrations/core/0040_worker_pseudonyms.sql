-- What a tenant knows a worker by. It is drawn at random, so nobody computes it from an account's id, and another
-- tenant's says nothing of it. It is never changed: exports of one watermark have the same bytes whenever they are
-- written.
create table worker_pseudonyms (
    tenant_id  uuid not null references tenants on delete cascade,
    user_id    uuid not null,
    pseudonym  text not null constraint worker_pseudonyms_form check (pseudonym ~ '^w-[0-9a-f]{16}$'),
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id),
    constraint worker_pseudonyms_one unique (tenant_id, pseudonym)
);

-- Until now pseudonyms were digests of ids. Who had answered in a tenant by then keeps that one there: exports that
-- exist name them by it. New answers have greater ids.
create table pseudonyms_drawn_from (
    only_row  boolean primary key default true check (only_row),
    answer_id bigint not null
);
insert into pseudonyms_drawn_from (answer_id) select coalesce(max(id), 0) from answers;
