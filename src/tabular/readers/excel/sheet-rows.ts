import { UnreadableTableError } from '../../tabular.errors.js';
import { MAX_COLUMNS } from '../shared/column-names.js';
import { dateText, timestampText, timeText } from '../shared/exact-text.js';
import type { XmlEvents } from './workbook-zip.js';
import type { NumberMeaning } from './workbook.js';

export type CellKind = 'integer' | 'number' | 'boolean' | 'date' | 'timestamp' | 'time' | 'text';
export interface Cell {
  kind: CellKind;
  value: string | number | boolean;
}

export interface SheetContext {
  texts: readonly string[];
  meanings: readonly NumberMeaning[];
  from1904: boolean;
}

/** Characters of one cell. Excel itself allows 32,767. */
const MAX_CELL = 16 * 1024 * 1024;
const DAY = 86_400_000;

function columnOf(reference: string): number {
  let column = 0;
  for (const letter of reference.toUpperCase()) {
    const value = letter.charCodeAt(0) - 64;
    if (value < 1 || value > 26) break;
    column = column * 26 + value;
    if (column > MAX_COLUMNS) break;
  }
  return column - 1;
}

/** Tells of each row that has a value: its number in the sheet, and its cells by column. */
export class SheetRows implements XmlEvents {
  errors = 0;
  private row: (Cell | undefined)[] = [];
  private rowNumber = 0;
  private column = -1;
  private type = 'n';
  private style = 0;
  private value = '';
  private inValue = false;
  private inCell = false;
  private phonetic = 0;

  constructor(
    private readonly context: SheetContext,
    private readonly onRow: (cells: readonly (Cell | undefined)[], row: number) => void,
  ) {}

  open(name: string, attributes: Record<string, string>): void {
    if (name === 'row') {
      this.row = [];
      this.column = -1;
      this.rowNumber = attributes.r ? Number(attributes.r) : this.rowNumber + 1;
    } else if (name === 'c') this.openCell(attributes);
    else if (name === 'rPh') this.phonetic++;
    else if (name === 'v' || (name === 't' && this.inCell)) this.inValue = this.phonetic === 0;
  }

  private openCell({ r = '', t = 'n', s = '0' }: Record<string, string>): void {
    this.column = r ? columnOf(r) : this.column + 1;
    this.inCell = true;
    this.type = t;
    this.style = Number(s);
    this.value = '';
    this.phonetic = 0;
    if (this.column < 0 || this.column >= MAX_COLUMNS)
      this.fail(`Cell ${r} lies outside of the table`);
  }

  text(more: string): void {
    if (!this.inValue) return;
    this.value += more;
    if (this.value.length > MAX_CELL) this.fail('A cell has too long a text');
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.inValue = false;
    else if (name === 'rPh') this.phonetic--;
    else if (name === 'c') {
      this.inCell = false;
      const cell = this.cell();
      if (cell) this.row[this.column] = cell;
    } else if (name === 'row' && this.row.length > 0) this.onRow(this.row, this.rowNumber);
  }

  private cell(): Cell | null {
    const { type, value: text } = this;
    if (type === 's') {
      const shared = text === '' ? '' : this.context.texts[Number(text)];
      if (shared === undefined) this.fail(`A cell refers to text ${text}, which is not there`);
      return shared ? { kind: 'text', value: shared } : null;
    }
    if (text === '') return null;
    if (type === 'b') return { kind: 'boolean', value: text.trim() === '1' };
    if (type === 'e') {
      this.errors++;
      return null;
    }
    if (type === 'd') return { kind: 'timestamp', value: text.replace('T', ' ').replace(/Z$/, '') };
    return type === 'n' ? this.number(text) : { kind: 'text', value: text };
  }

  private number(text: string): Cell {
    const value = Number(text);
    if (!Number.isFinite(value)) this.fail(`A cell has the number ${text.slice(0, 50)}`);
    const meaning = this.context.meanings[this.style] ?? 'number';
    return (
      (meaning === 'number' ? null : this.moment(value, meaning)) ?? {
        kind: Number.isSafeInteger(value) ? 'integer' : 'number',
        value,
      }
    );
  }

  /** A count of days as a date. Excel's 1900 has a 29 February. `null`: it is none of a calendar. */
  private moment(serial: number, meaning: NumberMeaning): Cell | null {
    const { from1904 } = this.context;
    if (serial < 0 || serial > 2_958_466) return null;
    const milliseconds = BigInt(Math.round((serial % 1) * DAY));
    if (meaning === 'time' && serial < 1) return { kind: 'time', value: timeText(milliseconds, 3) };
    const first = from1904 ? -24_107 : serial < 60 ? -25_568 : -25_569;
    const days = BigInt(Math.floor(serial) + first);
    if (milliseconds === 0n) return { kind: 'date', value: dateText(days) };
    return { kind: 'timestamp', value: timestampText(days * BigInt(DAY) + milliseconds, 3) };
  }

  private fail(detail: string): never {
    throw new UnreadableTableError(`${detail} (row ${this.rowNumber} of the sheet).`, {
      line: this.rowNumber,
    });
  }
}
