/**
 * The stream between a sidecar and the operator: one HTTP/2 request over TLS, `POST /sluice/v1/stream` with the projected token as bearer,
 * whose two bodies are open for as long as the sidecar runs. Each body is a sequence of frames, one JSON object a line.
 *
 * The operator says what is in force, whole, on connect and on every change; there are no deltas, so there is nothing to lose. The sidecar
 * acknowledges revisions. A frame of an unknown type is skipped: that is how either side may be newer.
 */
import type { Identity } from '../identity/identity.ts';
import type { DatabaseAccessPolicy } from '../../crds/database-access-policy.ts';
import type { Database } from '../../crds/database.ts';

export const STREAM_PATH = '/sluice/v1/stream';
/**
 * The newest that this release speaks. The sidecar says in its hello what it speaks, the operator answers with the newest that both do (ADR 23).
 * 1: release 0.1.0. 2: the hello says which findings the sidecar holds, and they are not sent again. 3: audit records are collected on a stream
 * beside this one (audit-frames.ts).
 */
export const STREAM_PROTOCOL = 3;
/** The oldest: that of the first release. */
export const OLDEST_STREAM_PROTOCOL = 1;
/** Bytes of one line, in either direction. */
export const MAX_OPERATOR_FRAME = 16 * 1024 * 1024;
export const MAX_SIDECAR_FRAME = 64 * 1024;
/** Milliseconds between heartbeats of either side; three missed and the peer is gone. */
export const HEARTBEAT = 10_000;

export type OperatorFrame =
  | WelcomeFrame
  | StateFrame
  | FindingsFrame
  | CredentialFrame
  | DigestKeyFrame
  | WithdrawnFrame
  | AuthoritiesFrame
  | { readonly type: 'heartbeat' }
  /** This replica stops: connect again, elsewhere. Nothing else changes. */
  | { readonly type: 'goodbye' }
  /** The pod's identity is no longer good: everything ends, at once. */
  | { readonly type: 'revoked'; readonly code: RefusalCode; readonly reason: string };

/** The first frame, in answer to the hello. */
export interface WelcomeFrame {
  readonly type: 'welcome';
  /** Spoken from here on. Release 0.1.0 sends its welcome without waiting for the hello. */
  readonly protocol: number;
  /** Version of the operator, and the name of its replica. */
  readonly operator: string;
  readonly replica: string;
  /** Who the sidecar is, as verified: claims of its own do not count. */
  readonly identity: Identity;
}

/** What is in force for this identity on one Database. */
export interface StateFrame {
  readonly type: 'state';
  /** `namespace/name` of the Database. */
  readonly database: string;
  /** Changes when anything in this frame does. */
  readonly revision: string;
  /** Without status. */
  readonly object: Database;
  /** Those that bind this identity, without status. */
  readonly policies: readonly DatabaseAccessPolicy[];
  /** Of the server, resolved by the operator; empty: it could not be resolved. */
  readonly addresses: readonly string[];
  /** PEM of `spec.tls.caSecretRef`. */
  readonly ca?: string;
}

/**
 * What detection has found in the Database so far (core/sensitivity/findings.ts, printFindings). Comes before its first `state`, unless the
 * sidecar said that it holds this very text.
 */
export interface FindingsFrame {
  readonly type: 'findings';
  readonly database: string;
  readonly text: string;
}

/** Never logged, never hashed, never written but to the sidecar's memory volume. Comes before its first `state`. */
export interface CredentialFrame {
  readonly type: 'credential';
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The key of digests in the audit records of the Database, the same in all its sidecars. As a credential: never logged, never hashed, never written but to the
 * sidecar's memory volume. Comes before its first `state`; sidecars before 0.2.0 skip it.
 */
export interface DigestKeyFrame {
  readonly type: 'digest-key';
  readonly database: string;
  /** 32 bytes, base64url. */
  readonly key: string;
}

/** This identity has nothing (more) on this Database: its sessions end. */
export interface WithdrawnFrame {
  readonly type: 'withdrawn';
  readonly database: string;
  /** One sentence for whoever wonders. */
  readonly reason: string;
}

/** All authorities that sign stream certificates now or will soon; the one fixed at injection is trusted whatever this says. */
export interface AuthoritiesFrame {
  readonly type: 'authorities';
  /** PEM each. */
  readonly certificates: readonly string[];
}

export type SidecarFrame =
  | HelloFrame
  | AcknowledgementFrame
  /** The token was renewed: good for as long as it says. */
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'heartbeat' };

/** The first frame. */
export interface HelloFrame {
  readonly type: 'hello';
  /** The newest that it speaks. */
  readonly protocol: number;
  /** The oldest; absent: the same. */
  readonly oldest?: number;
  /** Version of the sidecar. */
  readonly version: string;
  /** `namespace/name`, as the pod's settings list them. */
  readonly databases: readonly string[];
  /** From protocol 2 on: by Database the SHA-256 (hexadecimal) of the findings it holds. */
  readonly findings?: Readonly<Record<string, string>>;
}

/** What both sides of a stream speak; undefined: nothing. `oldest` and `newest` are what the other side says of itself. */
export function commonProtocol(oldest: number, newest: number): number | undefined {
  const common = Math.min(newest, STREAM_PROTOCOL);
  return common >= Math.max(oldest, OLDEST_STREAM_PROTOCOL) ? common : undefined;
}

export interface AcknowledgementFrame {
  readonly type: 'acknowledged';
  readonly database: string;
  readonly revision: string;
  /** `programmed`: the next statement is judged by it. `waiting`: valid, but the schema has not been read yet. */
  readonly state: 'programmed' | 'waiting' | 'rejected';
  /** One sentence, where it is not programmed. */
  readonly reason?: string;
}

/** Why a token or a pod is refused. Each is counted. */
export type RefusalCode =
  | 'TokenMissing'
  | 'TokenMalformed'
  | 'TokenSignature'
  | 'TokenIssuer'
  | 'TokenAudience'
  | 'TokenExpired'
  | 'TokenNotYetValid'
  | 'TokenUnbound'
  | 'TokenRejected'
  | 'PodGone'
  | 'PodReplaced'
  | 'ServiceAccountMismatch'
  | 'NodeMismatch'
  | 'NotInjected'
  | 'RenderUnknown'
  | 'ImageUnknown'
  | 'PodUnsafe'
  /** Not the sidecar's fault: try again. */
  | 'KeysUnavailable'
  | 'NotReady';

export function encodeFrame(frame: OperatorFrame | SidecarFrame): string {
  return `${JSON.stringify(frame)}\n`;
}
