/**
 * From StartupMessage to the first ReadyForQuery. SCRAM is the only way to log in with a password: it keeps the password from
 * a server that only asks for it, and proves the server's knowledge of it. A server that waves us through without SCRAM
 * although a password is configured is treated as a stranger.
 */
import { randomBytes } from 'node:crypto';
import {
  decodeBackendKeyData,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeReport,
  type BackendKey,
} from '../../core/wire/server-messages.ts';
import { RESERVED_SETTING_PREFIX } from '../../core/policy/bundle.ts';
import { saslInitialResponse, saslResponse, startupMessage } from '../../core/wire/request.ts';
import { BodyReader } from '../../core/wire/reader.ts';
import { ProtocolError } from '../../core/wire/protocol-error.ts';
import { tlsServerEndPoint } from './certificate-hash.ts';
import { LoginReader } from './login-reader.ts';
import { MIN_ITERATIONS, ScramError, type ScramExchange, startScram } from './scram.ts';
import { lostConnection, type Transport } from './transport.ts';
import { UpstreamError } from './upstream-error.ts';

export interface LoginOptions {
  readonly user: string;
  /** Undefined: the server must let us in without one. */
  readonly password?: string;
  readonly database: string;
  /** See upstreamSettings(). */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly requireChannelBinding?: boolean;
}

export interface LoginResult {
  /** What the server reported, by its own spelling of the names. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Undefined where the server (or a pooler) gave none: such a connection cannot be cancelled. */
  readonly key?: BackendKey;
}

/** Authentication request codes, https://www.postgresql.org/docs/current/protocol-message-formats.html */
const AUTH_OK = 0;
const AUTH_SASL = 10;
const AUTH_SASL_CONTINUE = 11;
const AUTH_SASL_FINAL = 12;
const WEAKER: Readonly<Record<number, string>> = {
  2: 'Kerberos',
  3: 'a clear-text password',
  5: 'an MD5 password',
  6: 'SCM',
  7: 'GSSAPI',
  8: 'GSSAPI',
  9: 'SSPI',
};
const MAX_MESSAGES = 500;

