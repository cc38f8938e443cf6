import { toFailure } from '../../failures.js';
import type { Failure } from '../../engine.types.js';
import { toSqlError } from '../duckdb-errors.js';
import type { Session } from '../session.js';
import { SqlRefusedError } from '../../../tabular.errors.js';
import { quoteLiteral } from '../../../values/quote.js';

export interface SqlTables {
  /** Names that stand where a table does and that the statement does not define itself, each once. */
  tables: string[];
  /** Whether it may give something else each time. */
  isVolatile: boolean;
  /** Why it is refused. No error of the child, which nothing has happened to: it is used again. */
  failure: Failure | null;
}

type Found = { tables: Set<string>; isVolatile: boolean };
/** Names that WITH has defined where a node stands. */
type Scope = ReadonlySet<string>;

const VOLATILE =
  /^(random|setseed|uuid|uuidv4|uuidv7|gen_random_uuid|now|today|get_current_.*|current_.*|local(time|timestamp)|transaction_timestamp|txid_current|nextval|reservoir_quantile)$/;

/** Functions that are called without parentheses: the tree has them as columns. */
const VOLATILE_WORDS = /^(current_(date|time|timestamp)|local(time|timestamp))$/;

/** What else may stand after FROM: they make rows of their arguments alone. */
const TABLE_FUNCTIONS = new Set(['generate_series', 'range', 'repeat', 'repeat_row', 'unnest']);
/**
 * Of the scalar functions and macros of DuckDB 1.5.6, those that do more than compute a value from their
 * arguments; of the others a test knows the digest, so that those of a later version are looked at.
 * - Settings, variables, environment: they tell of the machine and of the session's folder.
 * - `pg_…`, `…_privilege`, `inet_…`, `…_description`, `in_search_path`, `get_block_size`, connections,
 *   transactions: they tell of the catalogue and of the process, or sleep.
 * - `sleep_ms` keeps a process and uses none of it; `write_log` writes, `nextval` and `currval` as well.
 * - `json_serialize_plan` binds another statement, which nobody has looked at, and with it opens files;
 *   `json_deserialize_sql` and `variant_bytes_to_variant` build what only DuckDB itself should build.
 * - `__internal_…`, `combine`, `finalize`: for DuckDB's own plans; they take their arguments' bytes as given.
 * Table functions are refused but for a few above: with the rest belong all that open files, `query`,
 * `query_table`, `json_execute_serialized_sql`, `duckdb_…()` and `pragma_…()`.
 */
const SYSTEM_FUNCTIONS = new RegExp(
  `^(${[
    'getenv|current_setting|getvariable',
    'pg_.*|.*_privilege|inet_.*|(col|obj|shobj)_description|in_search_path|get_block_size',
    'current_(connection|query|transaction)_id|txid_current',
    'sleep_ms|write_log|nextval|currval',
    'json_serialize_plan|json_deserialize_sql|variant_bytes_to_variant',
    '__internal_.*|combine|finalize',
  ].join('|')})$`,
);

interface Node {
  [member: string]: unknown;
}

/**
 * Whether a text is one SELECT that reads tables and nothing else, and which. By DuckDB's own parse tree:
 * a text has as many disguises as there are comments, quotes and letters (CKAN's filter by words had two
 * CVEs), the tree has none. Nothing of it is carried out.
 */
export async function sqlTables(
  { database }: Pick<Session, 'database'>,
  { sql }: { sql: string },
): Promise<SqlTables> {
  const found: Found = { tables: new Set(), isVolatile: false };
  try {
    visit(await parse(database, sql), found);
  } catch (error) {
    if (!(error instanceof SqlRefusedError)) throw toSqlError(error, []);
    return { tables: [], isVolatile: false, failure: toFailure(error) };
  }
  return { ...found, tables: [...found.tables], failure: null };
}

