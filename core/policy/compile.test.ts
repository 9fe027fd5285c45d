/** Compiling: what is granted, what mistakes cost, how sensitive columns look, who is bound. */
import { describe, expect, it } from 'vitest';
import { CLASSES, bundleOf, compile, found, look, messages, read } from '../../test/support/compile-policy.ts';

describe('what is granted', () => {
  it('nothing without a policy, with the reason', () => {
    const result = compile({});
    expect(result.bundle).toBeUndefined();
    expect(messages(result)).toContain('no policy in force has ai/agent as a subject');
  });

  it('the listed columns of the listed tables, and nothing else', () => {
    const result = compile({ a: 'grants: [{tables: [public.customers], actions: [Select], columns: [id, name]}]' });
    expect(look(result, 'public.customers')).toEqual(['id', 'name']);
    expect(bundleOf(result).relations).toHaveLength(1);
    expect(bundleOf(result).allowAll).toBe(false);
    expect(bundleOf(result).protectedColumns).toContain('16000.3');
    expect(bundleOf(result).protectedColumns).toContain('16001.1');
    expect(bundleOf(result).protectedColumns).not.toContain('16000.1');
  });

  it('wildcards leave out the system and what extensions brought', () => {
    const result = compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' });
    const names = bundleOf(result).relations.map((relation) => `${relation.schema}.${relation.name}`);
    expect(names).toEqual(['public.customers', 'public.tickets', 'public.tickets_id_seq', 'archive.old']);
    expect(bundleOf(result)).toMatchObject({ allowAll: false, createIn: ['archive', 'public'], protectedColumns: ['16005.1'] });
    const off = compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' }, 'sensitivity: {detection: "Off"}');
    expect(bundleOf(off).allowAll).toBe(true);
    expect(messages(compile({ a: 'grants: [{tables: [pg_catalog.pg_class], actions: [Select]}]' }))).toContain(
      'belongs to the system',
    );
  });

  it('a relation is open to columns of the future only where none could be hidden', () => {
    const openness = (grant: string, database = ''): unknown =>
      bundleOf(compile({ a: `grants: [{tables: [public.tickets], actions: [Select]${grant}}]` }, database)).relations[0]?.select;
    const off = 'sensitivity: {detection: "Off"}';
    expect(openness('', off)).toMatchObject({ unrestricted: true, open: true });
    expect(openness('')).toMatchObject({ unrestricted: true, open: false });
    expect(openness(', columns: [id, customer_id, body]', off)).toMatchObject({ unrestricted: true, open: false });
  });

  it('a wildcard of one schema stays there', () => {
    const result = compile({ a: 'grants: [{tables: ["archive.*"], actions: [Select, Create]}]' });
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['old']);
    expect(bundleOf(result).createIn).toEqual(['archive']);
  });

  it('a sequence follows Insert on its table', () => {
    const sequence = (policy: string) =>
      bundleOf(compile({ a: policy })).relations.find((relation) => relation.name === 'tickets_id_seq');
    expect(sequence('grants: [{tables: [public.tickets], actions: [Select]}]')).toBeUndefined();
    expect(sequence('grants: [{tables: [public.tickets], actions: [Insert]}]')).toMatchObject({
      insert: { columns: [] },
      actions: [],
    });
  });

  it('allowAll is not said when a class masks something', () => {
    expect(bundleOf(compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' }, CLASSES)).allowAll).toBe(false);
  });

  it('is transparent only where nothing is left to enforce', () => {
    const all = 'grants: [{tables: ["*.*"], actions: ["*"]}]';
    const open = 'sensitivity: {detection: "Off"}';
    const transparent = (policy: string, database: string) => bundleOf(compile({ a: policy }, database)).transparent;
    const functions = `${all}\nfunctions: ["*"]`;
    expect(transparent(functions, open)).toBe(true);
    expect(transparent(functions, `${open}\nprotection: {deny: [Drop]}`)).toBe(false);
    expect(transparent(functions, `${open}\nprotection: {neverReveal: [secret]}`)).toBe(false);
    expect(transparent(functions, 'sensitivity: {detection: Automatic}')).toBe(false);
    const declared = (name: string) =>
      `sensitivity: {detection: "Off", columns: [{table: public.later, column: a, class: ${name}}]}`;
    expect(transparent(functions, declared('secret'))).toBe(false);
    expect(transparent(functions, declared('none'))).toBe(true);
    expect(transparent(all, open)).toBe(false);
    expect(transparent(`${functions}\nguardrails: {requireWhere: true}`, open)).toBe(false);
    expect(transparent(`${functions}\nguardrails: {maxAffectedRows: 5}`, open)).toBe(false);
    expect(transparent(`${functions}\nmode: Observe`, open)).toBe(false);
    expect(transparent('grants: [{tables: ["public.*"], actions: ["*"]}]\nfunctions: ["*"]', open)).toBe(false);
  });

  it('protection.deny wins over every grant', () => {
    const bundle = bundleOf(
      compile({ a: 'grants: [{tables: ["*.*"], actions: ["*"]}]' }, 'protection: {deny: [Drop, Truncate, Create]}'),
    );
    expect(bundle.relations.flatMap((relation) => relation.actions)).not.toContain('Drop');
    expect(bundle.createIn).toEqual([]);
    expect(bundle.protectionDeny).toEqual(['Create', 'Drop', 'Truncate']);
  });

  it('a filtered grant gives nothing that ignores filters', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers], actions: [Select, Truncate, Drop], rowFilter: "tenant = 'x'"}]`,
    });
    expect(bundleOf(result).relations[0]?.actions).toEqual([]);
    expect(messages(result)).toContain('Truncate, Drop would reach rows outside the rowFilter');
  });
});

describe('mistakes about what exists', () => {
  it('a table that does not exist grants nothing and names the nearest', () => {
    const result = compile({ a: 'grants: [{tables: [public.custmers, public.tickets], actions: [Select]}]' });
    expect(found(result)).toMatchObject([
      {
        severity: 'error',
        reason: 'UnknownTable',
        path: 'spec.grants[0].tables[0]',
        object: 'DatabaseAccessPolicy platform/a',
        message: expect.stringContaining('did you mean "public.customers"?'),
      },
    ]);
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['tickets']);
  });

  it('a mistyped column under masks takes the grant out of force: it would be shown in clear', () => {
    const result = compile({
      a: 'grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [emial], mask: {redact: {}}}]}]',
    });
    expect(bundleOf(result).relations).toEqual([]);
    expect(messages(result)).toContain('did you mean "email"?');
  });

  it('a mistyped column under columns is only left out', () => {
    const result = compile({ a: 'grants: [{tables: [public.customers], actions: [Select], columns: [id, nmae]}]' });
    expect(look(result, 'public.customers')).toEqual(['id']);
    expect(messages(result)).toContain('did you mean "name"?');
  });

  it.each([
    ['actions: [Update], masks: [{columns: [email], mask: {redact: {}}}]', 'masks has no effect in a grant without Select'],
    ['actions: [Update], reveal: [email]', 'reveal has no effect in a grant without Select'],
    [
      'actions: [Explain], rowFilter: "id > 3"',
      'rowFilter has no effect in a grant without Select or Insert or Update or Delete',
    ],
    ['actions: [Delete], columns: [id]', 'columns has no effect in a grant without Select or Insert or Update'],
  ])('what has no effect where it stands is said: %s', (grant, message) => {
    const result = compile({ a: `grants: [{tables: [public.customers], ${grant}}]` });
    expect(found(result)).toMatchObject([{ severity: 'warning', reason: 'Ignored', message }]);
    expect(found(compile({ a: `grants: [{tables: [public.customers], ${grant.replace('[', '[Select, ')}}]` }))).toEqual([]);
  });

  it('a row filter that does not fit grants nothing on that table', () => {
    const result = compile({
      a: `grants: [{tables: [public.customers, public.tickets], actions: [Select], rowFilter: "tenant = 'x'"}]`,
    });
    expect(bundleOf(result).relations.map((relation) => relation.name)).toEqual(['customers']);
    expect(messages(result)).toContain('public.tickets has no column "tenant"');
  });
});

describe('how sensitive columns look', () => {
  const bare = 'grants: [{tables: [public.customers], actions: [Select]}]';

  it('masked by class with no line in any policy', () => {
    expect(look(compile({ a: bare }, CLASSES), 'public.customers')).toEqual([
      'id',
      'name',
      'email:email',
      'phone:partial',
      'tenant',
      'region',
      'ssn:redact',
      'born:date',
    ]);
  });

  it('reveal beats a class, not a floor', () => {
    const policy = 'grants: [{tables: [public.customers], actions: [Select], reveal: [email, ssn]}]';
    const result = compile({ a: policy }, `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`);
    expect(look(result, 'public.customers')).toContain('email');
    expect(look(result, 'public.customers')).toContain('ssn:redact');
    expect(read(result, 'public.customers')?.columns[6]?.mask?.rule).toBe('protection');
    expect(messages(result)).toContain('Protected column "ssn" of public.customers stays hidden');
  });

  it('an explicit mask on a floor holds only if it shows nothing of the value', () => {
    const with_ = (mask: string) =>
      look(
        compile(
          { a: `grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [ssn], mask: ${mask}}]}]` },
          `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`,
        ),
        'public.customers',
      );
    expect(with_('{hash: {}}')).toContain('ssn:hash');
    expect(with_('{partial: {keepLast: 3}}')).toContain('ssn:redact');
  });

  it('an explicit mask beats a bare grant, of whichever policy', () => {
    const masked =
      'grants: [{tables: [public.customers], actions: [Select], columns: [email], masks: [{columns: [email], mask: {hash: {}}}]}]';
    for (const policies of [
      { a: bare, b: masked },
      { a: masked, b: bare },
    ]) {
      const result = compile(policies);
      expect(look(result, 'public.customers')).toContain('email:hash');
      expect(look(result, 'public.customers')).toHaveLength(8);
      expect(bundleOf(result).usesMaskKey).toBe(true);
    }
  });

  it('a mask that does not fit the type redacts and is reported', () => {
    const result = compile({
      a: 'grants: [{tables: [public.customers], actions: [Select], masks: [{columns: [id], mask: {email: {}}}]}]',
    });
    expect(look(result, 'public.customers')).toContain('id:redact');
    expect(messages(result)).toContain('Mask column "id" of public.customers is redacted: mask email does not apply to integer');
  });
});

describe('strictest wins', () => {
  it('guardrails, limits, mode, masking', () => {
    const bundle = bundleOf(
      compile({
        a: 'mode: Observe\nguardrails: {maxAffectedRows: 100}\nlimits: {maxRows: 10, statementTimeout: 2m}',
        b: 'guardrails: {requireWhere: true}\nlimits: {maxRows: 20, statementTimeout: 5s, maxConnections: 3}',
      }),
    );
    expect(bundle).toMatchObject({
      mode: 'Enforce',
      masking: 'Enforce',
      guardrails: { requireWhere: true, maxAffectedRows: 100 },
      limits: { maxRows: 10, statementTimeout: 5000, maxConnections: 3 },
    });
    expect(bundle.effective).toBeUndefined();
  });

  it('Observe only if all observe; then everything is permitted but the floors', () => {
    const policy = 'mode: Observe\ngrants: [{tables: [public.customers], actions: [Select], columns: [id, email, ssn]}]';
    const floors = `${CLASSES}\nprotection: {neverReveal: [pii.national-id]}`;
    const record = bundleOf(compile({ a: policy, b: 'mode: Observe' }, floors));
    expect(record).toMatchObject({ mode: 'Observe', masking: 'Record' });
    const customers = record.effective?.find((relation) => relation.name === 'customers')?.select;
    expect(customers?.columns).toHaveLength(8);
    expect(customers?.columns.filter((column) => column.mask).map((column) => column.attnum)).toEqual([7]);
    expect(record.protectedColumns).toEqual(['16000.7']);
    expect(record.relations.map((relation) => relation.name)).toEqual(['customers']);
    const enforce = bundleOf(compile({ a: `${policy}\nmasking: Enforce`, b: 'mode: Observe' }, floors));
    expect(enforce.masking).toBe('Enforce');
    expect(enforce.protectedColumns).toEqual(['16000.3', '16000.4', '16000.7', '16000.8']);
  });
});

describe('binding', () => {
  it('a policy that has ended does not bind; the next end is announced', () => {
    const grants = 'grants: [{tables: [archive.old], actions: [Select]}]';
    expect(compile({ a: `${grants}\nvalidUntil: "2026-05-31T23:59:59Z"` }).bundle).toBeUndefined();
    const result = compile({
      a: `${grants}\nvalidUntil: "2026-06-02T00:00:00Z"`,
      b: `${grants}\nvalidUntil: "2026-06-03T00:00:00+02:00"`,
    });
    expect(result.nextChange).toBe(Date.parse('2026-06-02T00:00:00Z'));
  });
});
