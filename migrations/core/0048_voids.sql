-- Taking back what a worker answered goes on batch by batch. What it charges is set aside at its beginning, with this
-- row, so that it is paid for as a whole or not begun; the row tells who asked and why, and how far it is.
create table voids (
    id         bigint generated always as identity primary key,
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null,
    actor      uuid not null,
    reason     text not null constraint voids_reason_given check (reason <> ''),
    -- decided by an ADMIN: nothing is charged, and the points are taken back
    fraud      boolean not null,
    -- answers up to this one
    up_to      bigint not null,
    -- whether a place that opens again is charged
    charges    boolean not null,
    -- judgements that are charged and not yet used
    reserved   bigint not null constraint voids_never_overdrawn check (reserved >= 0),
    answers    bigint not null default 0,
    charged    bigint not null default 0,
    points     bigint not null default 0,
    created_at timestamptz not null,
    ended_at   timestamptz,
    -- judgements that were charged and given back when an ADMIN called it fraud afterwards
    credited   bigint not null default 0 constraint voids_credited_once check (credited <= charged)
);
create unique index voids_one_at_a_time on voids (project_id, user_id) where ended_at is null;
create index voids_worker on voids (project_id, user_id, id);