/** Logs in on a fresh transport. What arrives behind ReadyForQuery is put back into the socket, which is left paused. */
export async function login(transport: Transport, options: LoginOptions): Promise<LoginResult> {
  const { socket } = transport;
  const reader = new LoginReader(socket, lostConnection);
  try {
    socket.write(startupMessage([['user', options.user], ['database', options.database], ...options.settings]));
    await authenticate(reader, transport, options);
    const result = await settle(reader);
    const rest = reader.release();
    if (rest.length > 0) socket.unshift(rest);
    return result;
  } catch (error) {
    reader.release();
    if (error instanceof ProtocolError)
      throw new UpstreamError('SLUICE-706', `the database server sent a malformed message during the login: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

async function authenticate(reader: LoginReader, transport: Transport, options: LoginOptions): Promise<void> {
  let exchange: ScramExchange | undefined;
  let stage: 'start' | 'challenge' | 'final' | 'proven' = 'start';
  for (let count = 0; count < MAX_MESSAGES; count++) {
    const { type, body } = await reader.message();
    if (type === 'E') throw refused(body, options);
    if (type === 'N') continue;
    if (type === 'v') throw new UpstreamError('SLUICE-706', 'the database server does not speak protocol 3.0');
    if (type !== 'R') throw new UpstreamError('SLUICE-706', 'the database server skipped the authentication');
    const request = new BodyReader(body, 'Authentication', 'SLUICE-706');
    const code = request.int32();
    if (code === AUTH_SASL && stage === 'start') {
      const { mechanism, started } = chooseMechanism(request, transport, options);
      exchange = started;
      stage = 'challenge';
      transport.socket.write(saslInitialResponse(mechanism, exchange.clientFirst));
    } else if (code === AUTH_SASL_CONTINUE && stage === 'challenge' && exchange !== undefined) {
      const challenge = request.take(body.length - request.at).toString('latin1');
      transport.socket.write(saslResponse(await scramStep(() => exchange!.continue(challenge))));
      stage = 'final';
    } else if (code === AUTH_SASL_FINAL && stage === 'final' && exchange !== undefined) {
      const final = request.take(body.length - request.at).toString('latin1');
      await scramStep(async () => exchange!.finish(final));
      stage = 'proven';
    } else if (code === AUTH_OK) {
      request.finish();
      if (stage === 'proven' || (stage === 'start' && options.password === undefined)) return;
      throw new UpstreamError('SLUICE-805', 'the database server accepted the login without proving that it knows the password', {
        hint: 'Its pg_hba.conf says "trust" for us, or it is not the server it should be. Require scram-sha-256 there, or configure no password.',
      });
    } else if (WEAKER[code] !== undefined) {
      throw new UpstreamError('SLUICE-804', `the database server asks for ${WEAKER[code]}, which is not sent`, {
        hint: "Only SCRAM-SHA-256 is used: SET password_encryption = 'scram-sha-256', set the password again, and say scram-sha-256 in pg_hba.conf.",
      });
    } else {
      throw new UpstreamError('SLUICE-706', 'the database server sent an authentication request out of order');
    }
  }
  throw new UpstreamError('SLUICE-706', 'the database server sends endlessly during the login');
}

function chooseMechanism(
  request: BodyReader,
  transport: Transport,
  options: LoginOptions,
): { mechanism: string; started: ScramExchange } {
  const offered: string[] = [];
  for (let name = request.cstring(); name.length > 0; name = request.cstring()) offered.push(name.toString('latin1'));
  request.finish();
  const { password } = options;
  if (password === undefined)
    throw new UpstreamError('SLUICE-804', 'the database server asks for a password and none is configured', {
      hint: 'Put username and password into the Secret that credentialsSecretRef names, or into --upstream.',
    });
  const data = transport.certificate === undefined ? undefined : tlsServerEndPoint(transport.certificate);
  const minIterations = transport.verified ? 1 : MIN_ITERATIONS;
  const nonce = randomBytes(18).toString('base64');
  if (data !== undefined && offered.includes('SCRAM-SHA-256-PLUS')) {
    const mechanism = 'SCRAM-SHA-256-PLUS';
    return { mechanism, started: startScram({ password, nonce, mechanism, binding: { flag: 'p', data }, minIterations }) };
  }
  if (options.requireChannelBinding === true)
    throw new UpstreamError('SLUICE-805', 'channel binding is required and the database server does not offer it');
  if (!offered.includes('SCRAM-SHA-256'))
    throw new UpstreamError('SLUICE-804', 'the database server offers no login method that is used here', {
      hint: 'Only SCRAM-SHA-256 and SCRAM-SHA-256-PLUS are.',
    });
  const mechanism = 'SCRAM-SHA-256';
  return {
    mechanism,
    started: startScram({ password, nonce, mechanism, binding: { flag: data === undefined ? 'n' : 'y' }, minIterations }),
  };
}

async function scramStep<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof ScramError) throw new UpstreamError('SLUICE-805', error.message, { cause: error });
    throw error;
  }
}

async function settle(reader: LoginReader): Promise<LoginResult> {
  const parameters = new Map<string, string>();
  let key: BackendKey | undefined;
  for (let count = 0; count < MAX_MESSAGES; count++) {
    const { type, body } = await reader.message();
    if (type === 'S') {
      const { name, value } = decodeParameterStatus(body);
      parameters.set(name, value);
    } else if (type === 'K') key = decodeBackendKeyData(body);
    else if (type === 'E') throw refused(body, undefined);
    else if (type === 'Z') {
      if (decodeReadyForQuery(body) !== 'I')
        throw new UpstreamError('SLUICE-706', 'the database server starts the session inside a transaction');
      return { parameters, ...(key === undefined ? {} : { key }) };
    } else if (type !== 'N')
      throw new UpstreamError('SLUICE-706', 'the database server sent an unexpected message during the login');
  }
  throw new UpstreamError('SLUICE-706', 'the database server sends endlessly during the login');
}

/** invalid_parameter_value, undefined_object, cant_change_runtime_param. */
const SETTING_FAULTS: ReadonlySet<string> = new Set(['22023', '42704', '55P02']);

/** The server's ErrorResponse; its text goes to the operator only, except about a setting that the client asked for. */
function refused(body: Buffer, options: LoginOptions | undefined): UpstreamError {
  const fields = decodeReport(body);
  const sqlstate = fields.get('C')?.toString('latin1') ?? '';
  const text = (fields.get('M')?.subarray(0, 300).toString('utf8') ?? 'no reason given').replace(/\p{Cc}/gu, ' ');
  if (sqlstate.startsWith('28'))
    return new UpstreamError(
      'SLUICE-804',
      `the database server refused the login${options === undefined ? '' : ` of "${options.user}"`}: ${text}`,
    );
  if (sqlstate === '3D000') return new UpstreamError('SLUICE-801', `the database server has no such database: ${text}`);
  // A setting of the startup packet that the server does not know, or not with this value: the client asked for it.
  if (SETTING_FAULTS.has(sqlstate) && !text.includes(RESERVED_SETTING_PREFIX))
    return new UpstreamError('SLUICE-205', `the database server refused a setting: ${text}`, { sqlstate, told: text });
  const helps = /^(?:53300|57P0[1-5])$/.test(sqlstate);
  return new UpstreamError('SLUICE-807', `the database server did not accept the connection: ${text}`, helps ? { sqlstate } : {});
}
