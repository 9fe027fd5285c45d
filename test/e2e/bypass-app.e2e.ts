/**
 * An application that has read everything in its container wants more than its policy: the database itself, the sidecar's memory and process, the
 * operator, other sidecars. It finds no login, and everything it tries is refused where somebody can see it.
 */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, openWorld } from './world.ts';

const world = await openWorld();
const IDLE = ['sleep', 'infinity'];
const OPERATOR = 'sluice-operator.sluice-system.svc';

let namespace: string;
let baseline: string;
/** Of Database shop, as the sidecar has it. */
let login: { readonly username: string; readonly password: string };
let addresses: { readonly database: string; readonly app: string };
/** Everything that an application has been told. */
const heard: string[] = [];
/** In a literal of a statement: nothing but the database may have it afterwards. */
const CANARY = `canary-${randomBytes(6).toString('hex')}`;
let secretValues: ReadonlySet<string>;

beforeAll(async () => {
  [namespace, baseline] = await Promise.all([world.namespace('app'), world.namespace('app-baseline')]);
  await world.kubectl(['label', 'namespace', baseline, 'pod-security.kubernetes.io/enforce=baseline', '--overwrite']);
  await Promise.all([
    world.agent({ namespace, serviceAccount: 'agent' }),
    world.agent({ namespace: baseline, serviceAccount: 'agent' }),
    world.apply(namespace, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody' } }),
  ]);
  await Promise.all([
    world.pod({ namespace, name: 'app', serviceAccount: 'agent', command: IDLE }),
    world.pod({ namespace, name: 'short-lived', serviceAccount: 'agent', command: IDLE }),
    world.pod({ namespace, name: 'neighbour', serviceAccount: 'nobody', command: IDLE, inject: null }),
    // What the runtime gives by default: root in its container.
    world.pod({
      namespace: baseline,
      name: 'root',
      serviceAccount: 'agent',
      command: IDLE,
      container: { securityContext: { runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: true } },
      spec: { securityContext: {} },
    }),
  ]);
  await Promise.all([
    world.ready(namespace, 'app'),
    world.ready(namespace, 'short-lived'),
    world.ready(namespace, 'neighbour'),
    world.ready(baseline, 'root'),
  ]);
  const secret = await world.get<{ data: Record<string, string> }>('data-platform', 'secret', 'shop-login');
  const plain = (key: string): string => Buffer.from(secret.data[key] ?? '', 'base64').toString();
  login = { username: plain('username'), password: plain('password') };
  const service = await world.get<{ spec: { clusterIP: string } }>('data-platform', 'service', 'shop-db');
  addresses = {
    database: service.spec.clusterIP,
    app: (await world.get(namespace, 'pod', 'app')).status!.podIP!,
  };
  secretValues = new Set((await world.sql('SELECT ssn FROM customers')).split('\n'));
  expect(secretValues.size).toBeGreaterThan(1000);
});

async function inPod(pod: string, script: string, where = namespace): Promise<CommandResult> {
  const result = await world.exec(where, pod, 'app', ['sh', '-c', script], { mayFail: true });
  heard.push(result.stdout, result.stderr);
  return result;
}

/** Python is what the application has; `script` prints one JSON value. */
async function python<T>(pod: string, script: string, where = namespace): Promise<T> {
  const result = await world.exec(where, pod, 'app', ['python3', '-'], { input: script, mayFail: true });
  heard.push(result.stdout, result.stderr);
  expect(result.stderr).toBe('');
  return JSON.parse(result.stdout) as T;
}

async function governed(pod: string, where = namespace): Promise<void> {
  const { stdout } = await inPod(pod, 'psql -A -t -c "SELECT ssn FROM customers LIMIT 1"', where);
  expect(stdout.trim()).toBe('[redacted]');
}

describe('in its own container', () => {
  it('it finds no login to the database, and nothing it finds is one', async () => {
    const found = await python<{ tokens: string[]; files: string[]; refused: string[]; in: string[] }>(
      'app',
      `
import glob, json, os, re, psycopg
texts, files = ["\\n".join(os.environ.values())], []
for pattern in ["/var/run/**", "/run/**", "/etc/*", "/proc/[0-9]*/environ", "/proc/[0-9]*/cmdline", "/dev/shm/**", "/tmp/**", "/agents/*"]:
    for path in glob.glob(pattern, recursive=True, include_hidden=True):
        try:
            with open(path, "rb") as file: texts.append(file.read(100000).decode("latin1"))
            files.append(path)
        except OSError: pass
everything = "\\n".join(texts)
tokens = sorted(set(t for t in re.findall(r"[^\\s\\0\\"'=]{6,2000}", everything)), key=len)
# Passwords are short, tokens are long: all that could be either.
candidates = [t for t in tokens if re.search(r"[0-9]", t)][:40] + [t for t in tokens if t.startswith("ey")]
refused, let_in = [], []
os.environ.pop("PGSSLROOTCERT")
for user in ["${login.username}", "shop_app", "postgres"]:
    for candidate in ["", "shop-2024", "not-needed"] + candidates:
        try:
            psycopg.connect(host="${addresses.database}", dbname="shop", user=user, password=candidate, connect_timeout=5).close()
            let_in.append(user)
        except psycopg.Error as error: refused.append(str(error).splitlines()[0])
print(json.dumps({"tokens": tokens, "files": files, "refused": refused, "in": let_in}))
`,
    );
    expect(found.in).toEqual([]);
    expect(found.refused.length).toBeGreaterThan(30);
    expect(found.refused.filter((each) => !/password|not permitted|no pg_hba/.test(each))).toEqual([]);
    // It has looked well: the certificate that is meant for it, and the token for the Kubernetes API.
    expect(found.files).toContain('/var/run/sluice/ca/ca.crt');
    expect(found.files).toContain('/var/run/secrets/kubernetes.io/serviceaccount/token');
    expect(found.tokens.join('\n')).not.toContain(login.password);
  });

  it('of the sidecar it sees the authority for TLS, and can change nothing of that', async () => {
    expect((await inPod('app', 'ls -A /var/run/sluice')).stdout).toBe('ca\n');
    for (const attempt of [
      'echo x > /var/run/sluice/ca/ca.crt',
      'rm -f /var/run/sluice/ca/ca.crt',
      'mkdir /var/run/sluice/token',
    ]) {
      const { code, stderr } = await inPod('app', attempt);
      expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(/Read-only file system|Permission denied/)]);
    }
    expect((await inPod('app', 'cat /proc/mounts')).stdout).not.toMatch(/sluice\/(token|state|audit)/);
  });

  it.each([
    ['app', 'restricted'],
    ['root', 'baseline'],
  ])('%s sees no process of the sidecar, and ends none', async (pod, profile) => {
    const where = profile === 'restricted' ? namespace : baseline;
    const seen = await python<{ processes: string[]; errors: Record<string, number> }>(
      pod,
      `
import collections, glob, json, os, signal
own = {int(p[6:]) for p in glob.glob("/proc/[0-9]*")}
processes = [open(f"/proc/{p}/cmdline").read().replace("\\0", " ") for p in own if os.path.exists(f"/proc/{p}/cmdline")]
errors = collections.Counter()
for pid in range(2, 33000):
    if pid in own: continue
    try: os.kill(pid, signal.SIGKILL)
    except OSError as error: errors[type(error).__name__] += 1
    else: errors["killed"] += 1
print(json.dumps({"processes": processes, "errors": errors}))
`,
      where,
    );
    expect(seen.processes.join('\n')).not.toMatch(/main\.js|sidecar/);
    expect(Object.keys(seen.errors)).toEqual(['ProcessLookupError']);
    const { status } = await world.get(where, 'pod', pod);
    expect(status?.initContainerStatuses?.find(({ name }) => name === 'sluice')).toMatchObject({ restartCount: 0 });
    await governed(pod, where);
  });

  it('filling what the containers share does not stop the sidecar', async () => {
    const { stdout } = await inPod(
      'app',
      'dd if=/dev/zero of=/dev/shm/full bs=1M count=512 2>&1 | tail -1; df /dev/shm | tail -1',
    );
    expect(stdout).toContain('100%');
    await governed('app');
    expect((await inPod('app', 'rm /dev/shm/full')).code).toBe(0);
  });

  it('writing /etc/hosts needs root, and leads the sidecar nowhere else', async () => {
    expect((await inPod('app', 'echo 10.0.0.1 x >> /etc/hosts')).stderr).toContain('Permission denied');
    const forge = `printf '127.0.0.1 shop-db.data-platform.svc shop-db.data-platform ${OPERATOR}\\n' > /etc/hosts && echo done`;
    expect((await inPod('root', forge, baseline)).stdout).toBe('done\n');
    const script = 'i=0; while [ $i -lt 5 ]; do psql -A -t -c "SELECT ssn FROM customers LIMIT 1" || exit 1; i=$((i+1)); done';
    expect((await inPod('root', script, baseline)).stdout.match(/^\[redacted\]/gm)).toHaveLength(5);
  });
});

