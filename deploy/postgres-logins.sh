#!/bin/sh
# Runs once, when the database is made. Two logins: `lethe_owner` owns the schema and migrates; `lethe_login` serves requests, owns
# nothing and acts only as lethe_app, lethe_system, lethe_content, lethe_queue or lethe_backup, which cannot bypass row-level security.
set -eu
secrets="${LETHE_SECRETS_MOUNT:-/run/secrets}"

# \set reads the passwords inside psql: they are in no process list, and psql quotes them.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-lethe}" <<SQL
\set owner_password \`cat '$secrets/postgres_owner_password'\`
\set login_password \`cat '$secrets/postgres_login_password'\`
CREATE ROLE lethe_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE lethe_system NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE lethe_content NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE lethe_backup NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE lethe_queue NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE lethe_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE PASSWORD :'owner_password';
CREATE ROLE lethe_login LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'login_password';
GRANT lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup TO lethe_owner WITH ADMIN OPTION;
GRANT lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup TO lethe_login;
ALTER DATABASE :"DBNAME" OWNER TO lethe_owner;
ALTER SCHEMA public OWNER TO lethe_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO lethe_login;
SQL
