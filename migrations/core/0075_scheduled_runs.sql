-- The latest run of each task that runs on a schedule: one process makes it, every server tells monitoring of it.
create table scheduled_runs (
    task            text primary key,
    -- since when a server has waited for the first success
    awaited_since   timestamptz,
    started_at      timestamptz,
    ended_at        timestamptz,
    last_success_at timestamptz,
    outcome         text check (outcome in ('running', 'succeeded', 'failed')),
    -- why the latest run failed
    error           text,
    -- what the latest success left for a person to look at
    found           bigint not null default 0 check (found >= 0)
);
