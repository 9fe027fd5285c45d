/** Types in definitions: parameters of PREPARE, columns of CREATE TABLE. */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { checkType } from '../names/types.ts';

/** Denies types that are not granted, and those whose input looks names up, such as regclass (SLUICE-207). */
export function checkTypeNode(context: StatementContext, node: Node): undefined {
  const type = asTag(node, 'TypeName');
  if (type === undefined) return deny('SLUICE-102', 'A type was expected.', { rule: 'floor' });
  checkType(context, type, 'definition');
}
