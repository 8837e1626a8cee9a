-- Links by which one person registers, with what an administrator decided about them.
CREATE TABLE invitations (
    id          uuid        PRIMARY KEY,
    -- SHA-256 of a token of 256 random bits.
    token_hash  bytea       NOT NULL UNIQUE CONSTRAINT invitations_digest CHECK (octet_length(token_hash) = 32),
    role        text        NOT NULL CONSTRAINT invitations_role_known CHECK (role IN ('worker', 'client', 'admin')),
    -- The tenant that a client joins; NULL: one of their own is founded.
    tenant      text        CONSTRAINT invitations_tenant_length CHECK (char_length(tenant) BETWEEN 1 AND 63),
    issued_by   uuid        NOT NULL REFERENCES users (id),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CONSTRAINT invitations_expire_later CHECK (expires_at > created_at),
    revoked_at  timestamptz,
    redeemed_at timestamptz,
    redeemed_by uuid        UNIQUE REFERENCES users (id),
    -- When its person had all it promises: a client's tenant lives in another database.
    settled_at  timestamptz,
    CONSTRAINT invitations_tenant_of_a_client CHECK (tenant IS NULL OR role = 'client'),
    CONSTRAINT invitations_redeemed_by_somebody CHECK ((redeemed_at IS NULL) = (redeemed_by IS NULL)),
    CONSTRAINT invitations_redeemed_or_revoked CHECK (redeemed_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT invitations_settled_after CHECK (settled_at IS NULL OR redeemed_at IS NOT NULL)
);
CREATE INDEX invitations_unsettled ON invitations (id) WHERE redeemed_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX invitations_old ON invitations (expires_at);
