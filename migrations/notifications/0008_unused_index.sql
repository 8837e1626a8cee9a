set lock_timeout = '5s';

-- Retention goes by the ids of deliveries; every delivery paid for this index and nothing read it.
drop index deliveries_ended_at;
