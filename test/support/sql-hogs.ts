const SIDE = 'range(10000000)';
const nested = (depth: number, open: string, inner: string, close: string): string =>
  open.repeat(depth) + inner + close.repeat(depth);
const list = (length: number, item: (place: number) => string, by = ', '): string =>
  Array.from({ length }, (_, place) => item(place)).join(by);

/** Statements that want more time, memory or disk than there is, or seem to; `t` is a small table. */
export const SQL_HOGS: Readonly<Record<string, string>> = {
  'a cross join': `SELECT sum(a.range * b.range) FROM ${SIDE} a, ${SIDE} b`,
  'a cross join of three': `SELECT count(DISTINCT a.range ^ b.range) FROM ${SIDE} a, ${SIDE} b, ${SIDE} c`,
  'a cross join of a table with itself': `SELECT max(md5(concat(${list(8, (n) => `t${n}.a`)}, r.range))) FROM ${list(8, (n) => `t t${n}`)}, ${SIDE} r`,
  'an unequal join': `SELECT count(*) FROM ${SIDE} a JOIN ${SIDE} b ON a.range < b.range * 7 % 10007 AND a.range % 3 <> b.range % 5`,
  'a join on a function': `SELECT count(*) FROM ${SIDE} a JOIN ${SIDE} b ON levenshtein(a.range::VARCHAR, b.range::VARCHAR) < 2`,
  'a join whose keys are all alike': `SELECT sum(a.range + b.range) FROM ${SIDE} a JOIN ${SIDE} b ON a.range % 2 = b.range % 2`,
  'a subquery for each row': `SELECT sum((SELECT count(*) FROM ${SIDE} b WHERE b.range % 7 > a.range % 5)) FROM ${SIDE} a`,
  'lateral ranges': `SELECT sum(hash(y.range)) FROM range(1000000) x, LATERAL (SELECT * FROM range(x.range * 1000)) y`,
  'a long range': 'SELECT sum(md5_number(range::VARCHAR) % 7) FROM range(1000000000000)',
  'a long generate_series':
    'SELECT count(DISTINCT sha256(generate_series::VARCHAR)) FROM generate_series(1, 10000000000)',
  'a long list of numbers': 'SELECT len(range(5000000000))',
  'a list for each row': 'SELECT sum(len(range(r.range))) FROM range(1000000) r',
  'a list of lists': 'SELECT len(list_transform(range(1000000), lambda x: range(x)))',
  'a crossed list':
    'SELECT len(flatten(list_transform(range(100000), lambda x: list_transform(range(100000), lambda y: x * y))))',
  'a resized list': 'SELECT len(list_resize([1], 4000000000, 7))',
  'a folded list': 'SELECT list_reduce(range(100000000), lambda a, b: a + sqrt(b)::BIGINT)',
  'a sorted list': 'SELECT list_sort(list(hash(range)))[1] FROM range(2000000000)',
  'unnested lists': 'SELECT sum(u) FROM (SELECT unnest(range(1000000)) AS u FROM range(1000000))',
  'a long text': "SELECT length(repeat('x', 4000000000))",
  'many long texts': "SELECT max(length(repeat('x', 100000000) || range)) FROM range(100)",
  'a text doubled again and again': `SELECT length(${nested(6, 'repeat(', "'0123456789'", ', 100)')})`,
  'replacements that grow': `SELECT length(${nested(8, 'replace(', "'aaaaaaaaaa'", ", 'a', 'aaaaaaaaaa')")})`,
  'a padded text': "SELECT max(length(lpad(range::VARCHAR, 500000000, 'xy'))) FROM range(20)",
  'a printed text': "SELECT length(format('{:>2000000000}', 'x'))",
  string_agg: "SELECT length(string_agg(md5(range::VARCHAR), ',')) FROM range(1000000000)",
  'an aggregated list': 'SELECT len(list(range::VARCHAR)) FROM range(1000000000)',
  'an aggregated map': 'SELECT cardinality(histogram(range)) FROM range(1000000000)',
  'many groups':
    "SELECT count(*) FROM (SELECT range::VARCHAR || repeat('x', 100), count(*) FROM range(1000000000) GROUP BY 1)",
  'distinct texts': 'SELECT count(DISTINCT repeat(range::VARCHAR, 20)) FROM range(1000000000)',
  'groups of many sets': `SELECT count(*) FROM (SELECT ${list(12, (n) => `range % ${n + 11} AS c${n}`)} FROM range(1000000)) GROUP BY CUBE (${list(12, (n) => `c${n}`)})`,
  'an exact quantile': 'SELECT quantile_cont(random(), 0.5) FROM range(10000000000)',
  'a mode': 'SELECT mode(md5(range::VARCHAR)) FROM range(1000000000)',
  'a sort': `SELECT row_number() OVER (ORDER BY md5(range::VARCHAR)) AS n FROM range(1000000000) ORDER BY n DESC LIMIT 1`,
  'many sorts': `SELECT ${list(20, (n) => `sum(hash(range)) OVER (ORDER BY hash(range + ${n}))`)} FROM range(100000000)`,
  'a sort of wide rows':
    'SELECT * FROM (SELECT repeat(md5(range::VARCHAR), 100) AS t FROM range(100000000)) ORDER BY t OFFSET 90000000',
  'frames as long as the table':
    'SELECT max(m) FROM (SELECT mode(range % 1000) OVER (ORDER BY range ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS m FROM range(1000000))',
  'an endless recursion':
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r',
  'a recursion that doubles':
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + x FROM r, (VALUES (1), (2)) v(x)) SELECT count(*) FROM r',
  'a recursion whose text doubles':
    "WITH RECURSIVE r AS (SELECT 'x' AS t UNION ALL SELECT t || t FROM r) SELECT max(length(t)) FROM r",
  'views that double': `WITH a0 AS (SELECT 1 AS n), ${list(40, (n) => `a${n + 1} AS NOT MATERIALIZED (SELECT x.n FROM a${n} x, a${n} y)`)} SELECT count(*) FROM a40`,
  'a regular expression that goes back': `SELECT count(*) FROM range(100000000) WHERE regexp_matches(repeat('a', 5000) || range, '^(a+)+$')`,
  'a large regular expression':
    "SELECT regexp_matches(repeat('a', 1000000), '((a{0,30}){0,30}){0,1}b')",
  'all places of an expression': "SELECT len(regexp_extract_all(repeat('a', 200000000), 'a'))",
  'a pattern with many wildcards':
    "SELECT count(*) FROM range(1000000) WHERE repeat('a', 10000) || range LIKE '%a%a%a%a%a%a%a%a%a%b'",
  'a distance of long texts': "SELECT levenshtein(repeat('ab', 200000), repeat('ba', 200000))",
  'expressions one in another': `SELECT ${nested(900, '(', '1', ' + 1)')}`,
  'expressions deep in another': `SELECT ${nested(20000, '(', '1', ')')}`,
  'subqueries one in another': `SELECT * FROM ${nested(800, '(SELECT * FROM ', 't', ')')}`,
  'a wide table': `SELECT count(*) FROM (SELECT ${list(3000, (n) => `range + ${n} AS c${n}`)} FROM range(100000)) GROUP BY ALL`,
  'a wide unpivot': `SELECT count(*), max(v) FROM (UNPIVOT (SELECT ${list(2000, (n) => `range * ${n} AS c${n}`)} FROM range(1000000)) ON COLUMNS(*) INTO NAME n VALUE v)`,
  'many unions': `SELECT count(*) FROM (${list(1500, (n) => `SELECT range + ${n} FROM range(1000000)`, ' UNION ')})`,
  'a join of many tables': `SELECT count(*) FROM ${list(60, (n) => `t t${n}`)} WHERE ${list(59, (n) => `t${n}.a <> t${n + 1}.b`, ' AND ')}`,
};
