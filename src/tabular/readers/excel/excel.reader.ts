import { z } from 'zod';
import type {
  IDatasetReader,
  LocalContent,
  ReaderContext,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { InvalidReadOptionsError, UnreadableTableError } from '../../tabular.errors.js';
import { renamingWarning, uniqueNames } from '../shared/column-names.js';
import { LinesFile, linesRelation } from '../shared/numbered-lines.js';
import { parseOptions } from '../shared/read-options.js';
import { unpackedContent } from '../shared/unpacked.js';
import { writtenOnce } from '../shared/written-once.js';
import type { Cell, CellKind } from './sheet-rows.js';
import type { Sheet, Workbook } from './workbook.js';

const givenOptions = z.strictObject({
  /** Its name, or its place from 1 on. The first when absent. */
  sheet: z.union([z.string().min(1).max(255), z.int().min(1)]).optional(),
  /** Whether the first row has the names. Absent: when all of its cells are text. */
  header: z.boolean().optional(),
});
const foundOptions = z.object({ sheet: z.string(), part: z.string(), header: z.boolean() });

const TYPES: Record<CellKind, string> = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  time: 'TIME',
  text: 'VARCHAR',
};

/** One type for all of a column's cells: text when there is no other. */
function typeOf(kinds: ReadonlySet<CellKind> | undefined): string {
  const [first, ...more] = kinds ?? [];
  if (!first) return 'VARCHAR';
  if (more.length === 0) return TYPES[first];
  const all = [first, ...more];
  if (all.every((kind) => kind === 'integer' || kind === 'number')) return 'DOUBLE';
  return all.every((kind) => kind === 'date' || kind === 'timestamp') ? 'TIMESTAMP' : 'VARCHAR';
}

type Cells = readonly (Cell | undefined)[];

/**
 * Excel's workbooks (.xlsx): one sheet is the table, cell by cell as it is unpacked. Formulas count with
 * the value that Excel has saved for them. Rows without a value are no rows.
 */
export class ExcelReader implements IDatasetReader {
  readonly format = 'excel';

  recognise(head: Uint8Array, content: LocalContent): number {
    if (head[0] !== 0x50 || head[1] !== 0x4b || head[2] !== 3 || head[3] !== 4) return 0;
    const text = Buffer.from(head).toString('latin1');
    // Not `xl/` alone: a zip of any files may have such a folder.
    if (text.includes('[Content_Types].xml') && text.includes('xl/')) return 1;
    return /\.xlsx$/i.test(content.fileName) || content.fileType === 'xlsx' ? 1 : 0;
  }

  async describe(
    given: LocalContent,
    options: Readonly<Record<string, unknown>>,
    { folder }: ReaderContext,
  ): Promise<TableDescription> {
    const wanted = parseOptions(givenOptions, options);
    const content = await unpackedContent(given, folder);
    return withWorkbook(content, async (workbook) => {
      const sheet = sheetOf(workbook, wanted.sheet);
      const kinds: Set<CellKind>[] = [];
      let first: Cells = [];
      let header = wanted.header ?? false;
      let rows = 0;
      const errors = await readRows(workbook, sheet, (cells) => {
        if (rows++ === 0) {
          first = [...cells];
          header = wanted.header ?? first.every((cell) => !cell || cell.kind === 'text');
          if (header) return;
        }
        cells.forEach((cell, at) => {
          if (cell) (kinds[at] ??= new Set()).add(cell.kind);
        });
      });
      const width = Math.max(kinds.length, first.length);
      const keys = Array.from({ length: width }, (_, at) =>
        header && first[at] ? String(first[at].value) : '',
      );
      const names = uniqueNames(keys);
      const warnings = [
        ...(header ? renamingWarning(keys, names) : []),
        ...(errors > 0 ? [`${errors} cells have an error, and no value here.`] : []),
        ...otherSheets(workbook, sheet, wanted.sheet === undefined),
      ];
      return {
        format: this.format,
        columns: names.map((name, at) => ({ name, type: typeOf(kinds[at]) })),
        rowCount: Math.max(0, header ? rows - 1 : rows),
        options: { sheet: sheet.name, part: sheet.part, header },
        warnings,
      };
    });
  }

  async open(
    given: LocalContent,
    { columns, options }: TableDescription,
    { folder }: ReaderContext,
  ): Promise<Relation> {
    if (columns.length === 0) {
      return { sql: '(SELECT 0::BIGINT AS row_index WHERE false)', rowIndex: 'row_index' };
    }
    const { sheet, part, header } = foundOptions.parse(options);
    const lines = await writtenOnce(folder, given, ['excel', part, header], async (path) => {
      const content = await unpackedContent(given, folder);
      return withWorkbook(content, async (workbook) => {
        const file = await LinesFile.create(path);
        let isHeader = header;
        try {
          const add = (cells: Cells): void => {
            if (!isHeader) file.add(Array.from(cells, (cell) => cell?.value));
            isHeader = false;
          };
          const settled = async (): Promise<void> => {
            if (file.full) await file.flush();
          };
          await readRows(workbook, { name: sheet, part }, add, settled);
        } finally {
          await file.close();
        }
        return file.longestRow;
      });
    });
    return linesRelation(lines.path, lines.longestRow, columns);
  }
}

async function withWorkbook<T>(
  content: LocalContent,
  use: (workbook: Workbook) => Promise<T>,
): Promise<T> {
  const { WorkbookZip } = await import('./workbook-zip.js');
  const { readWorkbook } = await import('./workbook.js');
  const zip = await WorkbookZip.open(content.path);
  try {
    return await use(await readWorkbook(zip));
  } finally {
    zip.close();
  }
}

/** @returns how many cells have an error in place of a value */
async function readRows(
  { zip, meanings, from1904 }: Workbook,
  sheet: Sheet,
  onRow: (cells: Cells) => void,
  settled?: () => Promise<void>,
): Promise<number> {
  const { SheetRows } = await import('./sheet-rows.js');
  const { sharedTexts } = await import('./workbook.js');
  const context = { texts: await sharedTexts(zip), meanings, from1904 };
  const rows = new SheetRows(context, onRow);
  await zip.read(sheet.part, rows, settled);
  return rows.errors;
}

function sheetOf({ sheets }: Workbook, wanted: string | number | undefined): Sheet {
  const sheet =
    typeof wanted === 'string'
      ? sheets.find(({ name }) => name === wanted)
      : sheets[(wanted ?? 1) - 1];
  if (sheet) return sheet;
  if (wanted === undefined) throw new UnreadableTableError('The workbook has no sheet.');
  const names = sheets.slice(0, 20).map(({ name }) => JSON.stringify(name));
  throw new InvalidReadOptionsError({
    sheet: `There is none such. The sheets are ${names.join(', ')}.`,
  });
}

function otherSheets({ sheets }: Workbook, sheet: Sheet, isGuess: boolean): string[] {
  if (!isGuess || sheets.length === 1) return [];
  const names = sheets.slice(0, 10).map(({ name }) => JSON.stringify(name));
  return [`The table is the sheet ${JSON.stringify(sheet.name)} of ${names.join(', ')}.`];
}
