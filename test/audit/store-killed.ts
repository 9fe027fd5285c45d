/** A process that appends to an embedded store for as long as it lives, and says on standard output what has been acknowledged. */
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { OWNERS } from './store-worlds.ts';

const [directory = '', chains = '3'] = process.argv.slice(2);
const store = new EmbeddedStore({ directory, size: 1e9, whenFull: 'Refuse', clock: Date, log: () => {} });
await store.open();

/** The same for the same place, so that whoever looks knows what should be there. */
function lineAt(chain: string, seq: number): string {
  return JSON.stringify({ v: 1, seq, chain, time: '2026-11-21T10:00:00.000000Z', type: 'event', text: 'x'.repeat(seq % 300) });
}

async function write(chain: string): Promise<never> {
  // Where it ended: what came after the last acknowledgement may be there, and is sent again as a sidecar would.
  for (let first = Math.max(0, ((await store.ending(chain))?.next ?? 0) - 5); ; ) {
    const lines = Array.from({ length: 1 + (first % 7) }, (_, index) => lineAt(chain, first + index));
    await store.append({ chain, owner: OWNERS['chain-1'], first, lines });
    first += lines.length;
    process.stdout.write(`${chain} ${first}\n`);
  }
}

await Promise.all(Array.from({ length: Number(chains) }, (_, index) => write(`chain-${index}`)));
