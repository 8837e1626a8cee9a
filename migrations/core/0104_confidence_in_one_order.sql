set lock_timeout = '5s';

-- As before; what is summed is sorted first. Sums of floating point depend on their order by a last bit, and so did, of two tasks with the
-- same answers of the same people, which one was just sure enough.
create or replace function task_confidence_v1(p_task bigint, p_field text, p_options int) returns double precision language sql stable as $$
    with given as (
        select sum(w.weight order by w.weight) as weight
        from answers a left join worker_skills s on s.project_id = a.project_id and s.user_id = a.user_id
        cross join lateral (select case when s.gold_total > 0 then s.gold_correct else coalesce(s.correct, 0) end as correct,
                                   case when s.gold_total > 0 then s.gold_total - s.gold_correct else coalesce(s.total - s.correct, 0) end as wrong) q
        cross join lateral (select ln((0.5 + q.correct)::float8 * greatest(p_options - 1, 1) / (0.5 + q.wrong)::float8) as weight) w
        where a.task_id = p_task and a.status in ('in_review', 'approved') and jsonb_typeof(a.answer->p_field) <> 'null'
        group by a.answer->p_field),
    -- A label that nobody gave weighs nothing.
    labels as (
        select weight from given
        union all
        select 0.0::float8 from generate_series(1, p_options - (select count(*)::int from given))),
    -- exp of less than -745 is an error, not 0.
    shares as (select exp(greatest(weight - (select max(weight) from labels), -700)) as share from labels where exists (select from given))
    select 1 / sum(share order by share) from shares
$$;
