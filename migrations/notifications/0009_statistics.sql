set lock_timeout = '5s';

-- Nothing asks for events by what they say, and sorting thousands of documents is most of what gathering their statistics costs.
alter table events alter column data set statistics 0;

-- As before; and a new month's partition, which takes over no such setting, is told the same.
create or replace function events_partitions_v1(p_from timestamptz, p_to timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_month timestamptz := date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC';
    v_next timestamptz;
    v_name text;
begin
    while v_month <= p_to loop
        v_next := (v_month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        v_name := 'events_' || to_char(v_month at time zone 'UTC', 'YYYY_MM');
        if to_regclass(v_name) is null then
            -- Of two who find none, one makes it.
            perform pg_advisory_xact_lock(hashtextextended('events_partitions', 0));
            execute format('create table if not exists %I partition of events for values from (%L) to (%L)', v_name, v_month, v_next);
            execute format('alter table %I alter column data set statistics 0', v_name);
        end if;
        v_month := v_next;
    end loop;
end
$$;
