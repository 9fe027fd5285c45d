/** What the patterns of node-postgres have in common. */
import pg from 'pg';
import type { Pattern } from '../harness.ts';

type Work = (client: pg.Client) => Promise<unknown>;

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface Tools {
  readonly address: Address;
  /** Runs the work on a connection of its own. */
  connected(work: Work, options?: pg.ClientConfig): Promise<unknown>;
  /** A pattern of that name that does so. */
  on(name: string, work: Work, options?: pg.ClientConfig): Pattern;
}

export function toolsFor(address: Address): Tools {
  const connected = async (work: Work, options: pg.ClientConfig = {}): Promise<unknown> => {
    const client = new pg.Client({ ...address, ...options });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    address,
    connected,
    on: (name, work, options) => ({ name: `node-postgres: ${name}`, run: () => connected(work, options) }),
  };
}

export function seen({ rows, fields, command, rowCount }: pg.QueryResult): unknown {
  return {
    rows,
    command,
    rowCount,
    fields: fields.map(({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format }) => ({
      name,
      tableID,
      columnID,
      dataTypeID,
      dataTypeSize,
      dataTypeModifier,
      format,
    })),
  };
}
