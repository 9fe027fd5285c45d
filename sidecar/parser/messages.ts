/** What passes between the event loop and the thread that analyses large statements. */
import type { Bundle } from '../../core/policy/bundle.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';

export type ToWorker =
  /** For all that follow. The catalog is `CatalogData`, serialized. */
  | { readonly kind: 'engine'; readonly catalog: SharedArrayBuffer; readonly bundle: Bundle; readonly salt: string }
  | {
      readonly kind: 'analyse';
      readonly request: AnalyseRequest;
      readonly session: SessionView;
      readonly altered: readonly number[];
    };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'plans'; readonly plans: AnalyseResult }
  /** The parser failed in another way than by a syntax error. */
  | { readonly kind: 'broken' };
