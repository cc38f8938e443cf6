const STATEMENTS = [
  'DROP TABLE t',
  'DELETE FROM t',
  'UPDATE t SET v = 0',
  'INSERT INTO t VALUES (1)',
  "COPY t TO '/tmp/out'",
  "ATTACH '/tmp/db'",
  'INSTALL httpfs',
  'PRAGMA database_list',
  "SET memory_limit = '1TB'",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT getenv('PATH')",
  'CREATE TABLE x (y INTEGER)',
  'EXPORT DATABASE x',
  'CALL pragma_version()',
];
const WRAPPERS: ((inner: string) => string)[] = [
  (inner) => inner,
  (inner) => `'; ${inner}; --`,
  (inner) => `"; ${inner}; --`,
  (inner) => `\`; ${inner}; #`,
  (inner) => `') OR (${inner}) --`,
  (inner) => `1; ${inner} /*`,
  (inner) => `*/ ${inner} /*`,
  (inner) => `x' UNION ALL ${inner} --`,
  (inner) => `x" UNION ALL ${inner} --`,
  (inner) => `'||(${inner})||'`,
  (inner) => `\\'; ${inner}; --`,
  (inner) => `$$ ${inner} $$`,
  (inner) => `E'\\'' ${inner}`,
  // Signs that look like quotes, or vanish, or turn the text around.
  (inner) => `\u02bc; ${inner}; \u2014`,
  (inner) => `\uff07; ${inner}; \uff0d\uff0d`,
  (inner) => `\u2018\u2019\u201c\u201d ${inner}`,
  (inner) => `\u202e${inner}\u200b\ufeff`,
  (inner) => `x\r\n; ${inner}\n`,
  (inner) => `x\t\v\f${inner}`,
  (inner) =>
    inner
      .replaceAll(' ', '/**/')
      .replaceAll(/[A-Z]/g, (c, at: number) => (at % 2 ? c : c.toLowerCase())),
  (inner) => `{{${inner}}}`,
  (inner) => `?; ${inner}; $1 :name @x`,
];
const SHORT = [
  "'", "''", "'''", '"', '""', '`', '``', ';', '--', '/*', '*/', '#', '\\', "\\'", '\\"', '?', '??', '$1', ':a', '%', '_', '%%', '*',
  '(', ')', '()', ',', '.', '=', "' or '1'='1", "' or 1=1 --", '" or ""="', "') or ('1'='1", 'null', 'NULL', 'true', 'select', 'or', 'and',
  'not', 'like', 'in', 'is', 'between', 'nan', 'order by 1', 'limit 1', 'rowid', 'current_user', 'version()', '1/0', '0x27', '%27', '&#39;',
  '&quot;', '\u0000', "a\u0000'; --", '\u00a0', '\u2028', '\ufffd', '\u{10ffff}', '😀', 'ﬀ', 'İ', 'ẞ', 'é', 'e\u0301', ' ', '  x  ', '\n', '\t',
]; // prettier-ignore

/** Texts that mean something to SQL, to parsers of it, or to people who read it; over 300. */
export const INJECTIONS: readonly string[] = [
  ...new Set([...SHORT, ...STATEMENTS.flatMap((inner) => WRAPPERS.map((wrap) => wrap(inner)))]),
];
