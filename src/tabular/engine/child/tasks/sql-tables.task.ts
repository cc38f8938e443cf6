import type { Session } from '../session.js';
import { SqlRefusedError } from '../../../tabular.errors.js';
import { quoteLiteral } from '../../../values/quote.js';

export interface SqlTables {
  /** Names that stand where a table does, each once. */
  tables: string[];
  /** Those that the statement itself defines by WITH. */
  defined: string[];
  /** Whether it may give something else each time. */
  isVolatile: boolean;
}

type Found = { tables: Set<string>; defined: Set<string>; isVolatile: boolean };

const VOLATILE =
  /^(random|setseed|uuid|uuidv4|uuidv7|gen_random_uuid|now|today|get_current_.*|current_.*|transaction_timestamp|txid_current|nextval)$/;

/** What else may stand after FROM: they make rows of their arguments alone. */
const TABLE_FUNCTIONS = new Set(['generate_series', 'range', 'repeat', 'repeat_row', 'unnest']);
/** Functions that tell of the system rather than of the data. */
const SYSTEM_FUNCTIONS = /^(getenv|current_setting|getvariable|pg_.*|.*_privilege)$/;

interface Node {
  [member: string]: unknown;
}

/**
 * Whether a text is one SELECT that reads tables and nothing else, and which. By DuckDB's own parse tree:
 * a text has as many disguises as there are comments, quotes and letters (CKAN's filter by words had two
 * CVEs), the tree has none. Nothing of it is carried out.
 * @throws SqlRefusedError
 */
export async function sqlTables(
  { database }: Pick<Session, 'database'>,
  { sql }: { sql: string },
): Promise<SqlTables> {
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
  const found: Found = { tables: new Set(), defined: new Set(), isVolatile: false };
  visit(tree.statements[0], found);
  return { ...found, tables: [...found.tables], defined: [...found.defined] };
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
  const waiting = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (!Array.isArray(node)) look(node as Node, found);
    waiting.push(...Object.values(node));
  }
}

function look(node: Node, found: Found): void {
  lookAtSource(node, found);
  if (node['class'] === 'FUNCTION') {
    const name = functionOf(node);
    if (SYSTEM_FUNCTIONS.test(name)) throw new SqlRefusedError(`${name} may not be called.`);
    if (VOLATILE.test(name)) found.isVolatile = true;
  }
  if (node['sample']) found.isVolatile = true;
  const { map } = (node['cte_map'] ?? {}) as { map?: { key: string }[] };
  for (const { key } of map ?? []) found.defined.add(key);
}

/** What stands after FROM. */
function lookAtSource(node: Node, { tables }: Found): void {
  switch (node['type']) {
    case 'BASE_TABLE':
      if (node['schema_name'] || node['catalog_name']) {
        throw new SqlRefusedError('Tables are named without a schema.');
      }
      tables.add(String(node['table_name']));
      break;
    case 'SHOW_REF':
      throw new SqlRefusedError('One SELECT is carried out: the schema is at …/schema.');
    case 'TABLE_FUNCTION': {
      const name = functionOf(node['function']);
      if (!TABLE_FUNCTIONS.has(name)) throw new SqlRefusedError(`${name} may not be called.`);
    }
  }
}

const functionOf = (node: unknown): string =>
  String((node as { function_name?: unknown } | null)?.function_name).toLowerCase();
