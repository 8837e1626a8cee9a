--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor uuid,
    action text NOT NULL,
    target uuid NOT NULL,
    details jsonb NOT NULL,
    CONSTRAINT audit_action_named CHECK ((action ~ '^[a-z]+\.[a-z_]+$'::text))
);


--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    user_id uuid NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT events_kind_named CHECK ((kind ~ '^[a-z]+\.[a-z_]+$'::text))
);


--
-- Name: events_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_keys (
    key bytea NOT NULL,
    request bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    locked_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_answered_whole CHECK ((((status IS NULL) = (body IS NULL)) AND ((status IS NULL) = (headers IS NULL)))),
    CONSTRAINT idempotency_keys_digest CHECK ((octet_length(key) = 32)),
    CONSTRAINT idempotency_keys_request_digest CHECK ((octet_length(request) = 32))
);


--
-- Name: login_failures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_failures (
    account bytea NOT NULL,
    address text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    blocked_until timestamp with time zone NOT NULL,
    CONSTRAINT login_failures_account_digest CHECK ((octet_length(account) = 32)),
    CONSTRAINT login_failures_counted CHECK ((failures > 0))
);


--
-- Name: personal_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.personal_tokens (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT personal_tokens_digest CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT personal_tokens_expire_later CHECK ((expires_at > created_at)),
    CONSTRAINT personal_tokens_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT personal_tokens_scopes_known CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['read'::text, 'work'::text, 'manage'::text, 'admin'::text])))
);


--
-- Name: recovery_codes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_digest CHECK ((octet_length(code_hash) = 32))
);


--
-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    family uuid NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    rotated_at timestamp with time zone,
    replaced_by bytea,
    CONSTRAINT refresh_tokens_digest CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT refresh_tokens_rotated_into CHECK (((rotated_at IS NULL) = (replaced_by IS NULL)))
);


--
-- Name: reset_links; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reset_links (
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    issued_by uuid NOT NULL,
    remove_totp boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT reset_links_digest CHECK ((octet_length(token_hash) = 32))
);


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_version integer NOT NULL,
    ip text,
    user_agent text,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text,
    CONSTRAINT sessions_revoked_reason_known CHECK ((revoked_reason = ANY (ARRAY['logout'::text, 'revoked'::text, 'reuse'::text]))),
    CONSTRAINT sessions_revoked_with_reason CHECK (((revoked_at IS NULL) = (revoked_reason IS NULL)))
);


--
-- Name: totp_secrets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totp_secrets (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    CONSTRAINT totp_secrets_length CHECK (((octet_length(secret) >= 16) AND (octet_length(secret) <= 64)))
);


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid NOT NULL,
    email text NOT NULL,
    username text NOT NULL,
    password_hash text NOT NULL,
    role text DEFAULT 'worker'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    session_version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT users_email_length CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT users_password_hashed CHECK ((password_hash ~~ '$argon2id$%'::text)),
    CONSTRAINT users_role_known CHECK ((role = ANY (ARRAY['worker'::text, 'client'::text, 'admin'::text]))),
    CONSTRAINT users_status_known CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text]))),
    CONSTRAINT users_username_shape CHECK ((username ~ '^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$'::text))
);


