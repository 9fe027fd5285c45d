/**
 * Where the sidecar listens for each Database: at a loopback address of its host's own with the server's port, which the host's names lead to,
 * and at localhost with a port of the pod author's choice. /etc/hosts maps names to addresses, so there is one address a host, not one a
 * Database. Databases that share a listener are told apart by the startup packet's database name.
 */
import { HEALTH_PORT, INJECT_ANNOTATION } from '../../core/injection/names.ts';
import { databaseKey, type ServedDatabase } from '../../core/injection/sidecar-settings.ts';
import type { Database } from '../../crds/database.ts';
import { aliasNames, type DatabaseHost, hostOf, type Surroundings } from './hosts.ts';
import type { InjectionProblem, RawPod } from './injection.ts';
import { records } from '../../core/json/read.ts';
import { containersOf } from './raw-pod.ts';
import type { SelectedDatabase } from './selection.ts';

const DEFAULT_LOCAL_PORT = 5432;

export interface Target {
  readonly database: Database;
  readonly host: DatabaseHost;
  readonly localPort: number;
  /** Loopback address for the host's names; undefined where none may be led here. */
  readonly address?: string;
  readonly names: readonly string[];
}

export interface ListenerPlan {
  readonly targets: readonly Target[];
  readonly problems: readonly InjectionProblem[];
  readonly warnings: readonly string[];
}

export function planListeners(selected: readonly SelectedDatabase[], pod: RawPod, surroundings: Surroundings): ListenerPlan {
  const warnings: string[] = [];
  const addresses = new Map<string, string>();
  const chosen = selected.map((each) => each.database);
  const targets = selected.map(({ database, port = DEFAULT_LOCAL_PORT }): Target => {
    const host = hostOf(database, surroundings);
    const { names, warning } = aliasNames(database, host, chosen, surroundings);
    if (warning !== undefined) warnings.push(warning);
    if (names.length === 0) return { database, host, localPort: port, names };
    const address = addresses.get(host.canonical) ?? aliasAddress(addresses.size + 1);
    addresses.set(host.canonical, address);
    return { database, host, localPort: port, address, names };
  });
  return { targets, warnings, problems: [...sharedListeners(targets), ...portsInUse(targets, pod)] };
}

/** What the sidecar is told. `localhost` is a name, too, for clients that verify the certificate. */
export function servedDatabase(target: Target): ServedDatabase {
  const { database, names } = target;
  return {
    namespace: database.metadata.namespace,
    name: database.metadata.name,
    database: database.spec.endpoint.database,
    listen: listenersOf(target),
    names: [...names, 'localhost'],
  };
}

function listenersOf({ database, address, localPort }: Target): readonly { readonly host: string; readonly port: number }[] {
  return [
    ...(address === undefined ? [] : [{ host: address, port: database.spec.endpoint.port }]),
    { host: '127.0.0.1', port: localPort },
    { host: '::1', port: localPort },
  ];
}

/** 127.77.0.1 and so on. */
function aliasAddress(number: number): string {
  return `127.77.${number >> 8}.${number & 255}`;
}

function sharedListeners(targets: readonly Target[]): readonly InjectionProblem[] {
  const problems: InjectionProblem[] = [];
  const first = new Map<string, Target>();
  for (const target of targets) {
    for (const { host, port } of listenersOf(target)) {
      if (host === '::1') continue;
      const key = JSON.stringify([host, port, target.database.spec.endpoint.database]);
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, target);
        continue;
      }
      const [one, two] = [databaseKey(other.database.metadata), databaseKey(target.database.metadata)];
      const name = target.database.spec.endpoint.database;
      const hint =
        host === '127.0.0.1'
          ? `give one of them a port of its own, for example ${INJECT_ANNOTATION}: ${one},${two}=${port + 1}`
          : 'they are the same database of the same server; ask for one of them';
      problems.push({
        reason: 'ListenerConflict',
        message: `Databases ${one} and ${two} are both called "${name}" on their server and cannot be told apart at ${host}:${port}; ${hint}`,
      });
    }
  }
  return problems;
}

function portsInUse(targets: readonly Target[], pod: RawPod): readonly InjectionProblem[] {
  const problems: InjectionProblem[] = [];
  const said = new Set<string>();
  const say = (message: string): void => {
    if (!said.has(message)) problems.push({ reason: 'PortConflict', message });
    said.add(message);
  };
  for (const { name, container } of containersOf(pod)) {
    for (const { containerPort, protocol } of records(container['ports'])) {
      if (protocol !== undefined && protocol !== 'TCP') continue;
      if (containerPort === HEALTH_PORT)
        say(`container ${name} has port ${HEALTH_PORT}, where the sidecar says how it is; use another port`);
      for (const target of targets) {
        const key = databaseKey(target.database.metadata);
        const { port } = target.database.spec.endpoint;
        if (containerPort === target.localPort)
          say(
            `container ${name} has port ${target.localPort}, where the sidecar serves Database ${key}; choose another for the Database, for example ${INJECT_ANNOTATION}: ${key}=${target.localPort + 1000}`,
          );
        else if (target.address !== undefined && containerPort === port)
          say(
            `container ${name} has port ${port}, where the sidecar serves ${target.host.given} (Database ${key}); let the container listen elsewhere`,
          );
      }
    }
  }
  return problems;
}
