// Tries connections: options of a Client as JSON a line on standard input, a line of JSON for each on standard output. `ssl.ca` names a file.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import pg from 'pg';

for await (const line of createInterface({ input: process.stdin })) {
  const { ssl, ...settings } = JSON.parse(line);
  if (ssl?.ca !== undefined) ssl.ca = readFileSync(ssl.ca, 'utf8');
  const client = new pg.Client({ ...settings, ...(ssl === undefined ? {} : { ssl }) });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    console.log(JSON.stringify({ tls: client.connection.stream.encrypted === true }));
    await client.end();
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}
