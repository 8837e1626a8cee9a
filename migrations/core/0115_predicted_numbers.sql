set lock_timeout = '5s';

-- A model may say a number, which has no probability.
alter table predictions alter column probability drop not null;
alter table gold_predictions alter column probability drop not null;

-- The number in an answer; nothing of what is none.
create function as_number_v1(p_value jsonb) returns numeric language sql immutable parallel safe as $$
    select case jsonb_typeof(p_value) when 'number' then p_value::numeric end
$$;

-- As it is told: what no double holds is the greatest one.
create function as_double_v1(p_number numeric) returns double precision language sql immutable strict parallel safe as $$
    select greatest(least(p_number, 1e308), -1e308)::float8
$$;

-- As version 1, and how far the numbers of a model are from those of gold: how many were compared, the mean distance, the standard deviation of
-- the distances, and the mean of what is too much. Computed in decimals, so that the order of rows changes nothing.
create function model_on_gold_v2(p_model uuid)
returns table (correct bigint, items bigint, distances bigint, mean_absolute double precision, deviation double precision, bias double precision)
language sql stable as $$
    select count(*) filter (where s.label = s.expected), count(*), count(s.off), as_double_v1(avg(abs(s.off))),
           as_double_v1(stddev_samp(abs(s.off))), as_double_v1(avg(s.off))
    from (
        select w.label, w.expected, as_number_v1(w.label) - as_number_v1(w.expected) as off from (
            select p.label, i.expected->(m.output->>'field') as expected
            from models m join gold_predictions p on p.model_id = m.id join gold_items i on i.id = p.item_id
            where m.id = p_model and i.retired_at is null
            union all
            select p.label, i.expected->(m.output->>'field')
            from models m join gold_items i on i.project_id = m.project_id
            join predictions p on p.task_id = i.task_id and p.model_id = m.id
            where m.id = p_model and i.retired_at is null) w
        where w.expected is not null) s
$$;

-- As before; a number says nothing of how sure it is. Beside a label it neither asks nor settles, and alone it asks.
create or replace function inbox_asks_v1(p_task bigint, p_now timestamptz) returns boolean language sql stable as $$
    select case d.inbox->>'crowd'
        when 'Always' then true
        when 'Uncertain' then case
            when exists (select from predictions p where p.task_id = i.task_id and p.probability < (d.inbox->>'askBelow')::float8) then true
            when exists (select from prediction_queue q where q.task_id = i.task_id and q.failure is not null) then true
            when exists (select from predictions p where p.task_id = i.task_id)
                 and not exists (select from prediction_queue q where q.task_id = i.task_id)
                then not exists (select from predictions p where p.task_id = i.task_id and p.probability is not null)
            when i.created_at + (d.inbox->>'holdSeconds')::int * interval '1 second' <= p_now then true end
        else false end
    from inbox_items i join tasks t on t.id = i.task_id join datasets d on d.id = t.dataset_id
    where i.task_id = p_task
$$;
