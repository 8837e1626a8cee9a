-- One context's database and its two roles. Run once per context by a superuser,
-- or by one with CREATEDB and CREATEROLE, as a cloud's master is; running it again
-- repairs what differs and sets the passwords.
--
--   psql -v context=auth -v database=auth \
--        -v owner_password=… -v app_password=… -f provision.sql
--
--   <context>_owner   owns the database: migrations, and nothing else, use it
--   <context>_app     what the API server works with: rows, no DDL, no TEMP
--
-- The roles belong to the context, not to the database, so a test can make any
-- number of databases (-v database=auth_test_17) for the same two roles.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY[:'context' || '_owner', :'context' || '_app']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \gset

\if :superuser
-- Nobody else may even name these; and nobody else can have given them.
SELECT format('ALTER ROLE %I NOSUPERUSER NOREPLICATION NOBYPASSRLS', name)
  FROM unnest(ARRAY[:'context' || '_owner', :'context' || '_app']) AS name \gexec
\else
-- A database is given away, and its owner's defaults are set, by a member of the owner.
SELECT format('GRANT %I TO CURRENT_USER', :'context' || '_owner') \gexec
\endif

SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %L', name, password)
  FROM (VALUES (:'context' || '_owner', :'owner_password'),
               (:'context' || '_app', :'app_password')) AS roles (name, password) \gexec

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'context' || '_owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

-- PUBLIC may connect to every database and make temporary tables there; with
-- that, each context's roles could open the databases of the others.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
\if :superuser
-- They are a cloud's own where we are none; nothing of ours is in them.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
\endif
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'database', :'context' || '_app') \gexec

\connect :"database"

REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('GRANT USAGE ON SCHEMA public TO %I', :'context' || '_app') \gexec

-- Migrations need no GRANT for what they create.
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
              :'context' || '_owner', :'context' || '_app') \gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I',
              :'context' || '_owner', :'context' || '_app') \gexec
