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
-- Name: ledger_is_append_only(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ledger_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'the ledger is append-only; post the opposite instead';
end $$;


--
-- Name: refuse_event_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_event_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
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
-- Name: disputes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.disputes (
    id text NOT NULL,
    payment_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    standing text NOT NULL,
    CONSTRAINT disputes_amount_cents_check CHECK ((amount_cents >= 0)),
    CONSTRAINT disputes_standing_check CHECK ((standing = ANY (ARRAY['inquiry'::text, 'open'::text, 'lost'::text, 'won'::text])))
);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
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
-- Name: ledger_accounts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_accounts (
    id bigint NOT NULL,
    owner text NOT NULL,
    owner_id uuid NOT NULL,
    currency text NOT NULL,
    CONSTRAINT ledger_accounts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ledger_accounts_owner_check CHECK ((owner = ANY (ARRAY['platform'::text, 'tenant'::text, 'project'::text])))
);


--
-- Name: ledger_accounts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.ledger_accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: ledger_postings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_postings (
    id bigint NOT NULL,
    payment_id uuid NOT NULL,
    kind text NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_postings_amount_cents_check CHECK ((amount_cents > 0)),
    CONSTRAINT ledger_postings_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'refund'::text, 'dispute'::text]))),
    CONSTRAINT ledger_postings_two_accounts CHECK ((debit_account <> credit_account))
);


--
-- Name: ledger_entries; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.ledger_entries AS
 SELECT ledger_postings.id AS posting_id,
    ledger_postings.payment_id,
    ledger_postings.kind,
    ledger_postings.credit_account AS account_id,
    ledger_postings.amount_cents,
    ledger_postings.currency,
    ledger_postings.created_at
   FROM public.ledger_postings
UNION ALL
 SELECT ledger_postings.id AS posting_id,
    ledger_postings.payment_id,
    ledger_postings.kind,
    ledger_postings.debit_account AS account_id,
    (- ledger_postings.amount_cents) AS amount_cents,
    ledger_postings.currency,
    ledger_postings.created_at
   FROM public.ledger_postings;


--
-- Name: ledger_postings_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.ledger_postings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_postings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    payment_id uuid NOT NULL,
    payload jsonb NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone
);


--
-- Name: outbox_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: payments; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payments (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    user_id uuid NOT NULL,
    judgements bigint NOT NULL,
    list_cents bigint NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL,
    livemode boolean NOT NULL,
    promo_code text,
    promo_held boolean DEFAULT false NOT NULL,
    request_key text,
    request text NOT NULL,
    stripe_idempotency_key text NOT NULL,
    stripe_session_id text,
    stripe_payment_intent_id text,
    checkout_url text,
    checkout text DEFAULT 'pending'::text NOT NULL,
    refunded_cents bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT payments_check CHECK (((amount_cents >= 0) AND (amount_cents <= list_cents))),
    CONSTRAINT payments_check1 CHECK (((NOT promo_held) OR (promo_code IS NOT NULL))),
    CONSTRAINT payments_check2 CHECK (((refunded_cents >= 0) AND (refunded_cents <= amount_cents))),
    CONSTRAINT payments_checkout_check CHECK ((checkout = ANY (ARRAY['pending'::text, 'expired'::text, 'failed'::text, 'paid'::text]))),
    CONSTRAINT payments_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payments_judgements_check CHECK ((judgements > 0)),
    CONSTRAINT payments_list_cents_check CHECK ((list_cents > 0)),
    CONSTRAINT payments_paid CHECK (((checkout = 'paid'::text) = (paid_at IS NOT NULL)))
);


--
-- Name: promo_clients; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.promo_clients (
    code text NOT NULL,
    tenant_id uuid NOT NULL,
    redeemed bigint NOT NULL,
    CONSTRAINT promo_clients_redeemed_check CHECK ((redeemed >= 0))
);


