/**
 * The environment of a container, so that its connection code stays as it is: `PG*` variables of libpq
 * (https://www.postgresql.org/docs/current/libpq-envars.html) and literal connection strings that name a governed database lead to the sidecar.
 * What names another place is left alone; so is what refers to other variables by `$(…)`: it follows them, or the host's alias.
 */
import { CLIENT_CA_FILE } from '../../core/injection/names.ts';
import { type Endpoint, parseConnectionString } from './connection-string.ts';
import type { InjectionProblem } from './injection.ts';
import type { Target } from './listeners.ts';
import { type Raw, records, text } from '../../core/json/read.ts';

export interface EnvironmentPlan {
  /** The list as it should be. */
  readonly env: readonly Raw[];
  readonly problems: readonly InjectionProblem[];
  readonly warnings: readonly string[];
}

/** Instead of a password: some clients insist on one. The sidecar does not ask. */
export const NO_PASSWORD = 'not-needed';

type State =
  | { readonly kind: 'absent' }
  | { readonly kind: 'literal'; readonly value: string }
  /** `$(…)` */
  | { readonly kind: 'composed' }
  | { readonly kind: 'valueFrom' };

/** `user`: what is sent as user name where the pod says none. The server never sees it; the audit records it as a claim. */
export function planEnvironment(container: Raw, targets: readonly Target[], user: string): EnvironmentPlan {
  const name = text(container['name']) ?? '';
  const editor = new EnvironmentEditor(records(container['env']), records(container['envFrom']).length > 0);
  const problems = detours(name, editor);
  const warnings: string[] = [];
  const group = governedGroup(editor, targets);
  if (group.kind === 'governed') pointVariables(editor, group.target, user);
  if (group.kind === 'port')
    warnings.push(`container ${name}: PGPORT is no port of a governed Database, so PGHOST and PGPORT are left as they are`);
  // Where PG* lead elsewhere, or may, this one would have that place verified against our authority.
  if (group.kind !== 'elsewhere') warnings.push(...pointAuthority(name, editor));
  for (const [at, entry] of editor.entries()) {
    const state = stateOf(entry);
    const variable = text(entry['name']) ?? '';
    const connection = state.kind === 'literal' ? parseConnectionString(state.value) : undefined;
    if (connection === undefined) continue;
    for (const detour of connection.detours) problems.push(detourProblem(name, `${variable} has ${detour}`, detour));
    const matches = connection.endpoints.map((endpoint) => match(endpoint, connection.database, targets));
    const target = matches[0];
    if (target === undefined || !matches.every((each) => each === target)) {
      if (matches.some((each) => each !== undefined))
        warnings.push(`container ${name}: ${variable} names other hosts beside a governed one, so it is left as it is`);
      continue;
    }
    const place = { host: '127.0.0.1', port: target.localPort, database: target.database.spec.endpoint.database };
    if (!connection.endpoints.every((endpoint) => isLocal(endpoint, target))) editor.replace(at, connection.pointTo(place));
  }
  return { env: editor.result, problems, warnings };
}

function detours(container: string, editor: EnvironmentEditor): InjectionProblem[] {
  return ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE']
    .filter((variable) => {
      const state = editor.state(variable);
      return state.kind !== 'absent' && !(state.kind === 'literal' && state.value === '');
    })
    .map((variable) => detourProblem(container, `${variable} is set`, variable));
}

function detourProblem(container: string, what: string, which: string): InjectionProblem {
  const address = which.toLowerCase().endsWith('hostaddr');
  return {
    reason: address ? 'HostAddress' : 'ServiceFile',
    message: `container ${container}: ${what}, which ${address ? 'connects past host names' : 'takes the server from a file'} and so past Sluice; remove it`,
  };
}

type Group =
  | { readonly kind: 'governed'; readonly target: Target }
  /** PGHOST leaves it open, PGPORT does not. */
  | { readonly kind: 'port' }
  /** Composed of other variables. */
  | { readonly kind: 'open' }
  | { readonly kind: 'elsewhere' };

/** What the `PG*` variables together name. */
function governedGroup(editor: EnvironmentEditor, targets: readonly Target[]): Group {
  const [host, port, database] = [editor.state('PGHOST'), editor.state('PGPORT'), editor.state('PGDATABASE')];
  const wanted = database.kind === 'literal' && database.value !== '' ? database.value : undefined;
  if (host.kind === 'composed') return { kind: 'open' };
  if (host.kind === 'literal' && host.value !== '') {
    const number = port.kind === 'literal' && port.value !== '' ? Number(port.value) : port.kind === 'absent' ? 5432 : undefined;
    const named = (name: string | undefined) =>
      targets.find((target) =>
        number === undefined
          ? isHost(host.value, target) && isDatabase(name, target)
          : !!match({ host: host.value, port: number }, name, [target]),
      );
    const target = named(wanted) ?? named(undefined);
    return target === undefined ? { kind: 'elsewhere' } : { kind: 'governed', target };
  }
  const target = targets.find((each) => wanted !== undefined && isDatabase(wanted, each)) ?? targets[0];
  if (target === undefined) return { kind: 'elsewhere' };
  const open = port.kind !== 'literal' || port.value === '';
  if (open || [target.localPort, target.database.spec.endpoint.port].includes(Number(port.value)))
    return { kind: 'governed', target };
  return { kind: 'port' };
}

