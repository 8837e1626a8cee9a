-- Items that wait for a model that is kept loaded. A row goes when its prediction is written, in the same transaction.
create table prediction_queue (
    task_id      bigint not null references tasks on delete cascade,
    model_id     uuid not null references models on delete cascade,
    queued_at    timestamptz not null,
    -- who holds it, and until when
    lease        uuid,
    leased_until timestamptz,
    -- how often it was handed out and not given back
    attempts     integer not null default 0 check (attempts >= 0),
    -- why it has no prediction: then it is handed out no more
    failure      jsonb,
    primary key (task_id, model_id),
    constraint prediction_queue_lease check ((lease is null) = (leased_until is null)),
    constraint prediction_queue_failed check (failure is null or lease is null)
);
-- Finds what goes with its model: items that failed are in no other index.
create index prediction_queue_model on prediction_queue (model_id);
create index prediction_queue_due on prediction_queue (model_id, queued_at, task_id) where failure is null;
create index prediction_queue_lease on prediction_queue (lease) where lease is not null;
