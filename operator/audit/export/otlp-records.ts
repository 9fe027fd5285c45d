/**
 * An audit record as a log record of OpenTelemetry, in the JSON encoding of OTLP (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding):
 * 64-bit numbers are strings, ids are hex. The body is the line as it is kept, byte for byte, so that it can still be verified; attributes are
 * what one selects by. A line is what a sidecar sent: nothing in it is believed to have the type that it should have.
 */
import { microseconds, recordFacts } from '../../../core/audit/facts.ts';
import type { ChainOwner, StoredLine } from '../../../core/audit/store.ts';
import { isRecord, type Raw, record, text } from '../../../core/json/read.ts';
import { VERSION } from '../../../core/version.ts';

type Value =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly arrayValue: { readonly values: readonly { readonly stringValue: string }[] } };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** Characters of a string, elements of a list: the body has the whole. */
const MOST = { characters: 1024, elements: 64 };
const SEVERITY = { info: [9, 'INFO'], warn: [13, 'WARN'], error: [17, 'ERROR'] } as const;
/** Admin actions that say that somebody was not who they said. */
const FAILED_VERIFICATIONS: ReadonlySet<string> = new Set(['identity-refused', 'chain-refused']);

/** JSON of a LogRecord. */
export function logRecord(chain: string, { seq, line, received }: StoredLine): string {
  const value = parsed(line);
  const facts = recordFacts(line);
  const trace = traceOf(facts.trace);
  const [severityNumber, severityText] = SEVERITY[severityOf(value, facts.decision)];
  const observed = received === undefined ? undefined : microseconds(received);
  return JSON.stringify({
    timeUnixNano: nanoseconds(facts.time),
    observedTimeUnixNano: nanoseconds(observed ?? facts.time),
    severityNumber,
    severityText,
    eventName: `sluice.audit.${bounded(facts.type)}`,
    body: { stringValue: line.toWellFormed() },
    attributes: [
      ...attribute('sluice.chain', chain),
      ...attribute('sluice.seq', seq),
      ...attribute('sluice.type', facts.type),
      ...attribute('sluice.decision', facts.decision),
      ...attribute('sluice.code', value['code']),
      ...attribute('sluice.rule', value['rule']),
      ...attribute('sluice.fingerprint', facts.fingerprint),
      ...attribute('sluice.statement', facts.statement),
      ...attribute('sluice.session', value['session']),
      ...attribute('sluice.relations', facts.relations.length === 0 ? undefined : facts.relations),
      ...attribute('sluice.result', value['result']),
      ...attribute('sluice.rows', value['rows']),
      ...attribute('sluice.capture', record(value['evidence'])?.['capture']),
      ...attribute('sluice.event', value['event']),
      ...attribute('sluice.action', value['action']),
      ...attribute('sluice.object', value['object']),
      ...attribute('user.name', record(value['author'])?.['username']),
      ...attribute('db.operation.name', value['kind']),
      ...attribute('db.response.status_code', value['sqlstate']),
    ],
    ...trace,
  });
}

/** JSON of a ResourceLogs: records of one chain. Whose they are is what the operator has verified, not what they say. */
export function resourceLogs(owner: ChainOwner, logRecords: readonly string[]): string {
  const { identity, database, kind } = owner;
  const resource = JSON.stringify({
    attributes: [
      ...attribute('service.name', 'sluice'),
      ...attribute('service.version', VERSION),
      ...attribute('k8s.namespace.name', identity.namespace),
      ...attribute('k8s.pod.name', identity.pod),
      ...attribute('k8s.pod.uid', identity.podUid),
      ...attribute('k8s.node.name', identity.node),
      ...attribute('container.image.name', identity.image),
      ...attribute('sluice.service_account', identity.serviceAccount),
      ...attribute('sluice.writer', kind),
      ...attribute('sluice.database', database),
      ...attribute('db.system.name', database === undefined ? undefined : 'postgresql'),
    ],
  });
  return `{"resource":${resource},"scopeLogs":[{"scope":{"name":"sluice.audit"},"logRecords":[${logRecords.join(',')}]}]}`;
}

function severityOf(value: Raw, decision: string | undefined): keyof typeof SEVERITY {
  const action = text(value['action']) ?? '';
  if (value['type'] === 'admin' && FAILED_VERIFICATIONS.has(action)) return 'error';
  if (value['type'] === 'admin' && action.endsWith('-refused')) return 'warn';
  return decision === 'deny' || (value['type'] === 'outcome' && value['result'] === 'denied') ? 'warn' : 'info';
}

/** Of a W3C traceparent. Ids of zeros are none, and would have the whole request refused. */
function traceOf(traceparent = ''): { readonly traceId?: string; readonly spanId?: string; readonly flags?: number } {
  const [, traceId = '', spanId = '', flags = ''] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent) ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return {};
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** 0: not known. */
function nanoseconds(time: number | undefined): string {
  return String(BigInt(time ?? 0) * 1000n);
}

/** Nothing, where the value is not of a kind that such a field has. */
function attribute(key: string, value: unknown): readonly Attribute[] {
  if (typeof value === 'string') return [{ key, value: { stringValue: bounded(value) } }];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return [{ key, value: { intValue: String(value) } }];
  if (!Array.isArray(value)) return [];
  const values = value.slice(0, MOST.elements).map((each) => ({ stringValue: bounded(String(each)) }));
  return [{ key, value: { arrayValue: { values } } }];
}

/** A half of a pair of surrogates is no Unicode, and a collector would refuse everything that is sent with it. */
function bounded(value: string): string {
  return value.slice(0, MOST.characters).toWellFormed();
}

/** Without a prototype, so that no field is inherited. */
function parsed(line: string): Raw {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? (Object.assign(Object.create(null) as object, value) as Raw) : {};
  } catch {
    return {};
  }
}
