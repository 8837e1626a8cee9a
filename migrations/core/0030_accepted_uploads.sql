-- What was accepted at upload: a run reads this object and no other.
SET lock_timeout = '5s';

alter table uploads
    add column etag text,
    add column size_bytes bigint,
    add column sha256 text,
    add constraint uploads_accepted check ((sha256 is null) = (etag is null) and (sha256 is null) = (size_bytes is null));

-- A key holds the upload's id, so no two uploads share one.
create index uploads_object_key on uploads (object_key);
