-- Source: org.springframework.security:spring-security-oauth2-authorization-server 1.4.0 and org.camunda.bpm:camunda-engine 7.22.0 (identity tables), from Maven; blob columns as text, as the first one says for PostgreSQL.
-- Copyright (c) 2020-2024 the original author or authors; Apache-2.0. Copyright Camunda Services GmbH; Apache-2.0.

CREATE TABLE act_id_group (
  id_ varchar(64) NOT NULL,
  rev_ integer,
  name_ varchar(255),
  type_ varchar(255),
  PRIMARY KEY (id_)
);

CREATE TABLE act_id_info (
  id_ varchar(64) NOT NULL,
  rev_ integer,
  user_id_ varchar(64),
  type_ varchar(64),
  key_ varchar(255),
  value_ varchar(255),
  password_ bytea,
  parent_id_ varchar(255),
  PRIMARY KEY (id_)
);

CREATE TABLE act_id_membership (
  user_id_ varchar(64) NOT NULL,
  group_id_ varchar(64) NOT NULL,
  PRIMARY KEY (user_id_, group_id_)
);

CREATE TABLE act_id_tenant (
  id_ varchar(64) NOT NULL,
  rev_ integer,
  name_ varchar(255),
  PRIMARY KEY (id_)
);

CREATE TABLE act_id_tenant_member (
  id_ varchar(64) NOT NULL,
  tenant_id_ varchar(64) NOT NULL,
  user_id_ varchar(64),
  group_id_ varchar(64),
  UNIQUE (tenant_id_, group_id_),
  UNIQUE (tenant_id_, user_id_),
  PRIMARY KEY (id_)
);

CREATE TABLE act_id_user (
  id_ varchar(64) NOT NULL,
  rev_ integer,
  first_ varchar(255),
  last_ varchar(255),
  email_ varchar(255),
  pwd_ varchar(255),
  salt_ varchar(255),
  lock_exp_time_ timestamp,
  attempts_ integer,
  picture_id_ varchar(64),
  PRIMARY KEY (id_)
);

CREATE TABLE oauth2_authorization (
  id varchar(100) NOT NULL,
  registered_client_id varchar(100) NOT NULL,
  principal_name varchar(200) NOT NULL,
  authorization_grant_type varchar(100) NOT NULL,
  authorized_scopes varchar(1000) DEFAULT NULL::character varying,
  attributes text,
  state varchar(500) DEFAULT NULL::character varying,
  authorization_code_value text,
  authorization_code_issued_at timestamp,
  authorization_code_expires_at timestamp,
  authorization_code_metadata text,
  access_token_value text,
  access_token_issued_at timestamp,
  access_token_expires_at timestamp,
  access_token_metadata text,
  access_token_type varchar(100) DEFAULT NULL::character varying,
  access_token_scopes varchar(1000) DEFAULT NULL::character varying,
  oidc_id_token_value text,
  oidc_id_token_issued_at timestamp,
  oidc_id_token_expires_at timestamp,
  oidc_id_token_metadata text,
  refresh_token_value text,
  refresh_token_issued_at timestamp,
  refresh_token_expires_at timestamp,
  refresh_token_metadata text,
  user_code_value text,
  user_code_issued_at timestamp,
  user_code_expires_at timestamp,
  user_code_metadata text,
  device_code_value text,
  device_code_issued_at timestamp,
  device_code_expires_at timestamp,
  device_code_metadata text,
  PRIMARY KEY (id)
);

CREATE TABLE oauth2_authorization_consent (
  registered_client_id varchar(100) NOT NULL,
  principal_name varchar(200) NOT NULL,
  authorities varchar(1000) NOT NULL,
  PRIMARY KEY (registered_client_id, principal_name)
);

CREATE TABLE oauth2_registered_client (
  id varchar(100) NOT NULL,
  client_id varchar(100) NOT NULL,
  client_id_issued_at timestamp DEFAULT CURRENT_TIMESTAMP NOT NULL,
  client_secret varchar(200) DEFAULT NULL::character varying,
  client_secret_expires_at timestamp,
  client_name varchar(200) NOT NULL,
  client_authentication_methods varchar(1000) NOT NULL,
  authorization_grant_types varchar(1000) NOT NULL,
  redirect_uris varchar(1000) DEFAULT NULL::character varying,
  post_logout_redirect_uris varchar(1000) DEFAULT NULL::character varying,
  scopes varchar(1000) NOT NULL,
  client_settings varchar(2000) NOT NULL,
  token_settings varchar(2000) NOT NULL,
  PRIMARY KEY (id)
);

ALTER TABLE act_id_membership ADD FOREIGN KEY (group_id_) REFERENCES act_id_group(id_);
ALTER TABLE act_id_membership ADD FOREIGN KEY (user_id_) REFERENCES act_id_user(id_);
ALTER TABLE act_id_tenant_member ADD FOREIGN KEY (tenant_id_) REFERENCES act_id_tenant(id_);
ALTER TABLE act_id_tenant_member ADD FOREIGN KEY (group_id_) REFERENCES act_id_group(id_);
ALTER TABLE act_id_tenant_member ADD FOREIGN KEY (user_id_) REFERENCES act_id_user(id_);
