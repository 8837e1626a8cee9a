-- The resource Webhook that speaks for an endpoint; none for one that was made before there were any, or that its resource left.
alter table webhook_endpoints
    add column resource_namespace  text,
    add column resource_name       text,
    add column resource_uid        uuid,
    add column resource_generation bigint,
    add constraint webhook_endpoints_resource check (num_nulls(resource_namespace, resource_name, resource_uid, resource_generation) in (0, 4)) not valid;
create unique index webhook_endpoints_resource_uid on webhook_endpoints (resource_uid);
create unique index webhook_endpoints_resource_name on webhook_endpoints (tenant_id, resource_namespace, resource_name);

-- Resources that speak for nothing any more: deleted or replaced ones for ever, one whose namespace was given to another
-- tenant until it is given back.
create table webhook_partings (
    resource_uid uuid primary key,
    tenant_id    uuid not null,
    departed     boolean not null,
    parted_at    timestamptz not null
);
