set lock_timeout = '5s';

-- As before; what is being deleted is waited for, task before model, and then not noted: it would refer to nothing.
create or replace function prefill_v1(p_user uuid, p_models uuid[], p_tasks bigint[], p_now timestamptz)
returns table (task_id bigint, field text, value jsonb) language sql volatile as $$
    with held as (
        select t.id, t.project_id, t.dataset_id, t.id as task_id, null::bigint as item_id from tasks t where t.id = any(p_tasks)
        union all
        select g.id, g.project_id, g.dataset_id, i.task_id, i.id from gold_draws g join gold_items i on i.id = g.item_id
        where g.id = any(p_tasks) and g.user_id = p_user),
    said as (
        select distinct on (h.id, m.output->>'field') h.id, h.item_id, m.id as model_id, m.output->>'field' as field,
               coalesce(p.label, g.label) as label,
               (hashtextextended(p_user::text || h.id::text, 11) & 1048575) >= m.blind_share * 1048576 as shown
        from held h join models m on m.project_id = h.project_id and m.id = any(p_models)
        left join predictions p on p.task_id = h.task_id and p.model_id = m.id
        left join gold_predictions g on g.item_id = h.item_id and g.model_id = m.id
        where coalesce(p.label, g.label) is not null
          and exists (select from prediction_jobs j where j.model_id = m.id and j.dataset_id = h.dataset_id and j.state = 'ready')
          and case when h.item_id is not null then coalesce(coalesce(p.probability, g.probability) < m.answer_above, true)
                   else not exists (select from answers a where a.task_id = h.task_id and a.user_id = m.id and a.status not in ('withdrawn', 'voided')) end
        order by h.id, m.output->>'field', m.id desc),
    live as materialized (select t.id from tasks t where t.id = any(p_tasks) order by t.id for key share),
    asked as materialized (
        select m.id from models m where m.id in (select s.model_id from said s) and exists (select from live) order by m.id for key share),
    noted as (
        insert into prefills (task_id, user_id, model_id, shown, created_at)
        select s.id, p_user, s.model_id, s.shown, p_now from said s
        where s.item_id is null and s.id in (select id from live) and s.model_id in (select id from asked)
        on conflict do nothing)
    select s.id, s.field, s.label from said s where s.shown
$$;
