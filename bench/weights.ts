/**
 * What would go over the stream (docs/adr/0017): the documents that a sidecar compiles, against the bundle and the catalog that it compiles to, for a
 * database of so many tables. `node bench/weights.ts [--tables 500]`
 */
import { gzipSync } from 'node:zlib';
import { parseArgs } from 'node:util';
import { Catalog } from '../core/catalog/catalog.ts';
import { compileBundle } from '../core/policy/compile.ts';
import { loadDocuments } from '../core/policy/documents.ts';
import { openQueryClient } from '../sidecar/catalog/query-client.ts';
import { readCatalog } from '../sidecar/catalog/reader.ts';
import { systemClock } from '../sidecar/bundle/clock.ts';
import { Detection } from '../sidecar/sensitivity/detection.ts';
import { SILENT } from '../sidecar/telemetry/telemetry.ts';
import { connectUpstream } from '../sidecar/upstream/connect.ts';
import { databaseYaml, policyYaml } from '../test/stream/documents.ts';
import { startLocalPostgres } from '../test/support/postgres.ts';
import { WireClient } from '../test/support/wire-client.ts';

const { values } = parseArgs({ options: { tables: { type: 'string', default: '500' } } });
const tables = Number(values.tables);
const COLUMNS = [
  'id bigint PRIMARY KEY',
  'tenant_id bigint NOT NULL',
  'name text',
  'email text',
  'phone text',
  'status varchar(20)',
  'amount numeric(12,2)',
  'note text',
  'payload jsonb',
  'created_at timestamptz',
  'updated_at timestamptz',
];
const POLICIES: Readonly<Record<string, string>> = {
  'all tables, read': '[{tables: ["*.*"], actions: [Select]}]',
  'twenty tables, columns and filters': `[${Array.from({ length: 20 }, (_, index) => `{tables: [public.table_${index}], actions: [Select], columns: [id, name, email, status], reveal: [name], rowFilter: "tenant_id = 1"}`).join(', ')}]`,
};

const server = await startLocalPostgres();
try {
  const client = await WireClient.connect({
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  });
  for (let table = 0; table < tables; table += 1) await client.query(`CREATE TABLE table_${table} (${COLUMNS.join(', ')})`);
  await client.close();
  const connection = await connectUpstream({
    target: { host: '127.0.0.1', port: server.port, tls: { mode: 'Disable' } },
    user: 'postgres',
    password: server.password,
    database: 'postgres',
    requireChannelBinding: false,
    settings: [],
  });
  const reader = openQueryClient(connection);
  const readBegan = performance.now();
  const data = await readCatalog(reader);
  const read = performance.now() - readBegan;
  const catalog = new Catalog(data);
  const detection = new Detection({ clock: systemClock, telemetry: SILENT, log: () => {} });
  await detection.describe(catalog, reader);
  const rows = Object.entries(POLICIES).map(([what, grants]) => {
    const text = databaseYaml('shop') + policyYaml('read', 'shop', { grants });
    const { databases, policies } = loadDocuments([{ name: 'bench', text }]);
    const began = performance.now();
    const { bundle } = compileBundle({
      database: databases[0]!,
      policies,
      identity: { namespace: 'agents', serviceAccount: 'bot' },
      catalog,
      detected: detection.classes(catalog),
      now: Date.now(),
    });
    const compiled = performance.now() - began;
    return { what, documents: weigh({ databases, policies }), bundle: weigh(bundle), compileMs: Math.round(compiled) };
  });
  process.stdout.write(`${JSON.stringify({ tables, catalog: weigh(data), readMs: Math.round(read), rows }, null, 2)}\n`);
  reader.close();
} finally {
  await server.stop();
}

function weigh(value: unknown): { readonly KiB: number; readonly gzipKiB: number } {
  const text = JSON.stringify(value);
  const kib = (bytes: number): number => Math.round((bytes / 1024) * 10) / 10;
  return { KiB: kib(Buffer.byteLength(text)), gzipKiB: kib(gzipSync(text).length) };
}
