/**
 * A row filter is also the check for new rows. The server itself has to raise the error, in the middle of the statement, so
 * that the statement's effects are undone: the check is an expression in RETURNING (or in a condition) whose false branch
 * casts a marker text to boolean. The error text then carries the marker; the session recognises it there and answers with
 * SLUICE-304 instead of the server's sentence.
 *
 * The cast's operand is `concat(…)`, which is STABLE: planning does not evaluate it, so the error cannot come too early.
 */
import { type Denial, denial } from '../../errors/denial.ts';
import { quoteLiteral } from '../../catalog/catalog.ts';

/** Every marker starts so; no other text of ours does. */
export const ROW_FILTER_MARKER = 'sluice-row-filter';

/** `new`: the row as stored would be outside the filter. `old`: an existing row outside it would have been changed. */
export type CheckedRow = 'new' | 'old';

/** A boolean SQL expression that always raises. `relation` is shown to the client: a name the client may know. */
export function raiseExpression(row: CheckedRow, relation: string): string {
  return `(pg_catalog.concat(${quoteLiteral(`${ROW_FILTER_MARKER}:${row}:${relation}`)})::pg_catalog.bool)`;
}

/**
 * The denial for an ErrorResponse's message (field M), or undefined when the error is not one of ours. A client can
 * produce the text itself; it then gets this denial for a statement that failed anyway.
 */
export function rowFilterDenial(message: string): Denial | undefined {
  const match = /sluice-row-filter:(new|old):([^\n]*?)"?$/.exec(message);
  if (match === null) return undefined;
  const relation = match[2] ?? '';
  return match[1] === 'old'
    ? denial('SLUICE-304', `The existing row of ${relation} is outside the rows that are granted.`, {
        detail: 'ON CONFLICT DO UPDATE and MERGE change only rows that satisfy the row filter.',
        hint: 'Use another key, or DO NOTHING.',
      })
    : denial('SLUICE-304', `The new row violates the row filter on ${relation}.`, {
        detail: 'Rows that are inserted or updated must satisfy the row filter of the grant, as with a view WITH CHECK OPTION.',
        hint: 'Write only rows that you can also read; check the columns that the filter is about.',
      });
}
