/**
 * What must hold of a session whatever happened to its line. Pure: from what the client saw, what the database holds and what the
 * journal says, to a list of complaints.
 */
import type { Intent, Outcome } from '../../core/audit/record.ts';
import { cstringAt, serverMessage, type BackendMessage } from '../support/backend.ts';
import type { Played, PlayedStep } from './player.ts';
import type { Step } from './recording.ts';

/** Message types a server may send after the login. */
const KNOWN = new Set('TDCEZ123InstGHdcNSA');

export interface Evidence {
  readonly steps: readonly Step[];
  readonly played: Played;
  /** Rows of `marks` of this run, by step. */
  readonly marks: Readonly<Record<string, number>>;
  /** The line was left alone: everything must have worked. */
  readonly unbroken?: boolean;
}

export function judge(evidence: Evidence): readonly string[] {
  const { played } = evidence;
  return [
    ...(played.ending === 'hang' ? ['the client is left hanging'] : []),
    ...(played.ending === 'garbled' ? ['the client gets bytes that are no messages'] : []),
    ...(evidence.unbroken === true && played.ending !== 'played' ? [`not played to its end: ${played.ending}`] : []),
    ...loginComplaints(played.login),
    ...played.steps.flatMap((step, index) => stepComplaints(evidence.steps[index]!, step, index === played.steps.length - 1)),
    ...effectComplaints(evidence),
  ];
}

function loginComplaints(login: readonly BackendMessage[]): readonly string[] {
  const errors = login.filter(({ type }) => type === 'E');
  const after = errors.length > 0 && login.at(-1)?.type !== 'E';
  return [
    ...(errors.length > 1 ? [`${errors.length} errors during the login`] : []),
    ...(after ? ['the login goes on after an error'] : []),
    ...login.filter(({ type }) => !'RSKZEN'.includes(type)).map(({ type }) => `message ${type} during the login`),
  ];
}

function stepComplaints(step: Step, { name, messages }: PlayedStep, last: boolean): readonly string[] {
  const complaints: string[] = [];
  const seen: string[] = [];
  let fatal = false;
  for (const { type, body } of messages) {
    if (fatal) complaints.push(`${name}: message ${type} after a FATAL error`);
    if (!KNOWN.has(type)) complaints.push(`${name}: message of type ${type}`);
    if (type === 'E') {
      const fields = serverMessage(body);
      if (fields['S'] === undefined || fields['C'] === undefined || fields['M'] === undefined)
        complaints.push(`${name}: an error without severity, SQLSTATE or message`);
      // In COPY the server itself calls a line that ended an ERROR of class 08 (copyfromparse.c), before the FATAL one.
      const broken = last && name.startsWith('copy in') && fields['C']?.startsWith('08') === true;
      if (fields['S'] === 'FATAL' || fields['S'] === 'PANIC') fatal = true;
      else if (!broken) seen.push('E');
    }
    if (type === 'C') seen.push(cstringAt(body, 0).text);
    if (type === 's') seen.push('PortalSuspended');
  }
  if (fatal && !last) complaints.push(`${name}: the session goes on after a FATAL error`);
  // What came must be the beginning of what is right: never another success, never an error out of nowhere.
  seen.forEach((answer, index) => {
    if (step.answers[index] !== answer)
      complaints.push(`${name}: answered ${answer}, expected ${step.answers[index] ?? 'nothing'}`);
  });
  if (messages.filter(({ type }) => type === 'Z').length === step.ready && seen.length < step.answers.length)
    complaints.push(`${name}: ready after ${seen.length} of ${step.answers.length} answers`);
  return complaints;
}

/** Whether the client was told that the step is done: by CommandComplete and the ReadyForQuery behind it. */
export function acknowledged(step: Step, played: Played): boolean {
  const messages = played.steps.find(({ name }) => name === step.name)?.messages ?? [];
  return (
    messages.filter(({ type }) => type === 'Z').length >= step.ready &&
    messages.filter(({ type }) => type === 'C').length === step.answers.filter((answer) => answer !== 'PortalSuspended').length
  );
}

function effectComplaints({ steps, played, marks }: Evidence): readonly string[] {
  const complaints: string[] = [];
  for (const step of steps) {
    const committing = steps.find(({ name }) => name === (step.committedBy ?? step.name))!;
    const told = acknowledged(committing, played);
    const names = Object.entries(step.marks);
    const found = names.map(([name]) => marks[name] ?? 0);
    names.forEach(([name, wanted], index) => {
      const rows = found[index]!;
      if (rows > wanted) complaints.push(`${step.name}: ${rows} marks "${name}" instead of ${wanted}`);
      else if (rows !== 0 && rows !== wanted) complaints.push(`${step.name}: ${rows} of ${wanted} marks "${name}"`);
      else if (told && rows !== wanted)
        complaints.push(`${step.name}: reported done, but ${rows} of ${wanted} marks "${name}" are there`);
    });
    if (new Set(names.map(([, wanted], index) => wanted > 0 && found[index] === 0)).size > 1)
      complaints.push(`${step.name}: done in part`);
  }
  return complaints;
}

/** The journal's view of one run, by trace id. */
export type Trail = ReadonlyMap<string, readonly { readonly intent: Intent; readonly outcome: Outcome | undefined }[]>;

/** After the process has ended: every intent has its outcome, and none contradicts what the database holds. */
export function judgeTrail(evidence: Evidence, trail: Trail): readonly string[] {
  const complaints: string[] = [];
  for (const step of evidence.steps) {
    const done = Object.entries(step.marks).some(([name, wanted]) => wanted > 0 && (evidence.marks[name] ?? 0) > 0);
    for (const trace of new Set(step.traces)) {
      const executions = step.traces.filter((each) => each === trace).length;
      const entries = trail.get(trace) ?? [];
      const allowed = entries.filter(({ intent }) => intent.decision === 'allow');
      if (allowed.length > executions) complaints.push(`${step.name}: ${allowed.length} intents for ${executions} executions`);
      if (allowed.length === 0 && done) complaints.push(`${step.name}: done without an intent`);
      for (const { intent, outcome } of entries) {
        if (outcome === undefined) complaints.push(`${step.name}: an intent without an outcome`);
        else if (intent.decision === 'deny' && outcome.result !== 'denied')
          complaints.push(`${step.name}: denied, but the outcome is ${outcome.result}`);
        else if (done && (outcome.result === 'error' || outcome.result === 'denied'))
          complaints.push(`${step.name}: done, but the outcome is ${outcome.result}`);
        else if (!done && outcome.result === 'ok' && isCommitted(step))
          complaints.push(`${step.name}: not done, but the outcome is ok`);
      }
    }
  }
  return complaints;
}

/** Where CommandComplete means that the marks stay: one statement that is its own transaction. */
function isCommitted(step: Step): boolean {
  const writes = Object.values(step.marks).some((wanted) => wanted > 0);
  return writes && step.committedBy === undefined && step.answers.length === 1 && step.bytes.length === 1;
}
