/**
 * What looking at frames costs: `node bench/wire.ts` pushes one large result (a million rows in chunks as sockets deliver them)
 * through the frame walker and through pg-protocol's parser, which makes an object of every row. docs/adr/0008-frames.md.
 */
import { Parser } from 'pg-protocol/dist/parser.js';
import { SERVER_FRAMES } from '../core/wire/frame-table.ts';
import { FrameWalker, PASS } from '../core/wire/frame-walker.ts';
import { commandComplete, dataRow, readyForQuery, textRowDescription } from '../core/wire/write.ts';
import { spread } from './statistics.ts';

const ROWS = 1_000_000;
const CHUNK = 65_536;
const ROUNDS = 7;

/** The stream is built from a repeating block so that building it does not dwarf what is measured. */
function chunks(): Buffer[] {
  const block = Buffer.concat(
    Array.from({ length: 1000 }, (_, i) => dataRow([String(i), `Person ${i}`, `person.${i}@example.org`, 'eu'])),
  );
  const stream = Buffer.concat([
    textRowDescription(['id', 'name', 'email', 'region']),
    ...Array.from({ length: ROWS / 1000 }, () => block),
    commandComplete(`SELECT ${ROWS}`),
    readyForQuery('I'),
  ]);
  const list: Buffer[] = [];
  for (let at = 0; at < stream.length; at += CHUNK) list.push(stream.subarray(at, at + CHUNK));
  return list;
}

function walk(list: readonly Buffer[]): { readonly rows: number; readonly writes: number } {
  let writes = 0;
  const walker = new FrameWalker(SERVER_FRAMES, { message: () => PASS, forward: () => void writes++ });
  for (const chunk of list) walker.push(chunk);
  return { rows: walker.rows, writes };
}

function parse(list: readonly Buffer[]): { readonly rows: number; readonly writes: number } {
  let rows = 0;
  const parser = new Parser();
  for (const chunk of list) parser.parse(chunk, (message) => void (message.name === 'dataRow' && rows++));
  return { rows, writes: 0 };
}

const list = chunks();
const bytes = list.reduce((sum, chunk) => sum + chunk.length, 0);
for (const [name, run] of [
  ['frame walker', walk],
  ['pg-protocol Parser', parse],
] as const) {
  const times: number[] = [];
  let result = run(list);
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    result = run(list);
    times.push(performance.now() - began);
  }
  const { min, median, max } = spread(times);
  const perRow = (median * 1e6) / ROWS;
  const rate = bytes / 1e6 / (median / 1000);
  process.stdout.write(
    `${name}: ${result.rows} rows, ${(bytes / 1e6).toFixed(0)} MB in ${list.length} chunks, ${median.toFixed(1)} ms (${min.toFixed(1)} to ${max.toFixed(1)}), ${perRow.toFixed(0)} ns a row, ${rate.toFixed(0)} MB/s${result.writes > 0 ? `, ${result.writes} writes` : ''}\n`,
  );
}
