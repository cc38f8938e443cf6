/** Cells as JSON has them; `undefined`: the table has no such column. */
export type Row = Record<string, string | number | null>;

export interface Edit {
  change: 'inserted' | 'updated' | 'deleted';
  id: number;
  /** Of an inserted or deleted row. */
  row?: Row;
  /** Of an updated one, by column. */
  cells?: Record<string, { before: Row[string]; after: Row[string] }>;
}

export interface EditedTables {
  base: Row[];
  head: Row[];
  /** By the key. */
  edits: Edit[];
}

export const COLUMNS = ['id', 'n', 'x', 't'] as const;

/** A generator of numbers below 1: xorshift, the same for each seed. */
export function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A table, edits of it one by one, and what comes of them: none of it knows how tables are compared. */
export function editedTables(seed: number, size = 200): EditedTables {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const cellsOf = (): Row => ({
    n: below(8) === 0 ? null : below(1000),
    x: below(8) === 0 ? null : below(4000) / 4 + 0.25,
    t: below(8) === 0 ? null : `${['a', 'ä', '"', "'", ',', '漢', ' '][below(7)]}text ${below(50)}`,
  });
  const base: Row[] = shuffled(
    Array.from({ length: size }, (_, place) => ({ id: place * 3, ...cellsOf() })),
    below,
  );
  const edits: Edit[] = [];
  const head: Row[] = [];
  for (const row of base) {
    const id = row['id'] as number;
    const what = below(10);
    if (what === 0) edits.push({ change: 'deleted', id, row: withoutId(row) });
    else if (what === 1) head.push(updated(row, cellsOf(), edits));
    else head.push(row);
  }
  for (let count = below(size / 5); count > 0; count -= 1) {
    const row: Row = { id: count * 3 + 1, ...cellsOf() };
    edits.push({ change: 'inserted', id: row['id'] as number, row: withoutId(row) });
    head.push(row);
  }
  edits.sort((a, b) => a.id - b.id);
  return { base, head: shuffled(head, below), edits };
}

function updated(row: Row, cells: Row, edits: Edit[]): Row {
  const changed = Object.entries(cells).filter(([name, after]) => row[name] !== after);
  if (changed.length === 0) return row;
  const id = row['id'] as number;
  edits.push({
    change: 'updated',
    id,
    cells: Object.fromEntries(
      changed.map(([name, after]) => [name, { before: row[name] ?? null, after }]),
    ),
  });
  return { ...row, ...cells };
}

const withoutId = ({ id: _, ...cells }: Row): Row => cells;

function shuffled<T>(items: T[], below: (limit: number) => number): T[] {
  for (let place = items.length - 1; place > 0; place -= 1) {
    const other = below(place + 1);
    [items[place], items[other]] = [items[other] as T, items[place] as T];
  }
  return items;
}

/** Rows that the one has more often than the other, by what they are as JSON. */
export function multisetDifference(
  base: readonly Row[],
  head: readonly Row[],
): Map<string, { change: 'inserted' | 'deleted'; rows: number }> {
  const counts = new Map<string, number>();
  for (const [rows, step] of [
    [base, -1],
    [head, 1],
  ] as const) {
    for (const row of rows) {
      const text = JSON.stringify(row);
      counts.set(text, (counts.get(text) ?? 0) + step);
    }
  }
  return new Map(
    [...counts]
      .filter(([, count]) => count !== 0)
      .map(([text, count]) => [
        text,
        { change: count > 0 ? ('inserted' as const) : ('deleted' as const), rows: Math.abs(count) },
      ]),
  );
}

const literal = (cell: Row[string]): string =>
  cell === null
    ? 'NULL'
    : typeof cell === 'number'
      ? String(cell)
      : `'${cell.replaceAll("'", "''")}'`;

/** The rows as SQL. */
export const selectOf = (rows: readonly Row[]): string =>
  `SELECT id::BIGINT AS id, n::BIGINT AS n, x::DOUBLE AS x, t::VARCHAR AS t
   FROM (VALUES ${rows.map((row) => `(${COLUMNS.map((name) => literal(row[name] ?? null)).join(', ')})`).join(', ')}) AS v (id, n, x, t)`;

const csvCell = (cell: Row[string]): string =>
  cell === null ? '' : typeof cell === 'number' ? String(cell) : `"${cell.replaceAll('"', '""')}"`;

export const csvOf = (rows: readonly Row[]): string =>
  [
    COLUMNS.join(','),
    ...rows.map((row) => COLUMNS.map((name) => csvCell(row[name] ?? null)).join(',')),
    '',
  ].join('\n');

export const jsonLinesOf = (rows: readonly Row[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
