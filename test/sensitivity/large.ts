/** A schema of 500 tables, made on the server: what a scan of it costs. About eight columns each, ten of them with 100,000 rows. */
import { startLocalPostgres } from '../support/postgres.ts';
import { withClient } from './databases.ts';
import { type Cost, type Detector, scan } from './measure.ts';

export interface Large {
  readonly tables: number;
  readonly columns: number;
  readonly rows: number;
  readonly cost: Cost;
}

const KINDS: readonly (readonly [columns: string, values: string])[] = [
  [
    'id bigint PRIMARY KEY, first_name text, last_name text, email varchar(200), phone varchar(30), city text, created_at timestamptz, active boolean',
    `n, 'Anna' || n % 97, 'Berg' || n % 89, 'user' || n || '@example.org', '+4670' || (1000000 + n % 8999999), 'Lund', now() - n * interval '1 minute', n % 2 = 0`,
  ],
  [
    'id bigint PRIMARY KEY, customer_id bigint, total numeric(12,2), currency char(3), status text, note text, placed_at timestamptz, reference varchar(40)',
    `n, n % 1000, n % 10000 / 7.0, 'EUR', (ARRAY['open','paid','sent'])[n % 3 + 1], 'Please leave it with the neighbour ' || n, now() - n * interval '1 hour', md5(n::text)`,
  ],
  [
    'id bigint PRIMARY KEY, sku text, title text, description text, price numeric(10,2), stock integer, weight double precision, attributes jsonb',
    `n, 'SKU-' || n, 'Product ' || n, repeat('Compact and robust, easy to clean. ', 4), n % 900 / 3.0, n % 50, n % 70 / 9.0, jsonb_build_object('colour', 'red', 'size', n % 40)`,
  ],
  [
    'id uuid, device text, at timestamptz, value double precision, quality smallint, latitude double precision, longitude double precision, client inet',
    `gen_random_uuid(), 'd' || n % 300, now() - n * interval '1 second', n % 100 / 3.0, n % 4, 50 + n % 1000 / 100.0, 8 + n % 1000 / 100.0, '10.0.0.0'::inet + n % 65000`,
  ],
  [
    'id bigint PRIMARY KEY, actor text, action text, target_id bigint, payload jsonb, request_id uuid, duration_ms integer, logged_at timestamptz',
    `n, 'svc' || n % 5, 'update', n % 4000, jsonb_build_object('ok', true, 'n', n), gen_random_uuid(), n % 900, now() - n * interval '2 second'`,
  ],
];

export interface LargeOptions {
  readonly tables?: number;
  readonly largeTables?: number;
  readonly largeRows?: number;
}

export async function measureLarge(detector: Detector, options: LargeOptions = {}): Promise<Large> {
  const tables = options.tables ?? 500;
  const large = options.largeTables ?? 10;
  const server = await startLocalPostgres();
  try {
    let rows = 0;
    await withClient(server.url(), async (client) => {
      for (let index = 0; index < tables; index += 1) {
        const [columns, values] = KINDS[index % KINDS.length]!;
        // Every twentieth table is empty.
        const count = index < large ? (options.largeRows ?? 100_000) : index % 20 === 19 ? 0 : 300;
        const name = `t${String(index).padStart(3, '0')}`;
        await client.query(`CREATE TABLE ${name} (${columns})`);
        await client.query(`INSERT INTO ${name} SELECT ${values} FROM generate_series(1, ${count}) n`);
        rows += count;
      }
      await client.query('ANALYZE');
    });
    const concluded = await scan(server.url(), detector);
    return { tables, columns: tables * 8, rows, cost: concluded.cost };
  } finally {
    await server.stop();
  }
}
