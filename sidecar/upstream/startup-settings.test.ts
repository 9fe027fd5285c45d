import { describe, expect, it } from 'vitest';
import { admitClientSettings, upstreamSettings } from './startup-settings.ts';

describe('startup settings', () => {
  it('pass on what only changes how values look', () => {
    const admitted = admitClientSettings(
      new Map([
        ['datestyle', 'German'],
        ['extra_float_digits', '3'],
        ['application_name', 'psql'],
        ['search_path', 'a, b'],
        ['client_encoding', "'utf-8'"],
        ['role', 'postgres'],
        ['session_authorization', 'x'],
        ['sluice.mask_key_inner', '00'],
        ['debug_print_plan', 'on'],
        ['row_security', 'off'],
      ]),
    );
    expect(admitted).toEqual({
      passed: [
        ['DateStyle', 'German'],
        ['extra_float_digits', '3'],
      ],
      applicationName: 'psql',
      searchPath: 'a, b',
      ignored: ['role', 'session_authorization', 'sluice.mask_key_inner', 'debug_print_plan', 'row_security'],
    });
  });

  it.each([
    ['client_encoding', 'LATIN1'],
    ['client_encoding', 'SQL_ASCII'],
    ['standard_conforming_strings', 'off'],
  ])('refuse %s = %s', (name, value) => {
    expect(admitClientSettings(new Map([[name, value]])).refused).toMatchObject({ code: 'SLUICE-205' });
  });

  it('are what SET would let the client change', () => {
    const asked = new Map([
      ['work_mem', '8MB'],
      ['jit', 'off'],
      ['client_min_messages', 'debug5'],
      ['log_statement', 'none'],
      ['app.tenant', '7'],
      ['gin_pending_list_limit', '1MB'],
    ]);
    const passed = [
      ['work_mem', '8MB'],
      ['jit', 'off'],
    ];
    const ignored = ['client_min_messages', 'log_statement', 'app.tenant'];
    expect(admitClientSettings(asked)).toEqual({ passed, ignored: [...ignored, 'gin_pending_list_limit'] });
    expect(admitClientSettings(asked, true)).toEqual({
      passed: [...passed, ['gin_pending_list_limit', '1MB'], ['application_name', '']],
      ignored,
    });
  });

  it('keep the name of the client where nothing is governed', () => {
    const { passed } = admitClientSettings(new Map([['application_name', 'psql']]), true);
    expect(new Map(upstreamSettings('sluice/a/b', passed)).get('application_name')).toBe('psql');
    const governed = admitClientSettings(new Map([['application_name', 'psql']]));
    expect(new Map(upstreamSettings('sluice/a/b', governed.passed)).get('application_name')).toBe('sluice/a/b');
  });

  it('let ours win, and the pinned ones over all', () => {
    const list = upstreamSettings(
      `sluice/a/ü\n${'x'.repeat(80)}`,
      [
        ['DateStyle', 'German'],
        ['statement_timeout', '0'],
      ],
      [
        ['STATEMENT_TIMEOUT', '5000'],
        ['client_encoding', 'LATIN1'],
      ],
    );
    expect(new Map(list)).toEqual(
      new Map([
        ['DateStyle', 'German'],
        ['STATEMENT_TIMEOUT', '5000'],
        ['client_encoding', 'UTF8'],
        ['standard_conforming_strings', 'on'],
        ['application_name', `sluice/a/??${'x'.repeat(52)}`],
      ]),
    );
  });
});
