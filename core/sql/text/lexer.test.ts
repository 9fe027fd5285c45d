import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createServerScanner, type ServerScanner } from '../../../test/support/server-scanner.ts';
import { tokenize } from './lexer.ts';

let scanner: ServerScanner;
beforeAll(async () => {
  scanner = await createServerScanner();
});

function check(sql: Buffer): void {
  const difference = scanner.difference(sql);
  if (difference !== undefined) expect(difference.ours).toEqual(difference.theirs);
}

const ODD = [
  "select 'a' 'b'",
  "select 'a'\n'b'",
  "select 'a' -- c\n 'b'",
  "select 'a' -- c\n -- d 'x'\n 'b'",
  "select 'a' /* c */\n 'b'",
  "select 'a'\r'b'",
  "select E'a\\'b'\n'c\\'d'",
  "select e'\\\\' , 1",
  "select N'abc', n'x'",
  "select NCHAR 'abc'",
  "select B'101'\n'11', X'ff', b'', x'1''2'",
  "select U&'d\\0061t' , U&'d!0061' UESCAPE '!'",
  "select U&'d!0061' /* c */ UESCAPE -- d\n '!' , 1",
  'select U&"d!0061" UESCAPE \'!\' from t',
  'select u&"a""b" , "c""d"',
  'select u & "x"',
  "select U&'a' uescape",
  'select $$a$$, $x$ $y$ $$ $x$, $x$$$x$',
  'select $a$b$a$, a$b$c, $1, $12+$3',
  'select $$a$b$c$$',
  'select $1$2',
  'select $x',
  'select $é$ ü $é$',
  'select 1..10, 1...2, 1.5.3, .5, 5., 1.e5, 1e5, 1E-5, 1e+5, 0x1F, 0o17, 0b101, 1_000, 0x_ff, 1_000.5_5e1_0',
  'select a[1:2], a[:], b::int, c:=1, f(x=>1), f(x =>-1)',
  'select 1-- comment\n+2',
  'select 1--comment\r+2',
  'select 1 +- 2, 1 -+ 2, 1 *- 2, a @- b, a @-+ b, a !=- 1, a <=- 1, a ~- b, a ->- b, a->>b, a #>> b, a ?| b, a ?& b',
  'select 1 +/* c */ 2, 1 @/* c */ 2, 1 @-- c\n 2, 1 +*/* c */ 2',
  'select 1 */* c */ 2',
  'select /* a /* b */ c */ 1, /*/ */ 2, /**/ 3, /***/ 4, /*/**/*/ 5',
  'select a.b . c, "x" . y.*',
  'select été, "été", Ÿ, 数, t\u00a0x',
  'select a\u3000b',
  'select\t1\n,\f2\r,\v3',
  'insert into t values (1,2),(3,4);;',
  'select 1=-1, 1>-1, 1<>-1, 1=>-1, 1%-1, 1^-1, 1|-1',
  'select ----1',
  'select 1 <-- 2\n 3',
  'select ->-, -|-, |/ 25.0, ||/ 27.0, !! 5, @ -5',
  `select ${'+'.repeat(100)} 1`,
  `select ${'~'.repeat(63)} 1, ${'@'.repeat(70)} 2`,
  'select "" from t',
  'select 0x',
  'select 0xg, 0b2, 0o8, 1a, 1_, 1__0, 1e, 1e+, 1.a',
  "select 'unterminated",
  'select "unterminated',
  'select $$unterminated',
  'select /* unterminated',
  "select E'abc\\",
  "select E'\\n\\x41\\101\\u0041'",
  "select ''''''",
  "select e''''''",
];

describe('tokenize against the server’s scanner', () => {
  it.each(ODD.map((sql) => [sql]))('%j', (sql) => check(Buffer.from(sql)));

  it('reports a token as invalid wherever the scanner reports an error', () => {
    const rejected = ODD.map((sql) => Buffer.from(sql)).filter((sql) => scanner.rejects(sql));
    expect(rejected.length).toBeGreaterThan(5);
    for (const sql of rejected) {
      const unterminated = sql.includes('/* unterminated');
      expect({
        sql: sql.toString(),
        invalid: unterminated || tokenize(sql).some((token) => token.kind === 'invalid'),
      }).toMatchObject({
        invalid: true,
      });
    }
  });

  const fragment = fc.oneof(
    fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '""',
        "e'",
        "E'\\'",
        "n'",
        "b'1",
        "x'a",
        "u&'",
        'U&"',
        ' UESCAPE ',
        "'!'",
        '$',
        '$$',
        '$a$',
        '$1',
        '\\',
      ],
      ...[
        '--',
        '-',
        '+',
        '/*',
        '*/',
        '*',
        '/',
        '<',
        '>',
        '=',
        '~',
        '!',
        '@',
        '#',
        '|',
        '?',
        '%',
        '^',
        '&',
        '`',
        ':',
        '::',
        ':=',
        '=>',
      ],
      ...[
        '.',
        '..',
        ',',
        ';',
        '(',
        ')',
        '[',
        ']',
        '{',
        '0',
        '1',
        '12',
        '0x',
        '0b',
        'e5',
        'E+',
        '_',
        'a',
        'Bc',
        'é',
        '数',
        '\u00a0',
        '\ufeff',
      ],
      ...[' ', '\n', '\r', '\t', '\f', '\v', ' \n ', 'select ', 'uescape'],
    ),
    fc.string({ maxLength: 3 }).filter((text) => !text.includes('\0')),
  );

  it('agrees on random text made of the pieces that matter', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (parts) => check(Buffer.from(parts.join('')))),
      { numRuns: 20_000 },
    );
  });
});

it('is linear in what makes the server’s scanner quadratic', () => {
  // Each of these took minutes with a scan that looks ahead from every token; no time is asserted, only that it comes to an end.
  for (const piece of [
    '+',
    '-+',
    '/**/',
    '+/**/',
    '/*',
    '*/',
    '$a',
    '$a$ ',
    "U&'' ",
    "'a'\n",
    '~+',
    '- -',
    '.',
    '0x',
    '"a" ',
    '@-',
  ]) {
    const bytes = Buffer.from(piece.repeat(400_000));
    expect(tokenize(bytes).length).toBeLessThanOrEqual(bytes.length);
  }
});

describe('token values', () => {
  const values = (sql: string): readonly string[] => tokenize(Buffer.from(sql)).map((token) => token.value);

  it('folds ASCII only, unquotes, decodes Unicode escapes', () => {
    expect(values('SeLeCt ÉA "A""b" U&"d\\0061t" U&"d!+000061" UESCAPE \'!\' U&"\\D83D\\DE00"')).toEqual([
      'select',
      'Éa',
      'A"b',
      'dat',
      'da',
      '😀',
    ]);
  });

  it('truncates names as the server does', () => {
    const long = 'a'.repeat(70);
    expect(values(`${long} "${long}"`)).toEqual(['a'.repeat(63), 'a'.repeat(63)]);
    expect(values(`"${'a'.repeat(62)}é"`)).toEqual(['a'.repeat(62)]);
  });

  it('gives operators and punctuation as written, and nothing of literals', () => {
    expect(values("a::int >= $1 || 'x' , 1 := .. =>")).toEqual([
      'a',
      '::',
      'int',
      '>=',
      '$1',
      '||',
      '',
      ',',
      '',
      ':=',
      '..',
      '=>',
    ]);
  });
});
