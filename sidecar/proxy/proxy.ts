/**
 * The standalone process put together: one Database, a listener. Everything that can fail at start fails here, before the first client is
 * accepted.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { SecureContext } from 'node:tls';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { PolicyHost } from '../bundle/host.ts';
import { atMost, systemClock } from '../bundle/clock.ts';
import type { PolicySource } from '../bundle/policy-source.ts';
import type { Journal } from '../journal/journal.ts';
import type { Findings } from '../../core/sensitivity/findings.ts';
import { LargeAnalyser } from '../parser/large-analyser.ts';
import { listen, type ListenAddress } from '../listen/listener.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Access } from './access.ts';
import { ServedDatabase } from './served-database.ts';

export interface ProxyOptions {
  readonly source: PolicySource;
  readonly identity: Identity;
  readonly listen: readonly ListenAddress[];
  /** Absent: clients are told that there is no TLS. */
  readonly secureContext?: () => SecureContext;
  /** Asked for each connection. Throws AccessError. */
  readonly access: () => Access;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  readonly log: EventLog;
  readonly reportDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
  /** What detection found in earlier runs, and where to keep it. */
  readonly findings?: Findings;
  /** 32 bytes, taken over; absent: digests are under a key of this process alone. */
  readonly digestKey?: Buffer;
  readonly saveFindings?: (findings: Findings) => Promise<void>;
}

/** How long clients wait for detection to look into values, milliseconds; it goes on afterwards. Enough for an ordinary database. */
const SAMPLE_WAIT = 250;

export interface RunningProxy {
  readonly addresses: readonly ListenAddress[];
  readonly host: PolicyHost;
  /** Serves nobody new, lets transactions finish for at most `deadline` milliseconds, ends the rest. */
  drain(deadline: number): Promise<void>;
}

/** Rejects with UpstreamError, ListenError, AccessError, CatalogError or NoPolicyError: each message is one clear sentence. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { source, identity, telemetry, log } = options;
  const parsing = createWasmParser();
  const large = new LargeAnalyser();
  const database = new ServedDatabase({ ...options, identity: () => identity, parser: await parsing, large });
  if (options.digestKey !== undefined) database.keys.setDigestKey(options.digestKey, 'file');
  try {
    await database.schema.prepare();
    await database.host.start();
    if (database.host.engine === undefined) throw new NoPolicyError(database.host.reason);
    await atMost(systemClock, SAMPLE_WAIT, database.host.sampled);
    const listener = await listen({
      addresses: options.listen,
      ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
      onClient: (client) => database.serve(client),
      onCancel: (key) => database.cancel(key),
      onRefused: ({ code }) => {
        telemetry.refusal(code);
        telemetry.refused(code);
      },
      onFault: (error) => log('error', 'internal-error', { error: error instanceof Error ? error.stack : String(error) }),
    });
    return {
      addresses: listener.addresses,
      host: database.host,
      drain: async (deadline) => {
        // Open until the last session is gone: newcomers are told why they are not served, and cancel requests still arrive.
        await database.drain(deadline);
        listener.close();
        database.close();
        source.close();
        await large.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The identity is not granted anything on this database. */
export class NoPolicyError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NoPolicyError';
  }
}
