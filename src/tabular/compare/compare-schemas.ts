import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import type {
  PlacedColumnDto,
  RenameHintDto,
  RetypedColumnDto,
  SchemaDiffDto,
} from './dto/schema-diff.dto.js';
import { typeVerdict, worst } from './type-verdict.js';

export type SchemaDiff = SchemaDiffDto;

/** What has changed between two schemas, column by column, matched by name. */
export function compareSchemas(base: readonly Column[], head: readonly Column[]): SchemaDiff {
  const [before, after] = [placed(base), placed(head)];
  const added = [...after.values()].filter(({ name }) => !before.has(name));
  const removed = [...before.values()].filter(({ name }) => !after.has(name));
  const retyped: RetypedColumnDto[] = [];
  for (const { name, type: from } of base) {
    const to = after.get(name)?.type;
    const verdict = to === undefined ? 'identical' : typeVerdict(from, to);
    if (to !== undefined && verdict !== 'identical') retyped.push({ name, from, to, verdict });
  }
  const kept = base.filter(({ name }) => after.has(name)).map(({ name }) => name);
  const keptAfter = head.filter(({ name }) => before.has(name)).map(({ name }) => name);
  const reordered = kept.some((name, index) => keptAfter[index] !== name);
  const verdict = worst([
    ...retyped.map((column) => column.verdict),
    added.length > 0 || reordered ? 'compatible' : 'identical',
    removed.length > 0 ? 'breaking' : 'identical',
  ]);
  return {
    verdict,
    added,
    removed,
    retyped,
    reordered,
    possibleRenames: renamesOf(removed, added),
  };
}

const placed = (columns: readonly Column[]): Map<string, PlacedColumnDto> =>
  new Map(columns.map(({ name, type }, position) => [name, { name, type, position }]));

function renamesOf(
  removed: readonly PlacedColumnDto[],
  added: readonly PlacedColumnDto[],
): RenameHintDto[] {
  const byPosition = new Map(added.map((column) => [column.position, column]));
  return removed.flatMap(({ name, type, position }) => {
    const other = byPosition.get(position);
    return other?.type === type ? [{ from: name, to: other.name, type, position }] : [];
  });
}
