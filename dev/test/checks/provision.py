"""Databases and roles made by one who is no superuser, as the master of RDS is none."""

import os
import unittest
from urllib.parse import urlsplit

from suite import ROOT, main, run

CONTEXTS = ("drill_a", "drill_b")
ADMIN = os.environ["TEST_DATABASE_ADMIN_URL"]
HOST = urlsplit(ADMIN).netloc.split("@")[1]


def psql(user, database, *arguments, ok=True):
    return run("psql", f"postgres://{user}@{HOST}/{database}", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
               *arguments, ok=ok)


def sql(user, database, text, ok=True):
    return psql(user, database, "--set", "ON_ERROR_STOP=1", "--command", text, ok=ok)


def provision(user):
    for context in CONTEXTS:
        psql(user, "postgres", "-v", f"context={context}", "-v", f"database={context}", "-v", "owner_password=o",
             "-v", "app_password=a", "-f", ROOT / "dev/platform/provision.sql")


def remove():
    for context in CONTEXTS:
        sql("postgres", "postgres", f"DROP DATABASE IF EXISTS {context} WITH (FORCE)")
    if sql("postgres", "postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'drill_master'").strip():
        sql("postgres", "postgres", "DROP OWNED BY drill_master")
    roles = [f"{c}_{r}" for c in CONTEXTS for r in ("owner", "app")] + ["drill_master"]
    sql("postgres", "postgres", "; ".join(f"DROP ROLE IF EXISTS {r}" for r in roles))


class Provision(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        remove()
        cls.addClassCleanup(remove)
        sql("postgres", "postgres", "CREATE ROLE drill_master LOGIN CREATEDB CREATEROLE")
        sql("postgres", "postgres", "GRANT CONNECT ON DATABASE postgres TO drill_master")
        provision("drill_master")

    def test_it_can_be_repeated_by_either(self):
        provision("drill_master")
        provision("postgres")
        provision("drill_master")

    def test_the_owner_makes_tables_and_the_application_works_with_their_rows_only(self):
        sql("drill_a_owner", "drill_a", "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, x text); ")
        sql("drill_a_app", "drill_a", "INSERT INTO t (x) VALUES ('1'); UPDATE t SET x = '2'; DELETE FROM t")
        for forbidden in ("CREATE TABLE u (x int)", "DROP TABLE t", "ALTER TABLE t ADD y int", "CREATE TEMP TABLE v (x int)", "TRUNCATE t"):
            code, output = sql("drill_a_app", "drill_a", forbidden, ok=False)
            self.assertNotEqual(code, 0, forbidden)
            self.assertRegex(output, "permission denied|must be owner", forbidden)

    def test_no_role_opens_the_database_of_another_context(self):
        for user in ("drill_a_app", "drill_a_owner"):
            code, output = sql(user, "drill_b", "SELECT 1", ok=False)
            self.assertNotEqual(code, 0)
            self.assertIn("permission denied for database", output)

    def test_roles_have_no_right_beyond(self):
        flags = sql("postgres", "postgres", """
            SELECT bool_or(rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
              FROM pg_roles WHERE rolname LIKE 'drill\\_%\\_owner' OR rolname LIKE 'drill\\_%\\_app'""")
        self.assertEqual(flags.strip(), "f")


if __name__ == "__main__":
    main("provision")
