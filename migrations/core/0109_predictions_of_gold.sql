set lock_timeout = '5s';

-- What a model says of gold that is no task.
create table gold_predictions (
    item_id       bigint not null references gold_items on delete cascade,
    model_id      uuid not null references models on delete cascade,
    label         jsonb not null,
    probability   double precision not null check (probability between 0 and 1),
    probabilities jsonb not null,
    micros        bigint not null,
    created_at    timestamptz not null,
    primary key (item_id, model_id)
);
create index gold_predictions_model on gold_predictions (model_id, item_id);

-- How often a model says of gold what is right, and of how many items that is known: gold that came as such, and gold that was made of
-- a task.
create function model_on_gold_v1(p_model uuid) returns table (correct bigint, items bigint) language sql stable as $$
    select count(*) filter (where s.label = s.expected), count(*) from (
        select p.label, i.expected->(m.output->>'field') as expected
        from models m join gold_predictions p on p.model_id = m.id join gold_items i on i.id = p.item_id
        where m.id = p_model and i.retired_at is null
        union all
        select p.label, i.expected->(m.output->>'field')
        from models m join gold_items i on i.project_id = m.project_id
        join predictions p on p.task_id = i.task_id and p.model_id = m.id
        where m.id = p_model and i.retired_at is null) s
    where s.expected is not null
$$;
