import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { TableColumns } from '../filter/resolve.js';
import { UnknownColumnError } from '../tabular.errors.js';
import { comparisonOf } from './comparison.js';
import { InvalidDiffError } from './diff.errors.js';
import type { ColumnPair, ComparedPair, DiffPlan, DiffSpec, Rename } from './diff.types.js';

/**
 * What of two tables is compared with what: columns of one name, after the renames.
 * @throws UnknownColumnError; InvalidDiffError for what contradicts itself and for what leaves nothing
 *   to compare
 */
export function planDiff(
  base: readonly Column[],
  head: readonly Column[],
  spec: DiffSpec,
): DiffPlan {
  if (!spec.key && spec.tolerance) {
    throw new InvalidDiffError('Numbers are equal within a tolerance only where there is a key.');
  }
  const all = pairColumns(base, head, spec.renames);
  const names = all.pairs.map((pair) => pair.head);
  const key = spec.key && columnsOf(spec.key, names, 'key');
  const isSeen = seenBy(spec, [...head, ...all.removed], key ?? []);
  const isKey = (pair: ColumnPair): boolean => key?.includes(pair.head) ?? false;
  const others = all.pairs.filter((pair) => !isKey(pair) && isSeen(pair.head));
  const compared = others.flatMap(toCompared);
  if (!key && compared.length === 0) {
    throw new InvalidDiffError('The tables have no columns in common that could be compared.');
  }
  return {
    key: key && keyPairs(key, all.pairs),
    compared,
    apart: others.filter((pair) => comparisonOf(pair.base.type, pair.head.type) === null),
    added: all.added.filter(isSeen),
    removed: all.removed.filter(isSeen),
    renames: all.renames,
  };
}

interface Paired {
  pairs: ColumnPair[];
  added: Column[];
  removed: Column[];
  renames: Rename[];
}

/** In the order of the head. */
function pairColumns(
  base: readonly Column[],
  head: readonly Column[],
  asked: readonly Rename[],
): Paired {
  const renamed = renamedColumns(base, head, asked);
  const taken = new Set(renamed.values());
  const namesakes = new Map(
    base.filter((column) => !taken.has(column)).map((column) => [column.name, column]),
  );
  const pairs: ColumnPair[] = [];
  for (const column of head) {
    const [given, namesake] = [renamed.get(column), namesakes.get(column.name)];
    if (given && namesake) throw collision(`the base has a column ${column.name} of its own`);
    const before = given ?? namesake;
    if (before) pairs.push({ base: before, head: column });
  }
  const paired = new Set(pairs.flatMap((pair) => [pair.base, pair.head]));
  return {
    pairs,
    added: head.filter((column) => !paired.has(column)),
    removed: base.filter((column) => !paired.has(column)),
    renames: [...renamed].map(([after, before]) => ({ from: before.name, to: after.name })),
  };
}

/** What columns of the head were in the base. */
function renamedColumns(
  base: readonly Column[],
  head: readonly Column[],
  asked: readonly Rename[],
): Map<Column, Column> {
  const renamed = new Map<Column, Column>();
  for (const { from, to } of asked) {
    const before = columnOf(from, base);
    const after = columnOf(to, head);
    if ([...renamed.values()].includes(before)) throw collision(`${from} is renamed twice`);
    if (renamed.has(after)) throw collision(`two columns are renamed to ${to}`);
    renamed.set(after, before);
  }
  return renamed;
}

const collision = (what: string): InvalidDiffError =>
  new InvalidDiffError(`The renames collide: ${what}.`);

function toCompared(pair: ColumnPair): ComparedPair[] {
  const comparison = comparisonOf(pair.base.type, pair.head.type);
  return comparison ? [{ ...pair, comparison }] : [];
}

function keyPairs(key: readonly Column[], pairs: readonly ColumnPair[]): ComparedPair[] {
  return key.map((column) => {
    const pair = pairs.find(({ head }) => head === column) as ColumnPair;
    const comparison = comparisonOf(pair.base.type, pair.head.type);
    if (!comparison || comparison.whole) {
      throw new InvalidDiffError(
        `${column.name} can not be a part of the key: it is ${pair.base.type} in the base and ${pair.head.type} in the head.`,
      );
    }
    return { ...pair, comparison };
  });
}

/** Which columns are looked at. A part of the key always is, and can't be asked not to be. */
function seenBy(
  { columns, ignore }: DiffSpec,
  known: readonly Column[],
  key: readonly Column[],
): (column: Column) => boolean {
  const chosen = columns && columnsOf(columns, known, 'columns');
  const ignored = columnsOf(ignore, known, 'ignore');
  const lost = key.find((column) => ignored.includes(column));
  if (lost) {
    throw new InvalidDiffError(`${lost.name} is a part of the key, so it can not be ignored.`);
  }
  return (column) => (chosen?.includes(column) ?? true) && !ignored.includes(column);
}

function columnsOf(names: readonly string[], known: readonly Column[], of: string): Column[] {
  const columns = names.map((name) => columnOf(name, known));
  const twice = columns.find((column, place) => columns.indexOf(column) !== place);
  if (twice) throw new InvalidDiffError(`${twice.name} is named twice in ${of}.`);
  return columns;
}

/** By its exact name, else by the only one that is the same but for upper and lower case. */
function columnOf(name: string, known: readonly Column[]): Column {
  try {
    return new TableColumns(known).named({ kind: 'column', path: [name], position: 1 });
  } catch (error) {
    // There is no one text in which it would have a place.
    if (error instanceof UnknownColumnError) {
      throw new UnknownColumnError(
        name,
        known.map((column) => column.name),
      );
    }
    throw error;
  }
}
