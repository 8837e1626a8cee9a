set lock_timeout = '5s';

-- How often each worker was right on gold, by the last fit; where there is some it counts for their answers instead of what others said.
alter table worker_skills
    add column gold_correct integer not null default 0,
    add column gold_total   integer not null default 0,
    add constraint worker_skills_gold check (gold_correct between 0 and gold_total) not valid;

alter table projects
    -- how many answers to gold a worker has to have given before anything is done about them; null: not asked
    add column qualification_min_gold integer,
    -- of the last fit: the share of equal pairs of answers, and the mean confidence of labels
    add column quality_agreement  double precision,
    add column quality_confidence double precision;
alter table worker_qualifications
    -- whether its numbers are of gold
    add column by_gold boolean not null default false;

-- As before; a worker's quality is that on gold, where there is some.
create or replace function task_confidence_v1(p_task bigint, p_field text, p_options int) returns double precision language sql stable as $$
    with given as (
        select sum(ln((0.5 + q.correct)::float8 * greatest(p_options - 1, 1) / (0.5 + q.wrong)::float8)) as weight
        from answers a left join worker_skills s on s.project_id = a.project_id and s.user_id = a.user_id
        cross join lateral (select case when s.gold_total > 0 then s.gold_correct else coalesce(s.correct, 0) end as correct,
                                   case when s.gold_total > 0 then s.gold_total - s.gold_correct else coalesce(s.total - s.correct, 0) end as wrong) q
        where a.task_id = p_task and a.status in ('in_review', 'approved') and jsonb_typeof(a.answer->p_field) <> 'null'
        group by a.answer->p_field),
    -- A label that nobody gave weighs nothing.
    labels as (
        select weight from given
        union all
        select 0.0::float8 from generate_series(1, p_options - (select count(*)::int from given)))
    -- exp of less than -745 is an error, not 0.
    select 1 / sum(exp(greatest(weight - (select max(weight) from labels), -700))) from labels where exists (select from given)
$$;