/** @throws SqlRefusedError */
async function parse(database: Session['database'], sql: string): Promise<unknown> {
  const [[text]] = (await database.all(`SELECT json_serialize_sql(${quoteLiteral(sql)})`)) as [
    [string],
  ];
  const tree = JSON.parse(text) as {
    error: boolean;
    error_type?: string;
    error_message?: string;
    position?: string;
    statements?: unknown[];
  };
  if (tree.error) throw refusalOf(tree);
  if (tree.statements?.length !== 1) {
    throw new SqlRefusedError(
      `One statement is carried out, and these are ${tree.statements?.length ?? 0}.`,
    );
  }
  return tree.statements[0];
}

function refusalOf(tree: {
  error_type?: string;
  error_message?: string;
  position?: string;
}): Error {
  if (tree.error_type === 'not implemented') {
    return new SqlRefusedError('One SELECT is carried out, and this is another kind of statement.');
  }
  const position = tree.position === undefined ? {} : { position: Number(tree.position) + 1 };
  return new SqlRefusedError(`It is no SQL: ${tree.error_message}.`, { extensions: position });
}

/** Every node of the tree; on a stack of its own, since statements can nest deeper than ours. */
function visit(root: unknown, found: Found): void {
  const waiting: [node: unknown, scope: Scope][] = [[root, new Set()]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [node, scope] = next;
    if (typeof node !== 'object' || node === null) continue;
    if (!Array.isArray(node)) look(node as Node, scope, found);
    waiting.push(...childrenOf(node as Node, scope));
  }
}

/**
 * What is in a node, and which names WITH has defined there, as DuckDB sees it: a definition sees those
 * before it and not itself, but for the second half of a recursive one. What is taken for defined and is
 * not would be looked for in DuckDB's own catalogue.
 */
function childrenOf(node: Node, outer: Scope): [unknown, Scope][] {
  if (node['type'] === 'RECURSIVE_CTE_NODE') {
    const { right, ...others } = node;
    const own = new Set(outer).add(lowerCase(node['cte_name']));
    return [
      [right, own],
      ...Object.values(others).map((child): [unknown, Scope] => [child, outer]),
    ];
  }
  const { cte_map: definitions, ...others } = node;
  const { map = [] } = (definitions ?? {}) as { map?: { key: string; value: unknown }[] };
  const children: [unknown, Scope][] = [];
  let scope = outer;
  for (const { key, value } of map) {
    children.push([value, scope]);
    scope = new Set(scope).add(lowerCase(key));
  }
  for (const child of Object.values(others)) children.push([child, scope]);
  return children;
}

/** DuckDB takes upper and lower case for the same in ASCII alone. */
const lowerCase = (name: unknown): string =>
  String(name).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

function look(node: Node, scope: Scope, found: Found): void {
  switch (node['type']) {
    case 'BASE_TABLE':
      if (node['schema_name'] || node['catalog_name']) {
        throw new SqlRefusedError('Tables are named without a schema.');
      }
      if (!scope.has(lowerCase(node['table_name']))) found.tables.add(String(node['table_name']));
      break;
    case 'SHOW_REF':
      throw new SqlRefusedError('One SELECT is carried out: the schema is at …/schema.');
    case 'TABLE_FUNCTION': {
      const name = functionOf(node['function']);
      if (!TABLE_FUNCTIONS.has(name)) throw new SqlRefusedError(`${name} may not be called.`);
      break;
    }
  }
  if (node['class'] === 'FUNCTION') {
    const name = functionOf(node);
    if (SYSTEM_FUNCTIONS.test(name)) throw new SqlRefusedError(`${name} may not be called.`);
  }
  if (isVolatile(node)) found.isVolatile = true;
}

function isVolatile(node: Node): boolean {
  if (node['sample']) return true;
  if (node['class'] === 'COLUMN_REF') {
    const names = node['column_names'] as unknown[];
    return names.length === 1 && VOLATILE_WORDS.test(lowerCase(names[0]));
  }
  if (node['class'] !== 'FUNCTION') return false;
  const name = functionOf(node);
  // Of one date the age is that of today.
  const isAge = name === 'age' && (node['children'] as unknown[]).length === 1;
  return isAge || VOLATILE.test(name);
}

const functionOf = (node: unknown): string =>
  String((node as { function_name?: unknown } | null)?.function_name).toLowerCase();
