-- Source: github.com/ory/kratos v1.3.1 (Go module); what its migrations create, reduced to tables, keys and checks.
-- Copyright (c) Ory Corp; Apache-2.0.

CREATE TABLE continuity_containers (
  id uuid NOT NULL,
  identity_id uuid,
  name varchar(255) NOT NULL,
  payload jsonb,
  expires_at timestamp NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  PRIMARY KEY (id)
);

CREATE TABLE courier_message_dispatches (
  id uuid NOT NULL,
  message_id uuid NOT NULL,
  status varchar(7) NOT NULL,
  error json,
  nid uuid NOT NULL,
  created_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE courier_messages (
  id uuid NOT NULL,
  type integer NOT NULL,
  status integer NOT NULL,
  body text NOT NULL,
  subject varchar(255) NOT NULL,
  recipient varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  template_type varchar(255) DEFAULT ''::character varying NOT NULL,
  template_data bytea,
  nid uuid,
  send_count integer DEFAULT 0 NOT NULL,
  channel varchar(32),
  PRIMARY KEY (id)
);

CREATE TABLE identities (
  id uuid NOT NULL,
  schema_id varchar(2048) NOT NULL,
  traits jsonb NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  state varchar(255) DEFAULT 'active'::character varying NOT NULL,
  state_changed_at timestamp,
  metadata_public jsonb,
  metadata_admin jsonb,
  available_aal varchar(4),
  organization_id uuid,
  PRIMARY KEY (id)
);

CREATE TABLE identity_credential_identifiers (
  id uuid NOT NULL,
  identifier varchar(255) NOT NULL,
  identity_credential_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  identity_credential_type_id uuid NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_credential_types (
  id uuid NOT NULL,
  name varchar(32) NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_credentials (
  id uuid NOT NULL,
  config jsonb NOT NULL,
  identity_credential_type_id uuid NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  version integer DEFAULT 0 NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_login_codes (
  id uuid NOT NULL,
  code varchar(64) NOT NULL,
  address varchar(255) NOT NULL,
  address_type character(36) NOT NULL,
  used_at timestamp,
  expires_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  issued_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  selfservice_login_flow_id uuid NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  nid uuid NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_recovery_addresses (
  id uuid NOT NULL,
  via varchar(16) NOT NULL,
  value varchar(400) NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  PRIMARY KEY (id)
);

CREATE TABLE identity_recovery_codes (
  id uuid NOT NULL,
  code varchar(64) NOT NULL,
  used_at timestamp,
  identity_recovery_address_id uuid,
  code_type integer NOT NULL,
  expires_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  issued_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  selfservice_recovery_flow_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid NOT NULL,
  identity_id uuid NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_recovery_tokens (
  id uuid NOT NULL,
  token varchar(64) NOT NULL,
  used boolean DEFAULT false NOT NULL,
  used_at timestamp,
  identity_recovery_address_id uuid,
  selfservice_recovery_flow_id uuid,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  expires_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  issued_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  nid uuid,
  identity_id uuid NOT NULL,
  token_type integer DEFAULT 0 NOT NULL,
  PRIMARY KEY (id),
  CHECK (((token_type = 1) OR (token_type = 2)))
);

CREATE TABLE identity_registration_codes (
  id uuid NOT NULL,
  code varchar(64) NOT NULL,
  address varchar(255) NOT NULL,
  address_type character(36) NOT NULL,
  used_at timestamp,
  expires_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  issued_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  selfservice_registration_flow_id uuid NOT NULL,
  created_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  nid uuid NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_verifiable_addresses (
  id uuid NOT NULL,
  status varchar(16) NOT NULL,
  via varchar(16) NOT NULL,
  verified boolean NOT NULL,
  value varchar(400) NOT NULL,
  verified_at timestamp,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  PRIMARY KEY (id)
);

CREATE TABLE identity_verification_codes (
  id uuid NOT NULL,
  code_hmac varchar(64) NOT NULL,
  used_at timestamp,
  identity_verifiable_address_id uuid,
  expires_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  issued_at timestamp DEFAULT '2000-01-01 00:00:00'::timestamp without time zone NOT NULL,
  selfservice_verification_flow_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE identity_verification_tokens (
  id uuid NOT NULL,
  token varchar(64) NOT NULL,
  used boolean DEFAULT false NOT NULL,
  used_at timestamp,
  expires_at timestamp NOT NULL,
  issued_at timestamp NOT NULL,
  identity_verifiable_address_id uuid NOT NULL,
  selfservice_verification_flow_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  nid uuid,
  PRIMARY KEY (id)
);

CREATE TABLE networks (
  id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_errors (
  id uuid NOT NULL,
  errors jsonb NOT NULL,
  seen_at timestamp,
  was_seen boolean NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  csrf_token varchar(255) DEFAULT ''::character varying NOT NULL,
  nid uuid,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_login_flows (
  id uuid NOT NULL,
  request_url text NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  active_method varchar(32) NOT NULL,
  csrf_token varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  forced boolean DEFAULT false NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  ui jsonb,
  nid uuid,
  requested_aal varchar(4) DEFAULT 'aal1'::character varying NOT NULL,
  internal_context jsonb NOT NULL,
  oauth2_login_challenge uuid,
  oauth2_login_challenge_data text,
  state varchar(255),
  submit_count integer DEFAULT 0 NOT NULL,
  organization_id uuid,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_login_requests (
  id uuid NOT NULL,
  request_url varchar(2048) NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  active_method varchar(32) NOT NULL,
  csrf_token varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  forced boolean DEFAULT false NOT NULL,
  messages jsonb,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_recovery_flows (
  id uuid NOT NULL,
  request_url text NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  active_method varchar(32),
  csrf_token varchar(255) NOT NULL,
  state varchar(32) NOT NULL,
  recovered_identity_id uuid,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  ui jsonb,
  nid uuid,
  submit_count integer DEFAULT 0 NOT NULL,
  skip_csrf_check boolean DEFAULT false NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_recovery_requests (
  id uuid NOT NULL,
  request_url varchar(2048) NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  messages jsonb,
  active_method varchar(32),
  csrf_token varchar(255) NOT NULL,
  state varchar(32) NOT NULL,
  recovered_identity_id uuid,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_registration_flows (
  id uuid NOT NULL,
  request_url text NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  active_method varchar(32) NOT NULL,
  csrf_token varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  ui jsonb,
  nid uuid,
  internal_context jsonb NOT NULL,
  oauth2_login_challenge uuid,
  oauth2_login_challenge_data text,
  state varchar(255),
  submit_count integer DEFAULT 0 NOT NULL,
  organization_id uuid,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_registration_requests (
  id uuid NOT NULL,
  request_url varchar(2048) NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  active_method varchar(32) NOT NULL,
  csrf_token varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  messages jsonb,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_settings_flows (
  id uuid NOT NULL,
  request_url text NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  active_method varchar(32),
  state varchar(255) DEFAULT 'show_form'::character varying NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  ui jsonb,
  nid uuid,
  internal_context jsonb NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_settings_requests (
  id uuid NOT NULL,
  request_url varchar(2048) NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  active_method varchar(32),
  messages jsonb,
  state varchar(255) DEFAULT 'show_form'::character varying NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_verification_flows (
  id uuid NOT NULL,
  request_url text NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  csrf_token varchar(255) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  state varchar(255) DEFAULT 'show_form'::character varying NOT NULL,
  active_method varchar(32),
  ui jsonb,
  nid uuid,
  submit_count integer DEFAULT 0 NOT NULL,
  oauth2_login_challenge text,
  session_id uuid,
  identity_id uuid,
  authentication_methods json,
  PRIMARY KEY (id)
);

CREATE TABLE selfservice_verification_requests (
  id uuid NOT NULL,
  request_url varchar(2048) NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  form jsonb NOT NULL,
  via varchar(16) NOT NULL,
  csrf_token varchar(255) NOT NULL,
  success boolean NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  messages jsonb,
  type varchar(16) DEFAULT 'browser'::character varying NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE session_devices (
  id uuid NOT NULL,
  ip_address varchar(50) DEFAULT ''::character varying,
  user_agent varchar(512) DEFAULT ''::character varying,
  location varchar(512) DEFAULT ''::character varying,
  nid uuid NOT NULL,
  session_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  UNIQUE (nid, session_id, ip_address, user_agent),
  PRIMARY KEY (id)
);

CREATE TABLE session_token_exchanges (
  id uuid NOT NULL,
  nid uuid NOT NULL,
  flow_id uuid NOT NULL,
  session_id uuid,
  init_code varchar(64) NOT NULL,
  return_to_code varchar(64) NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE sessions (
  id uuid NOT NULL,
  issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp NOT NULL,
  authenticated_at timestamp NOT NULL,
  identity_id uuid NOT NULL,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  token varchar(39),
  active boolean DEFAULT false,
  nid uuid,
  logout_token varchar(39),
  aal varchar(4) DEFAULT 'aal1'::character varying NOT NULL,
  authentication_methods jsonb NOT NULL,
  PRIMARY KEY (id)
);

ALTER TABLE continuity_containers ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE continuity_containers ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE courier_message_dispatches ADD FOREIGN KEY (message_id) REFERENCES courier_messages(id) ON DELETE CASCADE;
ALTER TABLE courier_message_dispatches ADD FOREIGN KEY (nid) REFERENCES networks(id) ON DELETE CASCADE;
ALTER TABLE courier_messages ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identities ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_credential_identifiers ADD FOREIGN KEY (identity_credential_id) REFERENCES identity_credentials(id) ON DELETE CASCADE;
ALTER TABLE identity_credential_identifiers ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_credential_identifiers ADD FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_credentials ADD FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types(id) ON DELETE CASCADE;
ALTER TABLE identity_credentials ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE identity_credentials ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_login_codes ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_login_codes ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_login_codes ADD FOREIGN KEY (selfservice_login_flow_id) REFERENCES selfservice_login_flows(id) ON DELETE CASCADE;
ALTER TABLE identity_recovery_addresses ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE identity_recovery_addresses ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_recovery_codes ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_recovery_codes ADD FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses(id) ON DELETE CASCADE;
ALTER TABLE identity_recovery_codes ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_recovery_codes ADD FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows(id) ON DELETE CASCADE;
ALTER TABLE identity_recovery_tokens ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_recovery_tokens ADD FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses(id) ON DELETE CASCADE;
ALTER TABLE identity_recovery_tokens ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_recovery_tokens ADD FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows(id) ON DELETE CASCADE;
ALTER TABLE identity_registration_codes ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_registration_codes ADD FOREIGN KEY (selfservice_registration_flow_id) REFERENCES selfservice_registration_flows(id) ON DELETE CASCADE;
ALTER TABLE identity_verifiable_addresses ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE identity_verifiable_addresses ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_verification_codes ADD FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses(id) ON DELETE CASCADE;
ALTER TABLE identity_verification_codes ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_verification_codes ADD FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows(id) ON DELETE CASCADE;
ALTER TABLE identity_verification_tokens ADD FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses(id) ON DELETE CASCADE;
ALTER TABLE identity_verification_tokens ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE identity_verification_tokens ADD FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows(id) ON DELETE CASCADE;
ALTER TABLE selfservice_errors ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE selfservice_login_flows ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE selfservice_recovery_flows ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE selfservice_recovery_flows ADD FOREIGN KEY (recovered_identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE selfservice_recovery_requests ADD FOREIGN KEY (recovered_identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE selfservice_registration_flows ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE selfservice_settings_flows ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE selfservice_settings_flows ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE selfservice_settings_requests ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE selfservice_verification_flows ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE session_devices ADD FOREIGN KEY (nid) REFERENCES networks(id) ON DELETE CASCADE;
ALTER TABLE session_devices ADD FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE;
ALTER TABLE sessions ADD FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE;
ALTER TABLE sessions ADD FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE;
