/** A server that can say itself what was written (logical decoding), Sluice in front of it, and whoever may open the images. */
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowEvidence, RowImage } from '../../core/audit/evidence.ts';
import type { Intent, Outcome, SealingKey } from '../../core/audit/record.ts';
import { openImages } from '../../core/audit/sealing.ts';
import { startLocalPostgres, type LocalPostgres } from '../support/postgres.ts';
import { must } from '../support/shop.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';

export interface EvidenceStand {
  readonly server: LocalPostgres;
  readonly sluice: RunningSluice;
  /** The one that records nothing. */
  readonly plain: RunningSluice | null;
  /** Superuser, past Sluice. */
  readonly direct: WireClient;
  /** Through the Sluice that records. */
  connect(): Promise<WireClient>;
  /** Through one that records nothing, to a copy of the database as it was at the beginning. */
  connectPlain(): Promise<WireClient>;
  /** Outcomes with their intents that have come since the last call, images opened. */
  outcomes(): Promise<readonly RecordedOutcome[]>;
  stop(): Promise<void>;
}

export interface RecordedOutcome {
  readonly intent: Intent;
  readonly outcome: Outcome;
  readonly evidence: RowEvidence | undefined;
  /** Every image that is sealed in it. */
  readonly changes: readonly {
    readonly relation: string;
    readonly action: 'Insert' | 'Update' | 'Delete';
    readonly rows: readonly RowImage[];
  }[];
}

export interface StandOptions {
  readonly major: 15 | 18;
  readonly schema: string;
  readonly rows?: 'None' | 'Writes' | 'Keys';
  readonly recipients?: boolean;
  /** The policy's spec beside subjects and databaseRef; default: everything. */
  readonly policy?: string;
  /** A second database, and a Sluice that records nothing in front of it. */
  readonly twin?: boolean;
  /** The login of Sluice; default: the owner of the tables. */
  readonly login?: readonly [name: string, password: string];
}

const EVERYTHING = `
  grants:
    - {tables: ["*.*"], actions: ["*"]}
  functions: ["*"]
  session: {temporaryTables: true, listen: ["*"], notify: ["*"], advisoryLocks: true}`;

export async function startStand(options: StandOptions): Promise<EvidenceStand> {
  const server = await startLocalPostgres({
    major: options.major,
    settings: { wal_level: 'logical', max_replication_slots: '4', autovacuum: 'off', synchronous_commit: 'on' },
  });
  let direct = await WireClient.connect({
    port: server.port,
    user: 'postgres',
    database: 'postgres',
    password: server.password,
  });
  await must(direct, "CREATE ROLE app LOGIN PASSWORD 'app'");
  await must(direct, 'ALTER SCHEMA public OWNER TO app');
  await must(direct, `SET ROLE app; ${options.schema}; RESET ROLE`);
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-evidence-'));
  const [login, password] = options.login ?? ['app', 'app'];
  const recipients = options.recipients === false ? '' : `, recipients: ["${recipient}"]`;
  const start = async (database: string, audit: string): Promise<RunningSluice> => {
    const policy = join(directory, `${database}.yaml`);
    await writeFile(policy, policyText(database, login, password, audit, options.policy ?? EVERYTHING));
    const upstream = server.url(database, login, password);
    return await startSluice({ policy: [policy], as: 'ai-agents/agent', upstream });
  };
  if (options.twin === true) {
    const admin = await WireClient.connect({
      port: server.port,
      user: 'postgres',
      database: 'template1',
      password: server.password,
    });
    await direct.close();
    await must(admin, 'CREATE DATABASE plain TEMPLATE postgres');
    await admin.close();
    direct = await WireClient.connect({ port: server.port, user: 'postgres', database: 'postgres', password: server.password });
  }
  const sluice = await start('postgres', `{rows: ${options.rows ?? 'Writes'}${recipients}}`);
  const plain = options.twin === true ? await start('plain', '{rows: None}') : null;
  const trail = new Trail(sluice.auditFile, identity);
  return {
    server,
    sluice,
    plain,
    direct,
    connect: () => sluice.connect('postgres'),
    connectPlain: () => plain!.connect('plain'),
    outcomes: async () => {
      // What has been answered before it is in the trail before it.
      const client = await sluice.connect('postgres');
      await client.query('SHOW server_version');
      await client.close();
      return (await trail.outcomes()).filter(({ intent }) => intent.kind !== 'show');
    },
    stop: async () => {
      await sluice.stop();
      await plain?.stop();
      await direct.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function policyText(database: string, login: string, password: string, audit: string, policy: string): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: ${database}}
  tls: {mode: Disable}
  credentialsSecretRef: {name: login}
  sensitivity: {detection: "Off"}
  audit: ${audit}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: data-platform}
stringData: {username: ${login}, password: ${password}}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: everything, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects:
    - serviceAccount: {namespace: ai-agents, name: agent}
  mode: Enforce${policy}
`;
}

class Trail {
  readonly #file: string;
  readonly #identity: string;
  readonly #keys = new Map<string, Buffer>();
  readonly #intents = new Map<string, Intent>();
  #lines = 0;

  constructor(file: string, identity: string) {
    this.#file = file;
    this.#identity = identity;
  }

  /** Waits until every intent that is there has its outcome. */
  async outcomes(): Promise<readonly RecordedOutcome[]> {
    const fresh: RecordedOutcome[] = [];
    for (let tries = 0; ; tries += 1) {
      const lines = (await readFile(this.#file, 'utf8')).split('\n').filter((line) => line !== '');
      for (const line of lines.slice(this.#lines)) {
        const record = JSON.parse(line) as Intent | Outcome | SealingKey;
        if (record.type === 'sealing-key') await this.#open(record);
        if (record.type === 'intent' && record.decision === 'allow') this.#intents.set(record.statement, record);
        if (record.type === 'outcome') this.#add(record, fresh);
      }
      this.#lines = lines.length;
      if (this.#intents.size === 0 && fresh.length > 0) return fresh;
      if (tries > 3_000) throw new Error(`no outcome for ${[...this.#intents.keys()].join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #add(outcome: Outcome, fresh: RecordedOutcome[]): void {
    const intent = this.#intents.get(outcome.statement);
    if (intent === undefined) return;
    this.#intents.delete(outcome.statement);
    const { evidence } = outcome;
    const { images, sealedBy } = evidence ?? {};
    const opened =
      images === undefined || sealedBy === undefined
        ? []
        : openImages(this.#keys.get(sealedBy)!, sealedBy, outcome.statement, images).changes;
    fresh.push({ intent, outcome, evidence, changes: opened });
  }

  async #open(record: SealingKey): Promise<void> {
    const decrypter = new Decrypter();
    decrypter.addIdentity(this.#identity);
    const file = Buffer.from(record.sealed[0]!.file, 'base64');
    this.#keys.set(record.id, Buffer.from(await decrypter.decrypt(file)));
  }
}
