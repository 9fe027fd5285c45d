/** `sluice.dev/inject`: which Databases a pod asks for. `orders`, `ns/orders`, `orders=6432`, a list of them with commas, or `true` for all. */
import { HEALTH_PORT, INJECT_ANNOTATION } from '../../core/injection/names.ts';
import type { InjectionProblem } from './injection.ts';

export interface DatabaseRequest {
  readonly namespace?: string;
  readonly name: string;
  /** Local port. */
  readonly port?: number;
}

export type ParsedAnnotation =
  | { readonly kind: 'none' }
  /** Says no. */
  | { readonly kind: 'declined' }
  | { readonly kind: 'all' }
  | { readonly kind: 'list'; readonly requests: readonly DatabaseRequest[] }
  | { readonly kind: 'invalid'; readonly problems: readonly InjectionProblem[] };

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const ENTRY = new RegExp(`^(?:(${LABEL})/)?(${LABEL}(?:\\.${LABEL})*)(?:=(\\d{1,5}))?$`);
/** Of white space, less than trim() takes in CEL: what the API server holds for a request must not pass for a refusal here. */
const DECLINED = /^[ \t\r\n]*false[ \t\r\n]*$/;
/** Far more than any pod needs: an annotation may have 256 KiB. */
const MOST_DATABASES = 32;
/** Ports below are for processes with privileges, which the sidecar has none of. */
const FIRST_PORT = 1024;

export function parseInjectAnnotation(value: string | undefined): ParsedAnnotation {
  if (value === undefined) return { kind: 'none' };
  if (DECLINED.test(value)) return { kind: 'declined' };
  const whole = value.trim();
  if (whole === 'true') return { kind: 'all' };
  const problems: InjectionProblem[] = [];
  const requests: DatabaseRequest[] = [];
  const seen = new Set<string>();
  const entries = whole.split(',').map((each) => each.trim());
  if (entries.length > MOST_DATABASES) {
    const message = `annotation ${INJECT_ANNOTATION} lists ${entries.length} Databases; a pod can have ${MOST_DATABASES}`;
    return { kind: 'invalid', problems: [{ reason: 'AnnotationInvalid', message }] };
  }
  for (const entry of entries) {
    const [, namespace, name, port] = ENTRY.exec(entry) ?? [];
    if (name === undefined || name === 'true' || name === 'false') {
      problems.push({
        reason: 'AnnotationInvalid',
        message: `annotation ${INJECT_ANNOTATION}: "${shortened(entry)}" names no Database; write a name (orders), namespace/name, name=port, a list of them with commas, or true alone`,
      });
      continue;
    }
    const key = `${namespace ?? ''}/${name}`;
    if (seen.has(key))
      problems.push({ reason: 'AnnotationInvalid', message: `annotation ${INJECT_ANNOTATION}: ${entry} is listed twice` });
    seen.add(key);
    if (port !== undefined && !isLocalPort(Number(port))) {
      problems.push({
        reason: 'PortInvalid',
        message: `annotation ${INJECT_ANNOTATION}: port ${port} of ${name} cannot be used; choose one from ${FIRST_PORT} to 65535 other than ${HEALTH_PORT}`,
      });
    }
    requests.push({
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...(port === undefined ? {} : { port: Number(port) }),
    });
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'list', requests };
}

function isLocalPort(port: number): boolean {
  return port >= FIRST_PORT && port <= 65_535 && port !== HEALTH_PORT;
}

export function shortened(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}
