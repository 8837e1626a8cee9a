set lock_timeout = '5s';

-- What a worker was told when they took the task, and how long they may keep it however often they renew.
-- Null on leases that the release before took: then the project's present word counts.
alter table leases
    add column ends_at timestamptz,
    add column labeling_version integer,
    add column reward_points integer check (reward_points >= 0),
    add column reviewers_needed smallint check (reviewers_needed between 0 and 9);
-- Null on answers of the release before.
alter table answers add column reward_points integer check (reward_points >= 0);
