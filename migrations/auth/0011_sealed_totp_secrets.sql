-- The secret under a key that is not in the database. NULL: a row of before, which a job seals. The plain column
-- goes a release later; until then a release that went back still reads it.
ALTER TABLE totp_secrets
    ADD COLUMN sealed    bytea,
    -- The name of the key.
    ADD COLUMN sealed_by text,
    ADD CONSTRAINT totp_secrets_sealed_by_a_key CHECK ((sealed IS NULL) = (sealed_by IS NULL));

-- A replica of the release before writes the plain column only: what was sealed there is of another device then.
CREATE FUNCTION unseal_replaced_secret() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.secret <> OLD.secret AND NEW.sealed IS NOT DISTINCT FROM OLD.sealed THEN
        NEW.sealed := NULL;
        NEW.sealed_by := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER totp_secrets_unseal_replaced BEFORE UPDATE ON totp_secrets
    FOR EACH ROW EXECUTE FUNCTION unseal_replaced_secret();
