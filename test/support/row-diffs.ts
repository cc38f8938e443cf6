import { DiffWork, type DiffLimits } from '../../src/tabular/diff/diff-work.js';
import type { DiffSpec, DiffSummary } from '../../src/tabular/diff/diff.types.js';
import { keptSelect } from '../../src/tabular/diff/kept-changes.js';
import { toRowDiffDto } from '../../src/tabular/diff/row-diff.mapper.js';
import type { ChangedRowDto } from '../../src/tabular/diff/dto/row-diff.dto.js';
import { rowJson } from '../../src/tabular/values/row-json.js';
import type { Workbench } from '../../src/tabular/workbench/table-workbench.service.js';
import type { MemoryBench } from './memory-bench.js';

export const ROOM: DiffLimits = { memoryBytes: 2 ** 30, factor: 1, maxShares: 4096 };
const KEYED: DiffSpec = { key: ['id'], tolerance: null, renames: [], columns: null, ignore: [] };

/** The diff of two SELECTs, its changes as the route answers them. */
export async function diffOn(
  bench: MemoryBench,
  base: string,
  head: string,
  spec: Partial<DiffSpec> = {},
  limits = ROOM,
): Promise<{ summary: DiffSummary; items: ChangedRowDto[] }> {
  await bench.put('base', base);
  await bench.put('head', head);
  const [one, other] = ['base', 'head'].map(
    (side) => bench.tables.find(({ name }) => name === side)?.columns ?? [],
  );
  const sides = { columns: { base: one ?? [], head: other ?? [] }, beside: 0 };
  const work = new DiffWork(bench as unknown as Workbench, sides, { ...KEYED, ...spec }, limits);
  const { summary, layout } = await work.find();
  const select = keptSelect(layout);
  const columns = (await bench.rows(`DESCRIBE ${select}`)).map(([name, type]) => ({
    name: name as string,
    type: type as string,
  }));
  const rows = (await bench.rows(select)).map((cells, rowIndex) => ({
    rowIndex,
    ...rowJson(columns, cells),
  }));
  const page = { columns, items: rows, next: null, rowCount: null };
  const { items } = toRowDiffDto(JSON.stringify({ summary, layout, page }), () => '');
  return { summary, items };
}
