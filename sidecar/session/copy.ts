/**
 * COPY FROM STDIN, the client's side. While the server reads copy data it understands nothing but CopyData, CopyDone and
 * CopyFail; it ignores Flush and Sync (drivers send one behind their Execute), so these are not sent at all. Anything else
 * would make it give up the connection.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
import { CLIENT, decodeCopyFail, decodeEmpty } from '../../core/wire/client-messages.ts';
import { type Disposition, DROP, PASS } from '../../core/wire/frame-walker.ts';
import { lostSync } from '../../core/wire/protocol-error.ts';
import { message } from '../../core/wire/write.ts';
import type { SessionCore } from './core.ts';
import type { Inbound } from './inbound.ts';
import type { Expected } from './pipeline.ts';

export function copyMessage(inbound: Inbound, type: number, body: Buffer): Disposition {
  const { core } = inbound;
  switch (type) {
    case CLIENT.copyDone: {
      decodeEmpty(body, 'CopyDone');
      const check = core.copyCheck;
      copyInEnded(inbound);
      const more = core.copyIn === 'expected';
      if (check === null && !more) return PASS;
      inbound.emit(message('c'));
      check?.();
      return more ? inbound.holdForCopy() : DROP;
    }
    case CLIENT.copyFail:
      decodeCopyFail(body);
      copyInEnded(inbound);
      return PASS;
    case CLIENT.flush:
    case CLIENT.sync:
      return DROP;
    default:
      throw lostSync(`unexpected message type 0x${type.toString(16)} during COPY from stdin`, 'SLUICE-502');
  }
}

/** The server answered CopyInResponse. */
export function copyInBegins(inbound: Inbound): void {
  inbound.core.copyIn = 'active';
  inbound.copyData(true);
}

/**
 * Whether what happens to `head` happens to the COPY that is under way or awaited: replies to what was sent before an awaited one
 * are none of its business, unless it stands in the same series.
 */
export function concernsCopy({ copyIn, copyOf }: SessionCore, head: Expected): boolean {
  if (copyIn !== 'expected') return copyIn === 'active';
  return head === copyOf || (head.kind !== 'query' && head.group === copyOf?.group);
}

/** The client is done, or the server failed. Another COPY of the same Query may follow. */
export function copyInEnded(inbound: Inbound): void {
  const { core } = inbound;
  inbound.copyData(false);
  core.copyCheck = null;
  const head = core.pipeline.head;
  const more =
    head?.kind === 'query' &&
    !head.failed &&
    head.pieces?.slice(head.piece + 1).some((piece) => piece.execution?.plan.copyIn === true);
  core.copyIn = more === true ? 'expected' : 'none';
}