function pointVariables(editor: EnvironmentEditor, target: Target, user: string): void {
  const host = editor.state('PGHOST');
  const leadsHere = host.kind === 'literal' && LOCAL_NAMES.includes(host.value.toLowerCase());
  if (!leadsHere) editor.set('PGHOST', '127.0.0.1');
  editor.set('PGPORT', String(target.localPort));
  if (isOpen(editor.state('PGDATABASE'))) editor.set('PGDATABASE', target.database.spec.endpoint.database);
  if (isOpen(editor.state('PGUSER'))) editor.set('PGUSER', user);
  // A password that the pod no longer needs is one it should no longer hold. From `envFrom` one may come unseen: `env` wins over it.
  if (editor.state('PGPASSWORD').kind !== 'absent' || editor.hasSources) editor.set('PGPASSWORD', NO_PASSWORD);
}

function pointAuthority(container: string, editor: EnvironmentEditor): readonly string[] {
  const state = editor.state('PGSSLROOTCERT');
  if (isOpen(state)) editor.set('PGSSLROOTCERT', CLIENT_CA_FILE);
  const warnings: string[] = [];
  if (state.kind === 'composed' || (state.kind === 'literal' && state.value !== '' && state.value !== CLIENT_CA_FILE))
    warnings.push(
      `container ${container}: PGSSLROOTCERT is left as it is; clients that verify the server need ${CLIENT_CA_FILE} to verify the sidecar`,
    );
  for (const variable of ['PGCHANNELBINDING', 'PGREQUIREAUTH']) {
    const demand = editor.state(variable);
    if (demand.kind === 'literal' && ['', 'prefer', 'disable', 'none'].includes(demand.value)) continue;
    if (demand.kind !== 'absent')
      warnings.push(`container ${container}: ${variable} demands a login that the sidecar does not ask for; remove it`);
  }
  return warnings;
}

function isOpen(state: State): boolean {
  return state.kind === 'absent' || state.kind === 'valueFrom' || (state.kind === 'literal' && state.value === '');
}

const LOCAL_NAMES = ['127.0.0.1', 'localhost', '::1'];

function match(endpoint: Endpoint, database: string | undefined, targets: readonly Target[]): Target | undefined {
  return targets.find(
    (target) =>
      isDatabase(database, target) &&
      (isLocal(endpoint, target) || (isHost(endpoint.host, target) && endpoint.port === target.database.spec.endpoint.port)),
  );
}

/** Leads to the sidecar already. */
function isLocal({ host, port }: Endpoint, target: Target): boolean {
  return port === target.localPort && LOCAL_NAMES.includes(host.toLowerCase());
}

function isHost(host: string, target: Target): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return target.host.spellings.includes(name) || name === target.address;
}

function isDatabase(name: string | undefined, target: Target): boolean {
  return name === undefined || name === target.database.spec.endpoint.database;
}

function stateOf(entry: Raw | undefined): State {
  if (entry === undefined) return { kind: 'absent' };
  if (entry['valueFrom'] !== undefined && entry['valueFrom'] !== null) return { kind: 'valueFrom' };
  const value = expanded(text(entry['value']) ?? '');
  return value === undefined ? { kind: 'composed' } : { kind: 'literal', value };
}

/** `$$` stands for `$`; undefined where `$(` begins a reference. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ */
function expanded(value: string): string | undefined {
  const literal = value.replaceAll('$$', '\0');
  return literal.includes('$(') ? undefined : literal.replaceAll('\0', '$');
}

class EnvironmentEditor {
  readonly hasSources: boolean;
  readonly #env: Raw[];

  constructor(env: readonly Raw[], hasSources: boolean) {
    this.#env = [...env];
    this.hasSources = hasSources;
  }

  get result(): readonly Raw[] {
    return this.#env;
  }

  entries(): readonly (readonly [number, Raw])[] {
    return [...this.#env.entries()];
  }

  /** Of several of one name the last counts. */
  state(name: string): State {
    return stateOf(this.#env.findLast((each) => each['name'] === name));
  }

  /** In place, so that variables that refer to it find it where it was; otherwise at the end. */
  set(name: string, value: string): void {
    let found = false;
    for (const [at, entry] of this.entries()) {
      if (entry['name'] !== name) continue;
      found = true;
      this.replace(at, value);
    }
    if (!found) this.#env.push({ name, value: value.replaceAll('$', '$$$$') });
  }

  replace(at: number, value: string): void {
    const { valueFrom, ...entry } = this.#env[at]!;
    const state = stateOf(this.#env[at]);
    if (state.kind === 'literal' && state.value === value) return;
    this.#env[at] = { ...entry, value: value.replaceAll('$', '$$$$') };
  }
}
