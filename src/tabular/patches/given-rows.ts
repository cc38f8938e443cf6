import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import type { GivenRow, RowPatch } from '../../core/contracts/row-patches.contract.js';
import { ValidationFailedError, type InputFault } from '../../core/errors/index.js';
import { pointerTo } from '../../core/validation/json-pointer.js';
import { cellReader, type CellReader } from './cell-text.js';

/** A row of a patch with the texts of its values. */
export interface GivenCells {
  isDelete: boolean;
  /** By the columns of the table; `undefined`: it says nothing of the column. */
  cells: (string | null | undefined)[];
}

/** Faults that are told at once. */
export const MAX_FAULTS = 20;

/** Where a row of a patch stands in it. */
export const pointerOf = (patch: RowPatch, row: number): string =>
  row < patch.upserts.length ? `/upserts/${row}` : `/deletes/${row - patch.upserts.length}`;

/**
 * The rows of a patch, upserts first, as far as can be said without a look at the table's own rows.
 * @throws ValidationFailedError: columns that are unknown, keys that are null or absent, values of another type
 */
export function givenRows(patch: RowPatch, columns: readonly Column[]): GivenCells[] {
  const places = new Map(columns.map(({ name }, place) => [name, place]));
  const unknown = patch.key.findIndex((name) => !places.has(name));
  if (unknown >= 0) throw ValidationFailedError.of(`/key/${unknown}`, 'is no column of the table');
  const reader = new RowReader(patch, columns, places);
  const rows = [
    ...patch.upserts.map((row, place) => reader.read(row, place, false)),
    ...patch.deletes.map((row, place) => reader.read(row, patch.upserts.length + place, true)),
  ];
  if (reader.faults.length > 0) throw new ValidationFailedError(reader.faults);
  return rows;
}

class RowReader {
  readonly faults: InputFault[] = [];
  private readonly readers: CellReader[];
  private readonly key: ReadonlySet<string>;

  constructor(
    private readonly patch: RowPatch,
    private readonly columns: readonly Column[],
    private readonly places: ReadonlyMap<string, number>,
  ) {
    this.readers = columns.map(({ type }) => cellReader(type));
    this.key = new Set(patch.key);
  }

  read(row: GivenRow, place: number, isDelete: boolean): GivenCells {
    const cells: GivenCells['cells'] = this.columns.map(() => undefined);
    for (const [name, value] of Object.entries(row)) {
      const column = this.places.get(name);
      if (column === undefined) this.fault(place, name, 'is no column of the table');
      else if (isDelete && !this.key.has(name)) this.fault(place, name, 'is no column of the key');
      else cells[column] = this.cell(place, column, value);
    }
    for (const name of this.key) {
      const cell = cells[this.places.get(name) as number];
      if (cell === undefined) this.fault(place, name, 'is missing: it is a part of the key');
      if (cell === null) this.fault(place, name, 'must not be null: it is a part of the key');
    }
    return { isDelete, cells };
  }

  /** Of a value that does not fit, an empty text: nothing comes of it any more. */
  private cell(place: number, column: number, value: unknown): string | null {
    if (value === null || value === undefined) return null;
    const text = (this.readers[column] as CellReader)(value);
    if (text === null) this.unfit(place, column);
    return text ?? '';
  }

  private unfit(place: number, column: number): void {
    const { name, type } = this.columns[column] as Column;
    this.fault(place, name, unfitFor(type));
  }

  private fault(place: number, name: string, detail: string): void {
    if (this.faults.length >= MAX_FAULTS) return;
    this.faults.push({ pointer: pointerOf(this.patch, place) + pointerTo(name), detail });
  }
}

/** As the detail of a fault. */
export const unfitFor = (type: string): string => `is no value of its column's type ${type}`;
