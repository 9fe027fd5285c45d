/**
 * The same statement written otherwise: white space and comments between tokens, keywords and names in another case, plain names in quotes. What
 * is decided about it must stay the same.
 */
import { tokenize } from '../../core/sql/text/lexer.ts';
import type { Random } from './random.ts';

/** Names of the shop that are no keywords of any kind, so that quoting them changes nothing. */
const QUOTABLE: ReadonlySet<string> = new Set(
  (
    'customers orders order_items products tickets ticket_messages employees events scratch preferences articles payroll vip_customers id email ' +
    'phone ssn tenant salary birth_date notes city tier tags contact_numbers profile last_ip created_at customer_id order_id product_id sku price stock ' +
    'supplier_cost national_id department manager_id iban gross subject'
  ).split(' '),
);
const GAPS = [' ', '\n', '\t', '  \r\n', ' /* x */ ', '/**/', ' -- y\n', '/* /* nested */ \' " $$ */', ' --;\n\f', '\v '];

export function reformat(sql: Buffer, random: Random): Buffer {
  const list = tokenize(sql);
  const parts: Buffer[] = [];
  let end = 0;
  for (const token of list) {
    const gap = sql.subarray(end, token.start);
    const previous = list[token.index - 1];
    // `N'x'` is one thing for the server; strings in two lines are one, in one line none.
    const fixed =
      previous !== undefined &&
      ((token.kind === 'string' && (previous.kind === 'string' || (gap.length === 0 && previous.kind === 'identifier'))) ||
        previous.kind === 'invalid' ||
        token.kind === 'invalid');
    if (fixed) parts.push(gap);
    else if (previous !== undefined || random.once(4)) {
      if (gap.length > 0) parts.push(random.once(2) ? gap : Buffer.from(random.pick(GAPS)));
      else if (random.once(4)) parts.push(Buffer.from(random.pick(GAPS)));
    }
    parts.push(
      token.kind === 'identifier'
        ? rename(sql.subarray(token.start, token.end), random, besideQuote(sql, token.start, token.end))
        : sql.subarray(token.start, token.end),
    );
    end = token.end;
  }
  return Buffer.concat([...parts, sql.subarray(end)]);
}

/** Quotes there would join with those of the neighbour. */
function besideQuote(sql: Buffer, start: number, end: number): boolean {
  return sql[end] === 0x22 || sql[start - 1] === 0x22;
}

function rename(name: Buffer, random: Random, bare: boolean): Buffer {
  const text = name.toString('utf8');
  // Only ASCII letters fold.
  if (!/^[A-Za-z0-9_$]+$/.test(text)) return name;
  if (!bare && QUOTABLE.has(text.toLowerCase()) && random.once(3)) return Buffer.from(`"${text.toLowerCase()}"`);
  if (random.once(3)) return Buffer.from(text.toUpperCase());
  if (random.once(3)) return Buffer.from(text.toLowerCase());
  return name;
}
