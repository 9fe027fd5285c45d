/** Listens at a relay with the canary oracle: which statement of which file made a protected cell come back. */
import type { CanaryOracle } from '../../oracle/canary-oracle.ts';
import { serverMessage } from '../../support/backend.ts';
import { refusalOf } from '../floors.ts';
import type { FrontRelayOptions } from './front-relay.ts';

export interface Leak {
  /** The last part of what the client called itself: the suite's file. */
  readonly file: string;
  readonly column: string;
  readonly encoding: string;
  readonly sql: string;
}

export class Watch {
  readonly #oracle: CanaryOracle;
  readonly findings: Leak[] = [];
  /** The files that said anything. */
  readonly files = new Set<string>();
  statements = 0;
  refused = 0;
  withRows = 0;
  /** Messages of each connection since its last exchange. */
  readonly #heard = new Map<number, Buffer[]>();

  constructor(oracle: CanaryOracle) {
    this.#oracle = oracle;
  }

  readonly hooks: Pick<FrontRelayOptions, 'onTargetData' | 'onExchange'> = {
    onTargetData: (bytes, connection) => {
      const heard = this.#heard.get(connection);
      if (heard === undefined) this.#heard.set(connection, [bytes]);
      else heard.push(bytes);
    },
    onExchange: ({ sql, answer }, { connection, application }) => {
      const heard = this.#heard.get(connection) ?? [];
      this.#heard.delete(connection);
      this.statements++;
      if (answer.some(({ type, body }) => type === 'E' && refusalOf(serverMessage(body)) !== null)) this.refused++;
      if (answer.some(({ type }) => type === 'D')) this.withRows++;
      this.#oracle.listen(Buffer.concat(heard), connection);
      const file = application.slice(application.lastIndexOf('/') + 1);
      this.files.add(file);
      for (const { column, encoding } of this.#oracle.take())
        this.findings.push({ file, column, encoding, sql: sql.join('; ').replaceAll(/\s+/g, ' ').slice(0, 200) });
    },
  };
}
