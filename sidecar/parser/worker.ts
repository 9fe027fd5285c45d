/**
 * The thread that parses what is too large for the event loop. It answers with the tree as JSON text: cloning the tree itself
 * between threads costs several times as much as parsing the text where it is needed.
 */
import { parentPort } from 'node:worker_threads';
import { createWasmParser, type TextOutcome } from '../../core/sql/parse/wasm-parser.ts';
import { blankComments } from '../../core/sql/text/comments.ts';

const parser = await createWasmParser();

parentPort?.on('message', (sql: string) => {
  const outcome: TextOutcome = parser.parseToJson(blankComments(Buffer.from(sql)).toString('utf8'));
  parentPort?.postMessage(outcome);
});
