/** One statement of the corpus on one connection: the steps before the last as simple queries, the last in the given form. */
import type { BackendMessage } from '../support/backend.ts';
import * as frontend from '../support/frontend.ts';
import type { WireClient } from '../support/wire-client.ts';
import type { Statement } from './statement.ts';

export type Form = 'simple' | 'extended' | 'binary' | 'prepared';

export function formsOf(statement: Statement): readonly Form[] {
  return statement.parameters === undefined ? ['simple', 'extended', 'binary'] : ['extended', 'binary', 'prepared'];
}

/** Everything that came back; the session is clean afterwards. */
export async function perform(client: WireClient, statement: Statement, form: Form): Promise<readonly BackendMessage[]> {
  const messages: BackendMessage[] = [];
  const keep = async (exchange: ReturnType<WireClient['query']>): Promise<void> =>
    void messages.push(...(await exchange).messages);
  if (statement.writes) await keep(client.query('BEGIN'));
  for (const sql of statement.steps.slice(0, -1)) await keep(client.query(sql));
  const last = statement.steps.at(-1) ?? '';
  const parameters = statement.parameters ?? [];
  if (form === 'simple') await keep(client.query(last));
  else if (form === 'prepared') {
    await keep(client.exchange([frontend.parse('kept', last), frontend.describe('S', 'kept'), frontend.sync]));
    await keep(client.exchange([frontend.bind({ statement: 'kept', parameters }), frontend.execute(), frontend.sync]));
    await keep(client.exchange([frontend.close('S', 'kept'), frontend.sync]));
  } else await keep(client.extended(last, { parameters, resultFormat: form === 'binary' ? 1 : 0 }));
  await client.query('ROLLBACK');
  await client.query('DISCARD ALL');
  return messages;
}
