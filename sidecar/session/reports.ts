/**
 * ErrorResponse and NoticeResponse on their way to the client: scrubbed, positions given in the client's own text. Where the
 * policy grants everything there is nothing to hide, and the server's bytes pass as they are.
 */
import type { StatementPlan } from '../../core/sql/plan.ts';
import { clientPosition } from '../../core/sql/text/position.ts';
import { type ScrubContext, STRICTEST, scrubError, scrubNotice } from '../../core/wire/report-scrub.ts';
import type { ReportFields } from '../../core/wire/server-messages.ts';
import { cstring, errorResponse, message, noticeResponse } from '../../core/wire/write.ts';
import type { SessionCore } from './core.ts';
import type { Expected, SentText } from './pipeline.ts';
import { Visibility } from './visibility.ts';

export class Reports {
  readonly #core: SessionCore;
  readonly #visibility = new Visibility();

  constructor(core: SessionCore) {
    this.#core = core;
  }

  /** The bytes for the client; undefined: the server's own bytes pass. */
  error(fields: ReportFields, truncated: boolean, head: Expected | undefined): Buffer | undefined {
    if (this.#nothingToHide(truncated, head)) return head?.sent === undefined ? undefined : relocated('E', fields, head.sent);
    return errorResponse(scrubError(fields, this.#context(truncated, head)));
  }

  /** The bytes for the client; undefined: the server's own bytes pass; null: dropped. */
  notice(fields: ReportFields, truncated: boolean, head: Expected | undefined): Buffer | undefined | null {
    if (this.#nothingToHide(truncated, head)) return head?.sent === undefined ? undefined : relocated('N', fields, head.sent);
    const notice = scrubNotice(fields, this.#context(truncated, head));
    return notice === undefined ? null : noticeResponse(notice);
  }

  /** A report that is not known whole can pass as it is, but not be changed. */
  #nothingToHide(truncated: boolean, head: Expected | undefined): boolean {
    return this.#core.engine?.bundle.allowAll === true && (!truncated || head?.sent === undefined);
  }

  #context(truncated: boolean, head: Expected | undefined): ScrubContext {
    const { engine } = this.#core;
    if (engine === undefined || head === undefined) return { ...STRICTEST, truncated };
    const plan = currentPlan(head);
    const { sent } = head;
    const touched = plan === null ? true : plan.touchesGoverned;
    const ends = head.kind === 'sync' || plan?.kind === 'commit';
    return {
      governed: !engine.bundle.allowAll && (ends ? this.#core.governed : touched),
      visible: this.#visibility.of(engine, plan?.normalised ?? sent?.client.toString('utf8') ?? ''),
      mapPosition: sent === undefined ? (position) => position : (position) => mappedPosition(sent, position),
      truncated,
    };
  }
}

/** The same report with its position in the client's text. */
function relocated(type: 'E' | 'N', fields: ReportFields, sent: SentText): Buffer {
  const parts: Buffer[] = [];
  for (const [code, value] of fields) {
    const mapped = code === 'P' ? mappedPosition(sent, Number(value.toString('latin1'))) : undefined;
    if (code === 'P' && mapped === undefined) continue;
    parts.push(Buffer.from(code), cstring(mapped === undefined ? value : String(mapped)));
  }
  return message(type, ...parts, Buffer.alloc(1));
}

/** The client's statement that the replies at this point are about. */
function currentPlan(head: Expected): StatementPlan | null {
  return head.pieces?.[head.piece]?.execution?.plan ?? head.portal?.plan ?? head.statement?.plan ?? null;
}

/** From a character position in what was sent to one in what the client wrote; undefined inside text of ours. */
export function mappedPosition(sent: SentText, position: number): number | undefined {
  let start = 1;
  for (const { text, plan } of sent.parts) {
    const length = [...text].length;
    if (position < start + length || (position === start + length && sent.parts.at(-1)?.plan === plan)) {
      if (position < start || plan === null) return undefined;
      return clientPosition({ client: sent.client, range: plan.range, edits: plan.edits }, position - start + 1);
    }
    start += length + sent.separator.length;
  }
  return undefined;
}
