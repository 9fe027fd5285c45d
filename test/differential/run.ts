/**
 * node test/differential/run.ts FILE.sql [--major 15|18] [--verbose]
 *
 * Runs a file of cases (cases.ts) on the shop of test/fixtures and prints a table. Exits 1 when a case is `different` that does
 * not say so itself.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { must, startShop } from '../support/shop.ts';
import { readCases } from './cases.ts';
import { compare } from './compare.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { major: { type: 'string', default: '18' }, verbose: { type: 'boolean', default: false } },
});
const file = positionals[0];
if (file === undefined || (values.major !== '15' && values.major !== '18')) {
  process.stderr.write('usage: node test/differential/run.ts FILE.sql [--major 15|18] [--verbose]\n');
  process.exit(2);
}
const { setup, cases } = readCases(await readFile(file, 'utf8'));
const shop = await startShop(values.major === '15' ? 15 : 18, ['a']);
let unexpected = 0;
try {
  const connection = await shop.connect('shop_a');
  for (const sql of setup) await must(connection, sql);
  const width = Math.max(10, ...cases.map(({ name }) => name.length));
  process.stdout.write(`${'case'.padEnd(width)}  verdict    differs in\n`);
  for (const entry of cases) {
    if (entry.rewritten === null) {
      process.stdout.write(`${entry.name.padEnd(width)}  no rewrite given\n`);
      continue;
    }
    const verdict = await compare({
      connection,
      original: entry.original,
      rewritten: entry.rewritten,
      parameters: entry.parameters,
      protocol: entry.protocol,
    });
    const note = entry.expect !== null && entry.expect !== verdict.verdict ? `  (expected ${entry.expect})` : '';
    if (note !== '' || (entry.expect === null && verdict.verdict === 'different')) unexpected++;
    process.stdout.write(
      `${entry.name.padEnd(width)}  ${verdict.verdict.padEnd(9)}  ${verdict.differences.map(({ aspect }) => aspect).join(', ')}${note}\n`,
    );
    if (values.verbose)
      for (const { aspect, original, rewritten } of verdict.differences)
        process.stdout.write(
          `    ${aspect}\n      - ${original.replaceAll('\n', '\n        ')}\n      + ${rewritten.replaceAll('\n', '\n        ')}\n`,
        );
  }
  await connection.close();
} finally {
  await shop.stop();
}
process.stdout.write(`${cases.length} cases, ${unexpected} unexpected\n`);
process.exitCode = unexpected === 0 ? 0 : 1;