describe('over the network', () => {
  const refusals = (code: string): Promise<number> =>
    world.operatorMetric(`sluice_operator_identity_refusals_total{code="${code}"}`);
  /** Speaks the sidecar's protocol with any token. */
  const stream = (token: string): string => `
import { connect } from 'node:http2';
const session = connect('https://${OPERATOR}:8444', { rejectUnauthorized: false });
const request = session.request({ ':method': 'POST', ':path': '/sluice/v1/stream', authorization: 'Bearer ' + ${token} }, { endStream: false });
let text = '', status = 0;
request.on('response', (headers) => { status = headers[':status']; });
request.setEncoding('utf8').on('data', (chunk) => { text += chunk; if (status === 200) finish(); });
const finish = () => { console.log(JSON.stringify({ status, text: text.slice(0, 300) })); process.exit(0); };
request.on('end', finish).on('error', (error) => { console.log(JSON.stringify({ error: error.message })); process.exit(1); });
session.on('error', (error) => { console.log(JSON.stringify({ error: error.message })); process.exit(1); });`;
  const say = async (pod: string, token: string): Promise<{ status: number; text: string }> => {
    const result = await world.exec(namespace, pod, 'app', ['node', '--input-type=module', '-'], {
      input: stream(token),
      mayFail: true,
    });
    heard.push(result.stdout);
    return JSON.parse(result.stdout) as { status: number; text: string };
  };

  it('the operator does not take the token for the Kubernetes API', async () => {
    const before = await refusals('TokenAudience');
    const own = `(await import('node:fs')).readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8')`;
    for (const pod of ['app', 'neighbour'])
      expect(await say(pod, own)).toMatchObject({ status: 401, text: expect.stringContaining('TokenAudience') });
    expect(await refusals('TokenAudience')).toBe(before + 2);
  });

  it('the token of a sidecar, stolen by root on its node, ends with its pod', async () => {
    const thieves = await world.namespace('node-root');
    await world.kubectl(['label', 'namespace', thieves, 'pod-security.kubernetes.io/enforce=privileged', '--overwrite']);
    const victim = (await world.get(namespace, 'pod', 'short-lived')) as {
      metadata: { uid: string };
      spec?: { nodeName?: string };
    };
    await world.pod({
      namespace: thieves,
      name: 'thief',
      serviceAccount: 'default',
      inject: null,
      command: ['cat', `/pods/${victim.metadata.uid}/volumes/kubernetes.io~projected/sluice-token/token`],
      container: { securityContext: { runAsUser: 0, runAsNonRoot: false }, volumeMounts: [{ name: 'pods', mountPath: '/pods' }] },
      spec: {
        securityContext: {},
        nodeName: victim.spec?.nodeName,
        volumes: [{ name: 'pods', hostPath: { path: '/var/lib/kubelet/pods' } }],
      },
    });
    expect(await world.ended(thieves, 'thief')).toBe(0);
    const token = (await world.logs(thieves, 'thief', 'app')).trim();
    expect(token.split('.')).toHaveLength(3);
    await world.kubectl(['delete', 'pod', 'short-lived', '-n', namespace, '--grace-period=1']);
    const before = await refusals('PodGone');
    expect(await say('neighbour', JSON.stringify(token))).toMatchObject({
      status: 403,
      text: expect.stringContaining('PodGone'),
    });
    // Other tests' pods go, too.
    expect(await refusals('PodGone')).toBeGreaterThan(before);
    const { stdout } = await world.kubectl(['logs', '-n', 'sluice-system', '-l', 'app.kubernetes.io/name=sluice', '--tail=-1']);
    expect(stdout).toMatch(/"code":"PodGone".*"msg":"identity-refused"/);
  });

  it('another pod does not reach the listeners of a sidecar, and reads no statement on its health port', async () => {
    await inPod('app', `psql -A -t -c "SELECT count(*) FROM customers WHERE ssn = '${CANARY}'"`);
    const probed = await python<{ postgres: string[]; health: Record<string, string> }>(
      'neighbour',
      `
import json, socket, urllib.request, urllib.error
postgres, health = [], {}
for port in [5432, 5433, 8443, 8444]:
    try: socket.create_connection(("${addresses.app}", port), 5).close(); postgres.append(f"{port} open")
    except OSError as error: postgres.append(type(error).__name__)
for path in ["startupz", "healthz", "readyz", "metrics", "", "debug", "../state/operator.json"]:
    try: health[path] = urllib.request.urlopen(f"http://${addresses.app}:15490/{path}", timeout=5).read().decode()
    except urllib.error.HTTPError as error: health[path] = f"{error.code} {error.read().decode()}"
print(json.dumps({"postgres": postgres, "health": health}))
`,
    );
    expect(probed.postgres).toEqual(Array.from({ length: 4 }, () => 'ConnectionRefusedError'));
    expect(probed.health['metrics']).toContain('sluice_statements_total');
    const said = JSON.stringify(probed.health);
    expect(said).not.toContain(CANARY);
    expect(said).not.toMatch(/customers|select |ssn/i);
    expect(said).not.toContain(addresses.database);
  });

  it('the webhook’s port, asked directly, gives no login', async () => {
    const answer = await python<{ status: number; body: string }>(
      'neighbour',
      `
import base64, json, ssl, urllib.request, urllib.error
pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "annotations": {"sluice.dev/inject": "shop"}}, "spec": {"serviceAccountName": "agent", "containers": [{"name": "app", "image": "x"}]}}
review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE", "namespace": "${namespace}", "object": pod}}
request = urllib.request.Request("https://sluice-webhook.sluice-system.svc/inject", json.dumps(review).encode(), {"content-type": "application/json"})
try: response = urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=10)
except urllib.error.HTTPError as error: response = error
body = response.read().decode()
patch = json.loads(body).get("response", {}).get("patch")
print(json.dumps({"status": response.status, "body": body + (base64.b64decode(patch).decode() if patch else "")}))
`,
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('sluice.dev~1render');
    expect(answer.body).not.toContain(login.password);
  });
});

it('after all that, neither the login nor a protected value stands anywhere but in its place', async () => {
  const raw = (args: readonly string[]): Promise<string> => world.kubectl(args).then(({ stdout }) => stdout);
  const pods = [
    [namespace, 'app'],
    [baseline, 'root'],
  ] as const;
  const texts: Record<string, string> = {
    'what applications were told': heard.join('\n'),
    operator: await raw(['logs', '-n', 'sluice-system', '-l', 'app.kubernetes.io/name=sluice', '--tail=-1']),
    'Databases and policies': await raw(['get', 'databases,databaseaccesspolicies', '-A', '-o', 'json']),
    leases: await raw(['get', 'leases', '-n', 'sluice-system', '-o', 'json']),
  };
  for (const each of ['sluice-system', 'data-platform', namespace, baseline])
    texts[`objects in ${each}`] = await raw(['get', 'events,configmaps,pods,deployments,replicasets', '-n', each, '-o', 'json']);
  for (const [where, pod] of pods) {
    texts[`sidecar of ${pod}`] = await raw(['logs', pod, '-n', where, '-c', 'sluice']);
    texts[`metrics of ${pod}`] = await raw(['get', '--raw', `/api/v1/namespaces/${where}/pods/${pod}:15490/proxy/metrics`]);
  }
  expect(texts['sidecar of app']).toContain('"type":"intent"');
  const encoded = Buffer.from(login.password).toString('base64').replace(/=+$/, '').slice(0, -1);
  for (const [where, text] of Object.entries(texts)) {
    expect(text.length, where).toBeGreaterThan(100);
    expect(text.includes(login.password) || text.includes(encoded), `the password in ${where}`).toBe(false);
    const values = (text.match(/\d{3}-\d{2}-\d{4}/g) ?? []).filter((each) => secretValues.has(each));
    expect(values, `protected values in ${where}`).toEqual([]);
    if (where !== 'what applications were told') expect(text.includes(CANARY), `a literal in ${where}`).toBe(false);
  }
});
