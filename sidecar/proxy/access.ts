/**
 * How this process gets at the database: address, TLS, login. From the Database object and its Secrets, or from a URL that
 * overrides all three for local use. Looked up again for every connection, so that a rotated credential is used at once.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecretObject } from '../../core/policy/documents.ts';
import { maskKeyBlocks } from '../../core/policy/masks/hash.ts';
import { MASK_KEY_SETTINGS } from '../../core/policy/bundle.ts';
import type { Database } from '../../crds/database.ts';
import type { StateFrame } from '../../core/stream/frames.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { UpstreamUrl } from '../upstream/upstream-url.ts';

export interface Access {
  readonly target: UpstreamTarget;
  readonly user: string;
  readonly password?: string;
  /** Name of the database on the server. */
  readonly database: string;
  readonly requireChannelBinding: boolean;
  /** Startup settings that carry the key of `hash` masks. */
  readonly maskKey: readonly (readonly [name: string, value: string])[];
}

/** One sentence on what is missing. */
export class AccessError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AccessError';
  }
}

/** `caFile` is read here, once. Throws AccessError. */
export function accessFromUrl(url: UpstreamUrl, database: Database): Access {
  let ca: string | undefined;
  if (url.caFile !== undefined) {
    try {
      ca = readFileSync(url.caFile, 'utf8');
    } catch (error) {
      throw new AccessError(
        `the CA file ${url.caFile} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
      );
    }
  }
  return {
    target: { host: url.host, port: url.port, tls: { mode: url.tlsMode, ...(ca === undefined ? {} : { ca }) } },
    user: url.user,
    ...(url.password === undefined ? {} : { password: url.password }),
    database: url.database,
    requireChannelBinding: url.requireChannelBinding,
    maskKey: maskKeySettings(url.password, database),
  };
}

/** Throws AccessError when a Secret that the Database names is not among `secrets`, or lacks a key. */
export function accessFromObjects(database: Database, secrets: readonly SecretObject[]): Access {
  const { endpoint, tls, credentialsSecretRef } = database.spec;
  const { namespace, name } = database.metadata;
  if (credentialsSecretRef === undefined) {
    throw new AccessError(`Database ${namespace}/${name} has no credentialsSecretRef; give --upstream, or name a Secret in it`);
  }
  const value = (secret: string, key: string): string => {
    const found = secrets.find((each) => each.namespace === namespace && each.name === secret);
    if (found === undefined)
      throw new AccessError(
        `Secret ${namespace}/${secret} of Database ${name} is not among the policy files; add it or give --upstream`,
      );
    const text = found.data[key];
    if (text === undefined || text === '') throw new AccessError(`Secret ${namespace}/${secret} has no key "${key}"`);
    return text;
  };
  const password = value(credentialsSecretRef.name, 'password');
  const ca = tls.caSecretRef === undefined ? undefined : value(tls.caSecretRef.name, tls.caSecretRef.key);
  return {
    target: { host: endpoint.host, port: endpoint.port, tls: { mode: tls.mode, ...(ca === undefined ? {} : { ca }) } },
    user: value(credentialsSecretRef.name, 'username'),
    password,
    database: endpoint.database,
    requireChannelBinding: false,
    maskKey: maskKeySettings(password, database),
  };
}

/**
 * From what the operator says: the addresses are those it resolved, because the names that this machine would look up are the pod author's.
 * Throws UpstreamError while it could not resolve any.
 */
export function accessFromStream(
  state: StateFrame,
  credential: { readonly username: string; readonly password: string },
): Access {
  const { endpoint, tls } = state.object.spec;
  const { host, port } = endpoint;
  if (state.addresses.length === 0)
    throw new UpstreamError('SLUICE-802', `the operator cannot resolve the host of the database, ${host}`);
  if (tls.caSecretRef !== undefined && state.ca === undefined)
    throw new UpstreamError('SLUICE-805', 'the operator has not sent the CA of the database');
  return {
    target: {
      host,
      port,
      addresses: state.addresses,
      tls: { mode: tls.mode, ...(state.ca === undefined ? {} : { ca: state.ca }) },
    },
    user: credential.username,
    password: credential.password,
    database: endpoint.database,
    requireChannelBinding: false,
    maskKey: maskKeySettings(credential.password, state.object),
  };
}

/**
 * The key of `hash` masks is derived from the login's password: the same for every proxy of this database, never stored, and
 * of no use to anyone who does not already have the data. It changes when the password is rotated. Without a password it is
 * random, and hashes are comparable within one process only.
 */
function maskKeySettings(password: string | undefined, database: Database): readonly (readonly [string, string])[] {
  const { namespace, name } = database.metadata;
  const key =
    password === undefined
      ? randomBytes(32)
      : createHmac('sha256', password).update(`sluice mask key 1 ${namespace}/${name}`).digest();
  const { inner, outer } = maskKeyBlocks(key);
  return [
    [MASK_KEY_SETTINGS.inner, inner],
    [MASK_KEY_SETTINGS.outer, outer],
  ];
}
