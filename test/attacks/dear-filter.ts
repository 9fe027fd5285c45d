/** The restrictive policy with row filters that let the same rows through and cost more than any probe of the client. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restrictivePolicy } from '../support/shop.ts';

/** Never true for any row, and dear. */
const never = (column: string): string => Array.from({ length: 12 }, (_, n) => `${column} LIKE '%zz${n}%zz'`).join(' OR ');
const CHEAP = "rowFilter: \"tenant = 'acme' AND region = 'eu'\"";
export const DEAR_CONDITION = `(tenant = 'acme' OR ${never('tenant')}) AND (region = 'eu' OR ${never('region')})`;
const CHEAP_TENANT = 'rowFilter: "tenant = \'acme\'"';

/** Writes it into the directory. @returns the file's path */
export async function writeDearPolicy(directory: string): Promise<string> {
  const cheap = await readFile(restrictivePolicy, 'utf8');
  if (!cheap.includes(CHEAP) || !cheap.includes(CHEAP_TENANT)) throw new Error('the restrictive policy has other filters now');
  const dear = cheap
    .replaceAll(CHEAP, `rowFilter: "${DEAR_CONDITION}"`)
    .replaceAll(CHEAP_TENANT, `rowFilter: "tenant = 'acme' OR ${never('tenant')}"`);
  const file = join(directory, 'dear.yaml');
  await writeFile(file, dear);
  return file;
}
