/**
 * A decision never depends on layout: white space, comments, letter case of keywords and quoting of names between the same
 * tokens give the same verdict, and a rewritten text of the same tree.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWasmParser, type WasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { tokenize } from '../../core/sql/text/lexer.ts';
import { sameTree } from '../../core/sql/text/verify.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, planOf, startLab } from './support.ts';

const STATEMENTS = [
  `UPDATE customers AS c SET email = $1, name = coalesce($2, c.name), (phone, region) = ('a', 'b') WHERE c.id = 1 AND (email LIKE 'x%' OR c.phone::int > 3) AND ssn IS NULL RETURNING *, lower(email), c.ssn AS s`,
  `UPDATE notes SET n = n + 1, copy = d.name FROM customers d WHERE d.id = notes.customer_id AND d.email <> 'x' RETURNING notes.*, d.email`,
  `DELETE FROM ONLY public.customers USING notes n WHERE n.customer_id = customers.id AND CASE WHEN n.n > 1 THEN true ELSE false END RETURNING customers.email`,
  `INSERT INTO customers (id, email) VALUES (1, 'a'), (2, DEFAULT) ON CONFLICT (id) WHERE id > 0 DO UPDATE SET email = excluded.email, name = 'x' WHERE customers.ssn IS NULL RETURNING id, email`,
  `INSERT INTO customers VALUES (1, 'a')`,
  `INSERT INTO intake (id, extra) SELECT id, name FROM customers WHERE email = 'a' ORDER BY id LIMIT 3`,
  `WITH u AS (UPDATE customers SET name = 'x' WHERE id = 1), d AS (DELETE FROM orders WHERE id = 2 RETURNING amount) SELECT amount FROM d`,
  `MERGE INTO customers t USING (notes s JOIN intake i ON i.id = s.id) ON t.id = s.customer_id AND t.phone::int = 1 WHEN MATCHED AND t.email = 'q' THEN UPDATE SET name = 'x', email = s.body WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.body)`,
  `UPDATE customers SET name = email`,
  `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING hidden`,
  `DELETE FROM customers WHERE customers IS NOT NULL`,
];

const GAPS = [' ', '\n', '\t ', ' /* c */ ', " /* ' ( */ ", ' -- " )\n', '\r\n', ' /* a /* b */ c */ '];

describe('layout', () => {
  let lab: Lab;
  let parser: WasmParser;
  beforeAll(async () => {
    lab = await startLab(18, SCHEMA);
    parser = await createWasmParser();
  });
  afterAll(async () => lab?.stop());

  test('does not change what is decided or written', () => {
    const engine = lab.engine({ ...POLICY, requireWhere: true });
    const gaps = fc.infiniteStream(fc.constantFrom(...GAPS));
    const upper = fc.infiniteStream(fc.boolean());
    let allowed = 0;
    fc.assert(
      fc.property(fc.constantFrom(...STATEMENTS), gaps, upper, (sql, gap, large) => {
        const bytes = Buffer.from(sql);
        const tokens = tokenize(bytes).map((token) => {
          const text = bytes.toString('utf8', token.start, token.end);
          return token.kind === 'identifier' && large.next().value ? text.toUpperCase() : text;
        });
        const other = tokens.map((text) => text + gap.next().value).join('');
        const [before, after] = [planOf(engine, sql), planOf(engine, other)];
        expect(after.denial?.code, `${other}\n${JSON.stringify(after.denial)}`).toBe(before.denial?.code);
        expect({ ...after.facts, rules: [] }).toEqual({ ...before.facts, rules: [] });
        if (before.decision === 'deny') return;
        allowed += 1;
        const [one, two] = [parser.parse(before.text), parser.parse(after.text)];
        expect(one.ok && two.ok && sameTree(one.tree.stmts, two.tree.stmts), `${before.text}\n${after.text}`).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(allowed).toBeGreaterThan(100);
  });

  test('each statement of a text is judged and rewritten in its own place', () => {
    const engine = lab.engine(POLICY);
    const sql = `/* é */ UPDATE customers SET name = 'é' WHERE id = 1; DELETE FROM customers -- all\n; INSERT INTO customers (id, email) VALUES (1, 'x') RETURNING email`;
    const texts = sql.split(';').map((part) => planOf(engine, part.trim()).text);
    const plans = engine.analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] }, lab.session());
    const trees = (text: string): unknown => {
      const outcome = parser.parse(text);
      return outcome.ok ? outcome.tree.stmts : outcome;
    };
    expect(plans.map((plan) => plan.decision)).toEqual(['allow', 'allow', 'allow']);
    for (const [index, plan] of plans.entries()) expect(sameTree(trees(plan.text), trees(texts[index]!)), plan.text).toBe(true);
  });
});
