/**
 * A decision never depends on how a statement is laid out. Comments and white space between any two tokens, and keywords in any
 * case, give the same facts and the same rewritten tokens.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { tokenize } from '../../core/sql/text/lexer.ts';
import { catalogOf } from '../support/catalog.ts';
import { type Shop, startShop } from '../support/shop.ts';
import { engineFor, planOf } from '../support/sql-core.ts';
import { readStatements } from './statements.ts';

const statements = await readStatements(new URL('selects.sql', import.meta.url));
const GAPS = [' ', '\n', '\t ', '/**/', ' /* a; -- b */ ', '/* /* nested */ ) */', ' -- it\'s "here"\n', '\r\n', '\f'];
const parser = await createWasmParser();

/** The statement's tokens with a gap before each; unquoted words in the given case. String continuation is left alone. */
function laidOut(sql: string, gaps: readonly number[], upper: boolean): string {
  const bytes = Buffer.from(sql);
  let text = '';
  let end = 0;
  let previous = '';
  tokenize(bytes).forEach((token, index) => {
    const between = bytes.toString('utf8', end, token.start);
    const word = bytes.toString('utf8', token.start, token.end);
    const gap = GAPS[gaps[index % gaps.length]!]!;
    const separate = between !== '' || token.kind === 'punctuation' || previous === 'punctuation';
    // A comment directly after an operator would become part of it only in appearance: the scanner cuts it; two strings would join over a newline.
    const joins = token.kind === 'string' && previous === 'string';
    text += separate && !joins && index > 0 ? ` ${gap} ` : between;
    text += token.kind === 'identifier' && upper ? word.toUpperCase() : word;
    end = token.end;
    previous = token.kind;
  });
  return text;
}

const tokensOf = (sql: string): readonly string[] =>
  tokenize(Buffer.from(sql)).map((token) => (token.value === '' ? token.kind : token.value));

describe('layout', () => {
  let shop: Shop;
  let engine: SqlEngine;

  beforeAll(async () => {
    shop = await startShop(18, ['a']);
    const catalog = await catalogOf(shop.url('shop_a'));
    engine = engineFor(catalog, parser, {
      tables: {
        'public.customers': { masks: { email: 'null', ssn: 'null', phone: 'identity' }, filter: "{region} = 'eu'", write: true },
        'public.orders': { columns: ['id', 'customer_id', 'total', 'status', 'note', 'currency'], write: true },
        'public.products': { masks: { supplier_cost: 'null' }, write: true },
        'public.tickets': { write: true },
        'public.employees': { masks: { national_id: 'null' }, filter: '{salary} < 100000' },
        'public.order_items': {},
      },
    });
  }, 60_000);

  afterAll(async () => {
    await shop?.stop();
  });

  it.each(statements)('%s', (sql) => {
    const plain = planOf(engine, sql);
    fc.assert(
      fc.property(fc.array(fc.nat(GAPS.length - 1), { minLength: 5, maxLength: 40 }), fc.boolean(), (gaps, upper) => {
        const other = planOf(engine, laidOut(sql, gaps, upper));
        expect(other.decision).toBe(plain.decision);
        expect(other.denial?.code).toBe(plain.denial?.code);
        expect(other.facts).toEqual(plain.facts);
        expect(other.fingerprint).toBe(plain.fingerprint);
        expect(tokensOf(other.text)).toEqual(tokensOf(plain.text));
      }),
      { numRuns: 8 },
    );
  });
});
