// Run by `helm test` (templates/tests/readiness.yaml) in the operator's image. Needs nothing but Node.
import { connect } from 'node:tls';

const { READINESS, WEBHOOK, STREAM, PATIENCE = '60' } = process.env;
const deadline = Date.now() + Number(PATIENCE) * 1_000;

await settled('ready', async () => {
  const answer = await fetch(READINESS, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`${READINESS} answers ${answer.status}: ${await answer.text()}`);
  return READINESS;
});
for (const [what, address] of [
  ['webhook', WEBHOOK],
  ['stream', STREAM],
])
  await settled(what, () => certificateOf(address));

/** Right after an installation a Service may need a second. */
async function settled(what, attempt) {
  for (;;) {
    try {
      console.log(`ok    ${what}: ${await attempt()}`);
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        console.log(`FAIL  ${what}: ${error.cause?.message || error.message || error.code}`);
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** The authority is the operator's own, known to the API server and to sidecars, not to this pod: only name and dates are looked at. */
function certificateOf(address) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), servername: host, rejectUnauthorized: false }, () => {
      const { subjectaltname = '', valid_to: end } = socket.getPeerCertificate();
      socket.destroy();
      if (!subjectaltname.split(', ').includes(`DNS:${host}`))
        reject(new Error(`the certificate is for ${subjectaltname}, not for ${host}`));
      else if (Date.parse(end) < Date.now()) reject(new Error(`the certificate of ${host} ended on ${end}`));
      else resolve(`${address}, certificate until ${end}`);
    });
    socket.setTimeout(5_000, () => socket.destroy(new Error(`${address} does not answer`)));
    socket.once('error', reject);
  });
}