--
-- Name: promo_codes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.promo_codes (
    code text NOT NULL,
    percent_off integer,
    amount_off_cents bigint,
    currency text,
    max_redemptions bigint,
    max_per_client bigint,
    redeemed bigint DEFAULT 0 NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT promo_codes_amount_off_cents_check CHECK ((amount_off_cents > 0)),
    CONSTRAINT promo_codes_code_check CHECK ((code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'::text)),
    CONSTRAINT promo_codes_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT promo_codes_fixed_currency CHECK (((amount_off_cents IS NULL) = (currency IS NULL))),
    CONSTRAINT promo_codes_max_per_client_check CHECK ((max_per_client > 0)),
    CONSTRAINT promo_codes_max_redemptions_check CHECK ((max_redemptions > 0)),
    CONSTRAINT promo_codes_one_discount CHECK ((num_nonnulls(percent_off, amount_off_cents) = 1)),
    CONSTRAINT promo_codes_percent_off_check CHECK (((percent_off >= 1) AND (percent_off <= 100))),
    CONSTRAINT promo_codes_period CHECK (((valid_until IS NULL) OR (valid_until > valid_from))),
    CONSTRAINT promo_codes_redeemed_check CHECK ((redeemed >= 0))
);


--
-- Name: stripe_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.stripe_events (
    id text NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    reason text,
    payment_id uuid,
    payment_intent_id text,
    payload jsonb NOT NULL,
    received_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT stripe_events_outcome_check CHECK ((outcome = ANY (ARRAY['applied'::text, 'ignored'::text, 'parked'::text, 'mismatch'::text]))),
    CONSTRAINT stripe_events_parked CHECK (((outcome <> 'parked'::text) OR (payment_intent_id IS NOT NULL))),
    CONSTRAINT stripe_events_reason CHECK (((outcome = 'mismatch'::text) <= (reason IS NOT NULL)))
);


--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations VALUES (1, 'payments', '2026-11-26 21:57:05.19513+00', true, '\x4e97965548b3be5295f6379e9891573c9db346718437b8e38a66f2f5630f67fcb43db6101c79936ae814e14cdc0c4e0e', 101733054);
INSERT INTO public._sqlx_migrations VALUES (2, 'events', '2026-11-26 21:57:05.308355+00', true, '\xa9c648b6a7f9c8605c261f185f6663ae972ecb4493d408c87e9aecc9c820b4bdf263cdfc7b78459621b018d5d3e3a701', 49664509);
INSERT INTO public._sqlx_migrations VALUES (3, 'ledger', '2026-11-26 21:57:05.365312+00', true, '\xbdf6565be0a1463f1d6655e70056f39e0507421dc868f3020f08141e98aed753488523c29586a813d06ecc3344f51e67', 59449846);
INSERT INTO public._sqlx_migrations VALUES (4, 'audit', '2026-11-26 21:57:05.423769+00', true, '\x41b977558567f4cd30290d3390e8468642962e0c704104a8f29888ce18c81c6e6ccc5d157e31d398a88f7d64a15f459c', 11179410);


--
-- Data for Name: disputes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: ledger_accounts; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: ledger_postings; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: payments; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: promo_clients; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: promo_codes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: stripe_events; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: events_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.events_id_seq', 1, false);


--
-- Name: ledger_accounts_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.ledger_accounts_id_seq', 1, false);


--
-- Name: ledger_postings_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.ledger_postings_id_seq', 1, false);


--
-- Name: outbox_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.outbox_id_seq', 1, false);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: disputes disputes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);


--
-- Name: ledger_accounts ledger_accounts_currency; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT ledger_accounts_currency UNIQUE (id, currency);


--
-- Name: ledger_accounts ledger_accounts_owner; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT ledger_accounts_owner UNIQUE (owner, owner_id, currency);


--
-- Name: ledger_accounts ledger_accounts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT ledger_accounts_pkey PRIMARY KEY (id);


--
-- Name: ledger_postings ledger_postings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_postings
    ADD CONSTRAINT ledger_postings_pkey PRIMARY KEY (id);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);


--
-- Name: payments payments_idempotency_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_idempotency_key UNIQUE (stripe_idempotency_key);


--
-- Name: payments payments_intent; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_intent UNIQUE (stripe_payment_intent_id);


--
-- Name: payments payments_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);


