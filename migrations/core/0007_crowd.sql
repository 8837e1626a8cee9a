set lock_timeout = '5s';

-- A revocation names the approval it takes back, so that none is taken back twice.
alter table approval_events
    add column revokes bigint
        constraint approval_events_revoked_once unique
        constraint approval_events_revokes references approval_events on delete cascade,
    add constraint approval_events_revocation check ((kind = 'revoked') = (revokes is not null));

-- What a decision did to its task's free places: undoing it does the opposite.
alter table reviews add column slots_delta smallint not null default 0;
create index reviews_user on reviews (user_id, id);

-- The owner's view of the crowd.
create index answers_project on answers (project_id, user_id, id);
