/** The StatementContext of one statement: the state its analysis gathers, and nothing that decides. */
import type { Node } from '@pgsql/types';
import type { RelationData } from '../catalog/model.ts';
import type { Code } from '../errors/codes.ts';
import { DenialError, type Denial } from '../errors/denial.ts';
import type { Analyser, StatementContext } from './context.ts';
import type { EngineOptions } from './engine.ts';
import { Facts } from './facts.ts';
import type { RegUse } from './introspect/guards.ts';
import type { PlannedEvidence } from './evidence/planned.ts';
import type { FragmentParser } from './parse/fragment.ts';
import type { AnalyseRequest, Edit, SessionEffect, StatementKind } from './plan.ts';
import type { ReadSite } from './read/site.ts';
import { FrameStack } from './scope/frames.ts';
import type { Star } from './scope/stars.ts';
import type { SessionView } from './session-state.ts';
import { EditList, keptApart } from './text/edits.ts';
import type { Source } from './text/source.ts';

export interface ContextParts {
  readonly options: EngineOptions;
  readonly fragments: FragmentParser;
  readonly analyser: Analyser;
  readonly request: AnalyseRequest;
  readonly session: SessionView;
  readonly source: Source;
  readonly range: readonly [start: number, end: number];
  /** For a statement inside another one: edits, sites and stars belong to the outer text. */
  readonly outer?: StatementState;
}

/** Column, action (of a kind of relation that does not have it) and operator: not granted can only mean that it does not exist. */
const ABOUT_NAMES: ReadonlySet<Code> = new Set(['SLUICE-202', 'SLUICE-203', 'SLUICE-208']);

export class StatementState implements StatementContext {
  readonly source: Source;
  readonly range: readonly [start: number, end: number];
  readonly catalog;
  readonly bundle;
  readonly session: SessionView;
  readonly request: AnalyseRequest;
  readonly parser;
  readonly fragments: FragmentParser;
  readonly salt: string;
  readonly analyser: Analyser;
  readonly facts = new Facts();
  readonly edits: EditList;
  readonly sites: ReadSite[];
  readonly cteUses: ReadSite[];
  readonly stars: Star[];
  readonly maskedReads: string[];
  readonly parametersKnown: boolean;
  readonly met: Set<object>;
  readonly frames: FrameStack;
  readonly observed: Denial[];
  readonly pinned: Set<number>;
  allPinned = false;
  /** A whole query is being checked for nodes that the walk does not meet. */
  covering = false;
  readonly plainOperators = new Set<string>();
  comparedRow: Node | undefined;
  readonly rowsWithoutType = new Set<Node>();
  regUse: RegUse = 'text';
  outputUse: RegUse = 'text';
  kind: StatementKind = 'other';
  effect: SessionEffect = { kind: 'none' };
  writesRows = false;
  returnsRows = false;
  swallowRows = false;
  cacheable = true;
  copyIn = false;
  uses: { prepared?: string; cursor?: string } = {};
  inherited: PlannedEvidence | undefined;
  readonly targets: Map<object, RelationData | null>;

  constructor(parts: ContextParts) {
    const { options, outer } = parts;
    this.source = parts.source;
    this.range = parts.range;
    this.catalog = options.catalog;
    this.bundle = options.bundle;
    this.session = parts.session;
    this.request = parts.request;
    this.parser = options.parser;
    this.fragments = parts.fragments;
    this.salt = options.salt;
    this.analyser = parts.analyser;
    this.edits = outer?.edits ?? new EditList(options.maximumAdded);
    this.sites = outer?.sites ?? [];
    this.cteUses = outer?.cteUses ?? [];
    this.stars = outer?.stars ?? [];
    this.maskedReads = outer?.maskedReads ?? [];
    this.parametersKnown = outer === undefined;
    this.met = outer?.met ?? new Set();
    this.frames = outer?.frames ?? new FrameStack();
    this.observed = outer?.observed ?? [];
    this.pinned = outer?.pinned ?? new Set();
    this.targets = outer?.targets ?? new Map();
  }

  edit(edit: Edit): void {
    this.edits.add(keptApart(this.source.bytes, edit));
  }

  pinLiteral(location: number): void {
    this.pinned.add(location);
  }

  pinAll(): void {
    this.allPinned = true;
  }

  refuse(denial: Denial): void {
    if (this.bundle.mode === 'Observe') this.observed.push(denial);
    // All that exists is granted: what is not there is for the server to say.
    else if (!this.bundle.transparent || !ABOUT_NAMES.has(denial.code)) throw new DenialError(denial);
  }
}
