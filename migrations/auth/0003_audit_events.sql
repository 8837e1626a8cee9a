-- What happened (events: every state change) and who decided it (audit: every decision about
-- another person's rights). Both are written in the transaction of the change and never altered.
CREATE TABLE events (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    kind    text        NOT NULL CONSTRAINT events_kind_named CHECK (kind ~ '^[a-z]+\.[a-z_]+$'),
    user_id uuid        NOT NULL REFERENCES users (id),
    payload jsonb       NOT NULL
);
CREATE INDEX events_by_user ON events (user_id, id);

CREATE TABLE audit (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    -- NULL: the platform itself, at its first start.
    actor   uuid        REFERENCES users (id),
    action  text        NOT NULL CONSTRAINT audit_action_named CHECK (action ~ '^[a-z]+\.[a-z_]+$'),
    target  uuid        NOT NULL REFERENCES users (id),
    details jsonb       NOT NULL
);
CREATE INDEX audit_by_target ON audit (target, id);

-- The application's role may delete rows by default; not these. Retention is the owner's business,
-- which can disable a trigger.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