--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations VALUES (1, 'users', '2026-11-26 21:57:07.023175+00', true, '\x258dc4376e4b5cae9a3063f55c663494ef0231cc9ad6d50e235313c2b578f41c6d1dea13a7228e15f0fcf3cd4ff1c6ea', 30013086);
INSERT INTO public._sqlx_migrations VALUES (2, 'refresh tokens', '2026-11-26 21:57:07.058744+00', true, '\xed655aa121694ee9ca1e2dc413045047f27f56d1cad4b9048216960583ee3b1da0f0f7e1a463c3e3c3aa7c9db665d672', 43276287);
INSERT INTO public._sqlx_migrations VALUES (3, 'audit events', '2026-11-26 21:57:07.105839+00', true, '\x5d436a793740f6b88ce4a54dbd6ff1c4bc23b46a5455bfce4202a8543fd5e6f835bc46b4506831cd4bb04d9faf65d8c0', 59045991);
INSERT INTO public._sqlx_migrations VALUES (4, 'second factor', '2026-11-26 21:57:07.167495+00', true, '\x92a753444db1e73042b0ca2978cba1bc8dfbc5333a6b3919916d2fa8d508691a318591ae3e58791b4bdffc39b49c51e7', 25462937);
INSERT INTO public._sqlx_migrations VALUES (5, 'personal tokens', '2026-11-26 21:57:07.193032+00', true, '\x62ba7555cae47b865879c33c672138574b77df740c0349862e4f25aeea68e72fb0eb522b1ad131858e352eeaf301e41f', 14584870);
INSERT INTO public._sqlx_migrations VALUES (6, 'reset links', '2026-11-26 21:57:07.209241+00', true, '\xeecf1a6f7d0887613220f78c4eabbdea649bea35b7a949b8c0a50ed516213b56b43f489551b7a16a0327e3c0b707d6bc', 12078620);
INSERT INTO public._sqlx_migrations VALUES (7, 'audit filters', '2026-11-26 21:57:07.221623+00', true, '\x6629b4976673c526945eee0518287dda375f0da93d315c09d8caec5e081cb4b02aa9d5ee312850d4fbea3450c60a829b', 2410021);
INSERT INTO public._sqlx_migrations VALUES (8, 'idempotency keys', '2026-11-26 21:57:07.225746+00', true, '\x102e12f8c0fa0e62433bf4939e8f1fac03153f086ee89ddbe647ebc8969e4c6a49565805d4fc02b73aa47fe169d8ae1e', 7446208);


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-26 21:57:08.040812+00', NULL, 'admin.bootstrap', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-26 21:57:09.269218+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'session.started', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"ip": "127.0.0.1", "sid": "01a219dc-c815-7644-b640-a04b65ec12e1"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-26 21:57:09.541313+00', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 'session.started', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"ip": "127.0.0.1", "sid": "01a219dc-c925-71c9-9727-10d11b2cf723"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-26 21:57:09.782641+00', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 'user.role_changed', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"to": "CLIENT", "from": "WORKER"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-26 21:57:10.201048+00', '01a219dc-cae5-77ad-8ac3-6463577e6358', 'session.started', '01a219dc-cae5-77ad-8ac3-6463577e6358', '{"ip": "127.0.0.1", "sid": "01a219dc-cbb8-7067-87d3-015400b31f1a"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-26 21:57:10.426039+00', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 'session.started', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"ip": "127.0.0.1", "sid": "01a219dc-cc99-7422-a652-07f39f7e60ae"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-26 21:57:10.522223+00', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 'user.role_changed', '01a219dc-cae5-77ad-8ac3-6463577e6358', '{"to": "CLIENT", "from": "WORKER"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-26 21:57:10.993077+00', '01a219dc-cdd6-72ec-9351-3222642af755', 'session.started', '01a219dc-cdd6-72ec-9351-3222642af755', '{"ip": "127.0.0.1", "sid": "01a219dc-cece-75c9-a422-15eeac4b60a0"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-26 21:57:11.261276+00', '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'session.started', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"ip": "127.0.0.1", "sid": "01a219dc-cfdc-7767-8fe2-62c99ad8c3e4"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-26 21:57:11.555676+00', '01a219dc-d076-70d5-8c29-490ae6040c15', 'session.started', '01a219dc-d076-70d5-8c29-490ae6040c15', '{"ip": "127.0.0.1", "sid": "01a219dc-d103-724f-a6ca-7935311bed21"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-26 21:57:20.496387+00', '01a219dc-cdd6-72ec-9351-3222642af755', 'totp.enabled', '01a219dc-cdd6-72ec-9351-3222642af755', '{}');


--
-- Data for Name: events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-26 21:57:08.040812+00', 'user.registered', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"role": "ADMIN", "username": "admin"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-26 21:57:09.066343+00', 'user.registered', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"role": "WORKER", "username": "clarad0a5b060"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-26 21:57:09.269218+00', 'session.started', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"ip": "127.0.0.1", "sid": "01a219dc-c815-7644-b640-a04b65ec12e1"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-26 21:57:09.541313+00', 'session.started', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"ip": "127.0.0.1", "sid": "01a219dc-c925-71c9-9727-10d11b2cf723"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-26 21:57:09.782641+00', 'user.role_changed', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"to": "CLIENT", "from": "WORKER"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-26 21:57:09.984097+00', 'user.registered', '01a219dc-cae5-77ad-8ac3-6463577e6358', '{"role": "WORKER", "username": "dorad505071f"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-26 21:57:10.201048+00', 'session.started', '01a219dc-cae5-77ad-8ac3-6463577e6358', '{"ip": "127.0.0.1", "sid": "01a219dc-cbb8-7067-87d3-015400b31f1a"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-26 21:57:10.426039+00', 'session.started', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"ip": "127.0.0.1", "sid": "01a219dc-cc99-7422-a652-07f39f7e60ae"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-26 21:57:10.522223+00', 'user.role_changed', '01a219dc-cae5-77ad-8ac3-6463577e6358', '{"to": "CLIENT", "from": "WORKER"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-26 21:57:10.741343+00', 'user.registered', '01a219dc-cdd6-72ec-9351-3222642af755', '{"role": "WORKER", "username": "wanda"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-26 21:57:10.993077+00', 'session.started', '01a219dc-cdd6-72ec-9351-3222642af755', '{"ip": "127.0.0.1", "sid": "01a219dc-cece-75c9-a422-15eeac4b60a0"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, '2026-11-26 21:57:11.116353+00', 'user.registered', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"role": "WORKER", "username": "wim"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (13, '2026-11-26 21:57:11.261276+00', 'session.started', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"ip": "127.0.0.1", "sid": "01a219dc-cfdc-7767-8fe2-62c99ad8c3e4"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (14, '2026-11-26 21:57:11.414074+00', 'user.registered', '01a219dc-d076-70d5-8c29-490ae6040c15', '{"role": "WORKER", "username": "willa"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (15, '2026-11-26 21:57:11.555676+00', 'session.started', '01a219dc-d076-70d5-8c29-490ae6040c15', '{"ip": "127.0.0.1", "sid": "01a219dc-d103-724f-a6ca-7935311bed21"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (16, '2026-11-26 21:57:20.496387+00', 'totp.enabled', '01a219dc-cdd6-72ec-9351-3222642af755', '{}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (17, '2026-11-26 21:57:20.759963+00', 'user.registered', '01a219dc-f4fc-7795-8769-c386651a14d4', '{"role": "WORKER", "username": "Uwe"}');


--
-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: login_failures; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: personal_tokens; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: recovery_codes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x22872d77b92f94784cee7112c8ec18f0052e2b5df307dd842a3e7c07832ec8d7', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\xb5239be7cb26ec480cd5b81730ac22b3e06e29b61947fb924af17224c1c4245c', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x7e855519c4de41bc25b01b9347dca3c83f3de4b672934289466c0075f6b8284e', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x1897cf3fd1b51d85690ca09e26385f473fef050ea1fd13e3e80f7deacc7068f2', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x01d8f0dd4200ba8327656aa1071fbedbf3cbf9658502bf14fe1a2c944ace6351', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x9bcac5c4d8e8753fe83d322f68f5e3a531155d0316c7a3715e6864c873074b5d', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\xf6856b822a41320ebfe8d91ce7ddae1515163eb4b9ac68f7644df40733d64202', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x9eb0b2b4995ca34e98d27eb9179be5798a2d555ee24cd2ad8d452fadc56a44b6', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x394f29847a3913783502257aae09a182d05271971c66a2c66f6aa23c729fa127', NULL);
INSERT INTO public.recovery_codes VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x972a208846318b8c0b2e33365ef0817dd6a5f5b19caed6bdff6a45bf6f2c986a', NULL);


--
-- Data for Name: refresh_tokens; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.refresh_tokens VALUES ('\x01c14f8f49d435d356f750492fcaaea5637671344723c0e72add388ab931849f', '01a219dc-c815-7644-b640-a04b65ec12e1', '2026-11-26 21:57:09.269218+00', '2026-12-26 21:57:09.269218+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x1912ce5ccf99aeafb45e9d29346f94e417d96cb5f0ff0bd9084657a03cf07efc', '01a219dc-c925-71c9-9727-10d11b2cf723', '2026-11-26 21:57:09.541313+00', '2026-12-26 21:57:09.541313+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xfc7eaa0e1af5ab8b93ee8bffd802275e8db991cca62067d7adadd336bbdf7502', '01a219dc-cbb8-7067-87d3-015400b31f1a', '2026-11-26 21:57:10.201048+00', '2026-12-26 21:57:10.201048+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x31e05777c015c4c32925f89f6ef8f0c4afc72b7c7e08380c5f9432fd5f21b4cd', '01a219dc-cc99-7422-a652-07f39f7e60ae', '2026-11-26 21:57:10.426039+00', '2026-12-26 21:57:10.426039+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xde19a184ecc043fe8c56f9c1350a3fe983f3342ae6c72c7cf76c5096224f7da9', '01a219dc-cece-75c9-a422-15eeac4b60a0', '2026-11-26 21:57:10.993077+00', '2026-12-26 21:57:10.993077+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x06f43b8dc9e09dcc495f028a71a8bf0d89ab6bafa6ab9ca612972a79c427d93f', '01a219dc-cfdc-7767-8fe2-62c99ad8c3e4', '2026-11-26 21:57:11.261276+00', '2026-12-26 21:57:11.261276+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x54032aab9133ad573c624caafedf345ed855f3d64f348c247a6f07064f53adf4', '01a219dc-d103-724f-a6ca-7935311bed21', '2026-11-26 21:57:11.555676+00', '2026-12-26 21:57:11.555676+00', NULL, NULL);


--
-- Data for Name: reset_links; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sessions VALUES ('01a219dc-c815-7644-b640-a04b65ec12e1', '01a219dc-c74d-727e-b1bc-04a2095a825f', 1, '127.0.0.1', NULL, '2026-11-26 21:57:09.269218+00', '2026-11-26 21:57:09.269218+00', '2026-12-26 21:57:09.269218+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-c925-71c9-9727-10d11b2cf723', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 1, '127.0.0.1', NULL, '2026-11-26 21:57:09.541313+00', '2026-11-26 21:57:09.541313+00', '2026-12-26 21:57:09.541313+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-cbb8-7067-87d3-015400b31f1a', '01a219dc-cae5-77ad-8ac3-6463577e6358', 1, '127.0.0.1', NULL, '2026-11-26 21:57:10.201048+00', '2026-11-26 21:57:10.201048+00', '2026-12-26 21:57:10.201048+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-cc99-7422-a652-07f39f7e60ae', '01a219dc-c34a-750e-b8cd-2bdc160387c0', 1, '127.0.0.1', NULL, '2026-11-26 21:57:10.426039+00', '2026-11-26 21:57:10.426039+00', '2026-12-26 21:57:10.426039+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-cece-75c9-a422-15eeac4b60a0', '01a219dc-cdd6-72ec-9351-3222642af755', 1, '127.0.0.1', NULL, '2026-11-26 21:57:10.993077+00', '2026-11-26 21:57:10.993077+00', '2026-12-26 21:57:10.993077+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-cfdc-7767-8fe2-62c99ad8c3e4', '01a219dc-cf4d-7530-86b1-d771748ad1b9', 1, '127.0.0.1', NULL, '2026-11-26 21:57:11.261276+00', '2026-11-26 21:57:11.261276+00', '2026-12-26 21:57:11.261276+00', NULL, NULL);
INSERT INTO public.sessions VALUES ('01a219dc-d103-724f-a6ca-7935311bed21', '01a219dc-d076-70d5-8c29-490ae6040c15', 1, '127.0.0.1', NULL, '2026-11-26 21:57:11.555676+00', '2026-11-26 21:57:11.555676+00', '2026-12-26 21:57:11.555676+00', NULL, NULL);


--
-- Data for Name: totp_secrets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.totp_secrets VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '\x181e21cc04935011a5408f6d29eccaccf9cffe98', '2026-11-26 21:57:20.477824+00', '2026-11-26 21:57:20.496387+00', 59857674);


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.users VALUES ('01a219dc-c34a-750e-b8cd-2bdc160387c0', 'admin@example.com', 'admin', '$argon2id$v=19$m=19456,t=2,p=1$3PNnpK+gPcc0isKGhxNZmw$13vdsjNTGVUs+ameYEwuaesna3ruWVwnGG7Az8v+Pvo', 'admin', 'active', 1, '2026-11-26 21:57:08.040812+00', '2026-11-26 21:57:08.040812+00');
INSERT INTO public.users VALUES ('01a219dc-c74d-727e-b1bc-04a2095a825f', 'clarad0a5b060@example.com', 'clarad0a5b060', '$argon2id$v=19$m=19456,t=2,p=1$00srqYkgUZqAFblA7x851Q$EBWZ7G/H6sf5v5ocangcFFEiqHYLBdEQfawgEQHOovE', 'client', 'active', 1, '2026-11-26 21:57:09.066343+00', '2026-11-26 21:57:09.782641+00');
INSERT INTO public.users VALUES ('01a219dc-cae5-77ad-8ac3-6463577e6358', 'dorad505071f@example.com', 'dorad505071f', '$argon2id$v=19$m=19456,t=2,p=1$91yp4QGwhcnj3sHlplfAEQ$AVf4RfkeWTcO/AEDPkW6b+jGzCR9oXdOY6pCtSxEjO0', 'client', 'active', 1, '2026-11-26 21:57:09.984097+00', '2026-11-26 21:57:10.522223+00');
INSERT INTO public.users VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', 'wanda@example.com', 'wanda', '$argon2id$v=19$m=19456,t=2,p=1$fz+3P4UtQ+OwEDnImYbZjw$Owd8ROLm1wa40FXognf7A4zcbL/7nePrZCmJJl5L0fA', 'worker', 'active', 1, '2026-11-26 21:57:10.741343+00', '2026-11-26 21:57:10.741343+00');
INSERT INTO public.users VALUES ('01a219dc-cf4d-7530-86b1-d771748ad1b9', 'wim@example.com', 'wim', '$argon2id$v=19$m=19456,t=2,p=1$0eKNCaCwGp/54tCP+D0dxQ$nGE3LiBn5SsVxzrY3PGKdOXDzMYxnu/D7he/5MIn6sI', 'worker', 'active', 1, '2026-11-26 21:57:11.116353+00', '2026-11-26 21:57:11.116353+00');
INSERT INTO public.users VALUES ('01a219dc-d076-70d5-8c29-490ae6040c15', 'willa@example.com', 'willa', '$argon2id$v=19$m=19456,t=2,p=1$1CBt99wLOjp/GdStbvxtHw$TpNL6Y19TSF4RlrUZilhseKf6ByZOqjxuGM9mOHmgww', 'worker', 'active', 1, '2026-11-26 21:57:11.414074+00', '2026-11-26 21:57:11.414074+00');
INSERT INTO public.users VALUES ('01a219dc-f4fc-7795-8769-c386651a14d4', 'Uwe@Bücher.example', 'Uwe', '$argon2id$v=19$m=19456,t=2,p=1$Xun6yf1dFzYzFFQ8tYxiyQ$gFwHXWw+6UZQ5ryVyihRZXMtnkA1EeTypS6rHRTZEy8', 'worker', 'active', 1, '2026-11-26 21:57:20.759963+00', '2026-11-26 21:57:20.759963+00');


--
-- Name: audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_id_seq', 11, true);


--
-- Name: events_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.events_id_seq', 17, true);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);


--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key);


--
-- Name: login_failures login_failures_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_failures
    ADD CONSTRAINT login_failures_pkey PRIMARY KEY (account, address);


--
-- Name: personal_tokens personal_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.personal_tokens
    ADD CONSTRAINT personal_tokens_pkey PRIMARY KEY (id);


--
-- Name: personal_tokens personal_tokens_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.personal_tokens
    ADD CONSTRAINT personal_tokens_token_hash_key UNIQUE (token_hash);


--
-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash);


--
-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);


--
-- Name: reset_links reset_links_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reset_links
    ADD CONSTRAINT reset_links_pkey PRIMARY KEY (user_id);


--
-- Name: reset_links reset_links_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reset_links
    ADD CONSTRAINT reset_links_token_hash_key UNIQUE (token_hash);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);


--
-- Name: totp_secrets totp_secrets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_pkey PRIMARY KEY (user_id);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: audit_by_action; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_action ON public.audit USING btree (action, id);


--
-- Name: audit_by_actor; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_actor ON public.audit USING btree (actor, id);


--
-- Name: audit_by_target; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_target ON public.audit USING btree (target, id);


--
-- Name: events_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_by_user ON public.events USING btree (user_id, id);


--
-- Name: idempotency_keys_old; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_keys_old ON public.idempotency_keys USING btree (created_at);


--
-- Name: login_failures_old; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX login_failures_old ON public.login_failures USING btree (last_at);


--
-- Name: personal_tokens_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX personal_tokens_by_user ON public.personal_tokens USING btree (user_id, id);


--
-- Name: personal_tokens_name_taken; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX personal_tokens_name_taken ON public.personal_tokens USING btree (user_id, name) WHERE (revoked_at IS NULL);


--
-- Name: refresh_tokens_by_family; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX refresh_tokens_by_family ON public.refresh_tokens USING btree (family);


--
-- Name: refresh_tokens_one_live; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX refresh_tokens_one_live ON public.refresh_tokens USING btree (family) WHERE (rotated_at IS NULL);


--
-- Name: sessions_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id, id);


--
-- Name: sessions_old; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_old ON public.sessions USING btree (expires_at);


--
-- Name: users_admins; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_admins ON public.users USING btree (id) WHERE (role = 'admin'::text);


--
-- Name: users_email_taken; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_email_taken ON public.users USING btree (lower(email));


--
-- Name: users_username_taken; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_username_taken ON public.users USING btree (lower(username));


--
-- Name: audit audit_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();


--
-- Name: events events_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();


--
-- Name: audit audit_actor_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_actor_fkey FOREIGN KEY (actor) REFERENCES public.users(id);


--
-- Name: audit audit_target_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_target_fkey FOREIGN KEY (target) REFERENCES public.users(id);


--
-- Name: events events_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: personal_tokens personal_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.personal_tokens
    ADD CONSTRAINT personal_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: recovery_codes recovery_codes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.totp_secrets(user_id) ON DELETE CASCADE;


--
-- Name: refresh_tokens refresh_tokens_family_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_family_fkey FOREIGN KEY (family) REFERENCES public.sessions(id) ON DELETE CASCADE;


--
-- Name: reset_links reset_links_issued_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reset_links
    ADD CONSTRAINT reset_links_issued_by_fkey FOREIGN KEY (issued_by) REFERENCES public.users(id);


--
-- Name: reset_links reset_links_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reset_links
    ADD CONSTRAINT reset_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: totp_secrets totp_secrets_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- PostgreSQL database dump complete
--


