/** References that mean nothing here, or it is not certain what: where we can say more than the server, or must. */
import type { ColumnRef } from '@pgsql/types';
import { denial, deny } from '../../errors/denial.ts';
import { locationOf } from '../ast/node.ts';
import type { Scope, ScopeSource, StatementContext } from '../context.ts';
import { columnHint, nearest } from './hints.ts';
import type { Resolution } from './resolve.ts';

export function refuseUncertain(context: StatementContext, otherwise: Resolution, name: string, reference: ColumnRef): void {
  if ('source' in otherwise && otherwise.source.onReference !== undefined) uncertain(context, name, reference);
}

export function uncertain(context: StatementContext, name: string, reference: ColumnRef): void {
  // Where nothing is masked the server says which it means, or that it is ambiguous.
  if (context.bundle.transparent) return;
  deny('SLUICE-602', `It is not certain which column "${name}" means, and one candidate is masked.`, {
    location: locationOf(reference),
    hint: 'Qualify the column with the name of its table.',
    rule: 'floor',
  });
}

export function refuseColumn(context: StatementContext, name: string, source: ScopeSource, reference: ColumnRef): void {
  context.refuse(
    denial('SLUICE-202', `column "${name}" does not exist or is not granted`, {
      location: locationOf(reference),
      hint: columnHint(context, source, name),
      rule: 'grants',
    }),
  );
}

/** Where everything is known and something is governed, we can say more than the server; otherwise the server answers. */
export function unknownColumn(
  context: StatementContext,
  name: string,
  sources: readonly ScopeSource[],
  reference: ColumnRef,
): void {
  const governed = sources.find((source) => source.site !== undefined);
  if (governed === undefined || governed.columns === null || context.catalog.functionsNamed(name).length > 0) return;
  refuseColumn(context, name, governed, reference);
}

export function unknownName(context: StatementContext, name: string, scope: Scope, reference: ColumnRef): void {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const strict = level.sources.find((source) => source.strict);
    if (strict !== undefined) {
      refuseColumn(context, name, strict, reference);
      return;
    }
  }
  const sources = scope.sources.filter((source) => source.site !== undefined);
  if (sources.length === 0) return;
  const best = nearest(
    name,
    sources.flatMap((source) => (source.columns ?? []).filter((column) => !column.ungranted).map((column) => column.name)),
  );
  const source = sources.find((candidate) => candidate.columns?.some((column) => column.name === best[0])) ?? sources[0]!;
  refuseColumn(context, name, source, reference);
}
