/**
 * The twelve classes of the regression test of TypeORM (typeorm/typeorm#12203), in spellings for
 * PostgreSQL. What would be carried out shows: as a table more, as rows less or more, as an error of
 * SQL, as a statement that sleeps longer than statements may.
 */
export const INJECTIONS: Readonly<Record<string, readonly string[]>> = {
  'statement termination': [`x'; DELETE FROM datasets; --`, `x; DELETE FROM datasets; --`],
  tautology: [`x' OR '1'='1`, `x') OR ('1'='1`, `x OR true`],
  'statement stacking': [
    `x'; CREATE TABLE injected (a int); --`,
    `1; CREATE TABLE injected (a int)`,
    `x'; INSERT INTO groups (name) VALUES ('injected'); COMMIT; --`,
  ],
  union: [
    `x' UNION SELECT key_hash::text FROM api_keys --`,
    `x' UNION ALL SELECT NULL,NULL,NULL,NULL,NULL,NULL --`,
  ],
  backslash: [`x\\'; DELETE FROM datasets; --`, `x\\`, `E'\\x27; DELETE FROM datasets; --`],
  'double quotes': [`x"; DELETE FROM datasets; --`, `x" OR "1"="1`, `"id"`],
  comments: [`x'/**/OR/**/1=1/**/--`, `x'--`, `x/*`, `*/ OR 1=1 --`],
  'nested quotes': [`x''; DELETE FROM datasets; --`, `x'''`, `$$; DELETE FROM datasets; $$`],
  hex: [`x' OR 0x31=0x31 --`, `\\x27; DELETE FROM datasets; --`, `U&'\\0027' OR 1=1 --`],
  'null bytes': [`x\0'; DELETE FROM datasets; --`, `\0`],
  'time based': [
    `x' AND (SELECT 1 FROM pg_sleep(60)) = 1 --`,
    `1 AND 1=(SELECT 1 FROM pg_sleep(60))`,
    `x'||(SELECT pg_sleep(60))||'`,
  ],
  numeric: [`1 OR 1=1`, `1) OR (1=1`, `-1 UNION SELECT 1`, `1e309`, `1::text`],
};

/** Places that are no values: a direction, a column, a path into JSON, a pattern, a set of words. */
export const MORE_INJECTIONS: readonly string[] = [
  'name; DELETE FROM datasets',
  'CASE WHEN (SELECT count(*) FROM api_keys) > 0 THEN name ELSE id::text END',
  'ASC; DELETE FROM datasets; --',
  `metadata->>'a'; DELETE FROM datasets; --`,
  '{a,b}',
  `{"$ne":null}`,
  '%',
  '_',
  `a & | ! ( ) : * <-> '`,
  '(((',
  '\u02bc OR 1=1',
  '\uff07; DELETE FROM datasets; --',
  `';\u2028DELETE FROM datasets; --`,
];

/** What an answer never says: the words of a database about a statement. */
export const SQL_ERROR =
  /syntax error at|SQLSTATE|QueryFailedError|unterminated quoted|invalid input syntax|invalid byte sequence|(?:relation|column|operator|function) .{1,80} does not exist|violates .{1,40} constraint/i;
