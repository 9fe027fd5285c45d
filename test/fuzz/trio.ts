/**
 * One statement three times, each in a transaction that is rolled back: on the server itself, through Sluice with everything granted, through
 * Sluice with the restrictive policy. Behind the first and the last a canary oracle listens.
 */
import { CanaryOracle, describeFindings } from '../oracle/canary-oracle.ts';
import type { Exchange } from '../support/backend.ts';
import { startTap, type Tap } from '../support/tap.ts';
import type { WireClient } from '../support/wire-client.ts';
import type { Canary } from '../support/shop.ts';

export interface Answer {
  readonly sqlstate: string | null;
  /** Of our own refusals. */
  readonly code: string | null;
  readonly message: string;
  readonly tag: string | null;
  /** Protected cells that went by; undefined where nobody listens. */
  readonly leaked: string | undefined;
  /** The connection ended, or nothing came in time. */
  readonly lost: boolean;
}

/** A connection that is made again when it is lost, with or without an oracle on it. */
export class Line {
  readonly #connect: (port: number) => Promise<WireClient>;
  readonly #oracle: CanaryOracle | undefined;
  readonly #tap: Tap;
  #client: WireClient | undefined;

  private constructor(connect: (port: number) => Promise<WireClient>, tap: Tap, oracle: CanaryOracle | undefined) {
    this.#connect = connect;
    this.#tap = tap;
    this.#oracle = oracle;
  }

  static async start(
    port: number,
    connect: (port: number) => Promise<WireClient>,
    canaries: readonly Canary[] | undefined,
  ): Promise<Line> {
    const oracle = canaries === undefined ? undefined : new CanaryOracle(canaries);
    const tap = await startTap({ port, ...(oracle === undefined ? {} : { onServerData: oracle.listen }) });
    return new Line(connect, tap, oracle);
  }

  async run(sql: string): Promise<Answer> {
    try {
      this.#client ??= await this.#connect(this.#tap.port);
      await this.#client.query('BEGIN');
      const exchange = await this.#client.query(sql);
      if (exchange.status !== null) await this.#client.query('ROLLBACK');
      const answer = this.#answer(exchange);
      if (answer.lost) this.#forget();
      return answer;
    } catch {
      this.#forget();
      return { sqlstate: null, code: null, message: '', tag: null, leaked: this.#leaked(), lost: true };
    }
  }

  async stop(): Promise<void> {
    this.#forget();
    await this.#tap.stop();
  }

  #answer({ error, results, status }: Exchange): Answer {
    return {
      sqlstate: error?.['C'] ?? null,
      code: /SLUICE-\d{3}/.exec(error?.['D'] ?? '')?.[0] ?? null,
      message: error?.['M'] ?? '',
      tag: results.at(-1)?.tag ?? null,
      leaked: this.#leaked(),
      lost: status === null,
    };
  }

  #leaked(): string | undefined {
    const found = this.#oracle?.take() ?? [];
    return found.length === 0 ? undefined : describeFindings(found);
  }

  #forget(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }
}

const UNGRANTED = /\b(?:api_key|credit_limit|photo|supplier_cost|salary|national_id)\b/;
/** Data and time limits may differ between two runs, and between what is masked and what is not. */
const DEPENDS_ON_DATA = /^(?:2[0-35]|40|53|54|55|57|58|P0|F0|38|39|XX)/;

/** What is wrong with how everything granted answers, or undefined. `floor`: refused by design. */
export function compareOpen(
  sql: string,
  direct: Answer,
  open: Answer,
  floor: (open: Answer) => boolean,
): 'same' | 'floor' | 'unstable' | { readonly seen: string } {
  if (open.lost || direct.lost || open.code === 'SLUICE-402') return 'unstable';
  if (open.code !== null)
    return floor(open) ? 'floor' : { seen: `refused although everything is granted: ${open.code} ${open.message}` };
  if (direct.sqlstate !== open.sqlstate) {
    const sampled = /tablesample/i.test(sql) && [direct, open].every(({ sqlstate }) => DEPENDS_ON_DATA.test(sqlstate ?? '22000'));
    return sampled || dependsOnRun(direct) || dependsOnRun(open)
      ? 'unstable'
      : { seen: `${describe(direct)}; everything granted: ${describe(open)}` };
  }
  // A sample is another one each time, and so is what is wrong with its rows.
  return direct.tag === open.tag || /tablesample/i.test(sql)
    ? 'same'
    : { seen: `${direct.tag}; everything granted: ${open.tag}` };
}

/**
 * The same for the restrictive policy: what it allows the server must take, unless the data behind the masks say otherwise. `trees`: of the
 * statement as the client wrote it.
 */
export function compareNarrow(
  sql: string,
  direct: Answer,
  narrow: Answer,
  trees: () => readonly unknown[],
): 'same' | 'denied' | 'unstable' | { readonly seen: string } {
  if (narrow.lost) return direct.lost ? 'unstable' : { seen: `${describe(direct)}; restricted: the connection ended` };
  if (narrow.code === 'SLUICE-105' || narrow.code === 'SLUICE-707') return { seen: `${narrow.code} ${narrow.message}` };
  if (narrow.code !== null) return 'denied';
  if (direct.lost) return 'unstable';
  if (narrow.sqlstate === null || direct.sqlstate !== null) return 'same';
  // To the server, too, there is no such column.
  if (narrow.sqlstate === '42703' && UNGRANTED.test(narrow.message)) return 'denied';
  // Values of type reg* are shown as text where objects are hidden (introspect/guards.ts): they mix with no numbers.
  if (
    /^42(?:804|883|846)$/.test(narrow.sqlstate) &&
    /\breg(?:class|type|proc|procedure|namespace|role|oper|operator)\b|pg_typeof/i.test(sql)
  )
    return 'denied';
  // Functions of a whole row, called as if they were its fields: what stands there is no row of the table any more.
  if (narrow.sqlstate === '42846' && /type record\b/.test(narrow.message)) return 'denied';
  // The server compares rows member by member and complains of one without a type when all before it are equal, as masks often are. A member
  // without a type must be the client's own: masks have one.
  if (narrow.sqlstate === '42883' && UNTYPED_MEMBER.test(narrow.message) && hasUntypedMember(trees())) return 'same';
  return DEPENDS_ON_DATA.test(narrow.sqlstate) ? 'same' : { seen: `${describe(direct)}; restricted: ${describe(narrow)}` };
}

const UNTYPED_MEMBER = /^could not identify an? (?:comparison function|equality operator|hash function) for type unknown$/;

/** A row that is written out with a string or NULL that has no type. */
function hasUntypedMember(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasUntypedMember);
  if (typeof node !== 'object' || node === null) return false;
  const { RowExpr: row } = node as { readonly RowExpr?: { readonly args?: readonly unknown[] } };
  return (row?.args ?? []).some(isUntyped) || Object.values(node).some(hasUntypedMember);
}

function isUntyped(node: unknown): boolean {
  const constant = (node as { readonly A_Const?: { readonly sval?: unknown; readonly isnull?: boolean } }).A_Const;
  return constant?.sval !== undefined || constant?.isnull === true;
}

function dependsOnRun({ sqlstate }: Answer): boolean {
  return sqlstate !== null && /^(?:57|55|40|53)/.test(sqlstate);
}

function describe({ sqlstate, message, tag }: Answer): string {
  return sqlstate === null ? `${tag}` : `${sqlstate} ${message}`;
}
