/** The thread that analyses what is too large for the event loop: an engine of its own, one statement after the other. */
import { deserialize } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { analyseMessage } from '../session/stepwise.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** Bytes that a rewrite may add: nobody waits for this thread but the client who sent the statement. */
const MAXIMUM_ADDED = 1024 * 1024;

const parser = await createWasmParser();
let engine: SqlEngine | undefined;

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'engine') {
    const bytes = Buffer.from(new Uint8Array(message.catalog));
    const catalog = new Catalog(deserialize(bytes) as CatalogData);
    engine = createEngine({ catalog, bundle: message.bundle, parser, salt: message.salt, maximumAdded: MAXIMUM_ADDED });
    return;
  }
  const { request, session, altered } = message;
  const { discarded } = parser;
  const sql = Buffer.from(request.sql.buffer, request.sql.byteOffset, request.sql.byteLength);
  const plans = analyseMessage(engine!, { ...request, sql }, session, new Set(altered));
  answer(parser.discarded === discarded ? { kind: 'plans', plans } : { kind: 'broken' });
});
answer({ kind: 'ready' });

function answer(message: FromWorker): void {
  parentPort?.postMessage(message);
}