--
-- Name: payments payments_session; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_session UNIQUE (stripe_session_id);


--
-- Name: promo_clients promo_clients_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.promo_clients
    ADD CONSTRAINT promo_clients_pkey PRIMARY KEY (code, tenant_id);


--
-- Name: promo_codes promo_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.promo_codes
    ADD CONSTRAINT promo_codes_pkey PRIMARY KEY (code);


--
-- Name: stripe_events stripe_events_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stripe_events
    ADD CONSTRAINT stripe_events_once PRIMARY KEY (id);


--
-- Name: disputes_payment; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX disputes_payment ON public.disputes USING btree (payment_id);


--
-- Name: events_by_actor; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_by_actor ON public.events USING btree (actor, id);


--
-- Name: events_by_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_by_kind ON public.events USING btree (kind, id);


--
-- Name: events_by_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_by_subject ON public.events USING btree (subject, id);


--
-- Name: ledger_postings_credit; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_postings_credit ON public.ledger_postings USING btree (credit_account, id);


--
-- Name: ledger_postings_debit; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_postings_debit ON public.ledger_postings USING btree (debit_account, id);


--
-- Name: ledger_postings_payment; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_postings_payment ON public.ledger_postings USING btree (payment_id);


--
-- Name: outbox_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_open ON public.outbox USING btree (attempts, id) WHERE (done_at IS NULL);


--
-- Name: payments_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX payments_open ON public.payments USING btree (created_at) WHERE (checkout = 'pending'::text);


--
-- Name: payments_request; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX payments_request ON public.payments USING btree (tenant_id, user_id, request_key) WHERE (request_key IS NOT NULL);


--
-- Name: payments_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX payments_tenant ON public.payments USING btree (tenant_id, id);


--
-- Name: payments_unopened; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX payments_unopened ON public.payments USING btree (tenant_id, user_id, request) WHERE ((request_key IS NULL) AND (stripe_session_id IS NULL) AND (checkout = 'pending'::text));


--
-- Name: stripe_events_parked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX stripe_events_parked ON public.stripe_events USING btree (payment_intent_id) WHERE (outcome = 'parked'::text);


--
-- Name: stripe_events_payment; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX stripe_events_payment ON public.stripe_events USING btree (payment_id) WHERE (payment_id IS NOT NULL);


--
-- Name: events events_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_event_change();


--
-- Name: ledger_postings ledger_postings_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ledger_postings_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_is_append_only();


--
-- Name: disputes disputes_payment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);


--
-- Name: ledger_postings ledger_postings_credit_account_currency_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_postings
    ADD CONSTRAINT ledger_postings_credit_account_currency_fkey FOREIGN KEY (credit_account, currency) REFERENCES public.ledger_accounts(id, currency);


--
-- Name: ledger_postings ledger_postings_debit_account_currency_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_postings
    ADD CONSTRAINT ledger_postings_debit_account_currency_fkey FOREIGN KEY (debit_account, currency) REFERENCES public.ledger_accounts(id, currency);


--
-- Name: ledger_postings ledger_postings_payment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_postings
    ADD CONSTRAINT ledger_postings_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);


--
-- Name: outbox outbox_payment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);


--
-- Name: payments payments_promo_code_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_promo_code_fkey FOREIGN KEY (promo_code) REFERENCES public.promo_codes(code);


--
-- Name: promo_clients promo_clients_code_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.promo_clients
    ADD CONSTRAINT promo_clients_code_fkey FOREIGN KEY (code) REFERENCES public.promo_codes(code);


--
-- Name: stripe_events stripe_events_payment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stripe_events
    ADD CONSTRAINT stripe_events_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);


--
-- PostgreSQL database dump complete
--


