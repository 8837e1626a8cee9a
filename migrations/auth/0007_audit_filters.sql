-- The audit is asked "what did this person do?" and "who did this?".
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_action ON audit (action, id);
