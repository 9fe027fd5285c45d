/**
 * A process of its own that measures how long an ordinary statement takes: `neighbour.ts PORT USER PASSWORD SQL`, then a number of
 * milliseconds on each line of standard input, and a line of JSON for each.
 */
import { createInterface } from 'node:readline';
import { WireClient } from '../support/wire-client.ts';

const [port, user = '', password = '', sql = ''] = process.argv.slice(2);
const client = await WireClient.connect({ port: Number(port), user, password, database: 'shop', timeout: 60_000 });
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const times: number[] = [];
  const until = performance.now() + Number(line);
  while (performance.now() < until) {
    const began = performance.now();
    const { error } = await client.extended(sql);
    if (error !== null) throw new Error(error['M']);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  process.stdout.write(`${JSON.stringify({ p50: at(0.5), p99: at(0.99), max: at(1) })}\n`);
}
await client.close();
