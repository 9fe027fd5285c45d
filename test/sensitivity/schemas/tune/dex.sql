-- Source: Go module github.com/dexidp/dex v2.13.0, storage/sql/migrate.go; The Dex authors, Apache-2.0.
create table client (
	id text not null primary key,
	secret text not null,
	redirect_uris bytea not null,
	trusted_peers bytea not null,
	public boolean not null,
	name text not null,
	logo_url text not null
);
create table auth_request (
	id text not null primary key,
	client_id text not null,
	response_types bytea not null,
	scopes bytea not null,
	redirect_uri text not null,
	nonce text not null,
	state text not null,
	force_approval_prompt boolean not null,
	logged_in boolean not null,
	claims_user_id text not null,
	claims_username text not null,
	claims_email text not null,
	claims_email_verified boolean not null,
	claims_groups bytea not null,
	connector_id text not null,
	connector_data bytea,
	expiry timestamptz not null
);
create table auth_code (
	id text not null primary key,
	client_id text not null,
	scopes bytea not null,
	nonce text not null,
	redirect_uri text not null,
	claims_user_id text not null,
	claims_username text not null,
	claims_email text not null,
	claims_email_verified boolean not null,
	claims_groups bytea not null,
	connector_id text not null,
	connector_data bytea,
	expiry timestamptz not null
);
create table refresh_token (
	id text not null primary key,
	client_id text not null,
	scopes bytea not null,
	nonce text not null,
	claims_user_id text not null,
	claims_username text not null,
	claims_email text not null,
	claims_email_verified boolean not null,
	claims_groups bytea not null,
	connector_id text not null,
	connector_data bytea
);
create table password (
	email text not null primary key,
	hash bytea not null,
	username text not null,
	user_id text not null
);
create table keys (
	id text not null primary key,
	verification_keys bytea not null,
	signing_key bytea not null,
	signing_key_pub bytea not null,
	next_rotation timestamptz not null
);
alter table refresh_token
	add column token text not null default '';
alter table refresh_token
	add column created_at timestamptz not null default '0001-01-01 00:00:00 UTC';
alter table refresh_token
	add column last_used timestamptz not null default '0001-01-01 00:00:00 UTC';
create table offline_session (
	user_id text not null,
	conn_id text not null,
	refresh bytea not null,
	PRIMARY KEY (user_id, conn_id)
);
create table connector (
	id text not null primary key,
	type text not null,
	name text not null,
	resource_version text not null,
	config bytea
);
