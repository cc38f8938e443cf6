import { UnreadableTableError } from '../../tabular.errors.js';
import { WorkbookZip, type XmlEvents } from './workbook-zip.js';

/** Bytes of the texts that cells share: they are held in memory. */
const MAX_SHARED = 256 * 1024 * 1024;

export interface Sheet {
  name: string;
  part: string;
}

/** What a number means by its format. */
export type NumberMeaning = 'number' | 'date' | 'time';

export interface Workbook {
  zip: WorkbookZip;
  sheets: Sheet[];
  /** Days are counted from 1904 on, not from 1900. */
  from1904: boolean;
  /** By style of a cell. */
  meanings: NumberMeaning[];
}

const nothing = (): void => undefined;
const events = (some: Partial<XmlEvents>): XmlEvents => ({
  open: nothing,
  text: nothing,
  close: nothing,
  ...some,
});

/** Formats that every Excel has; those of East Asian versions count too. */
function builtInMeaning(id: number): NumberMeaning {
  if ((id >= 18 && id <= 21) || id === 45 || id === 47) return 'time';
  const isDate = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
  return isDate ? 'date' : 'number';
}

/** By the letters of a format, without colours, conditions and literal text. `[h]` is a length of time. */
function meaningOf(code: string): NumberMeaning {
  if (/\[(?:h+|m+|s+)\]/i.test(code)) return 'number';
  const letters = code.replaceAll(/"[^"]*"|\[[^\]]*\]|\\.|_.|\*./g, '').split(';', 1)[0] ?? '';
  if (/general/i.test(letters)) return 'number';
  if (/[yd]/i.test(letters)) return 'date';
  if (/[hs]/i.test(letters)) return 'time';
  return /m/i.test(letters) ? 'date' : 'number';
}

async function meaningsOf(zip: WorkbookZip, part: string): Promise<NumberMeaning[]> {
  const custom = new Map<number, NumberMeaning>();
  const meanings: NumberMeaning[] = [];
  let inCells = false;
  if (!zip.has(part)) return meanings;
  await zip.read(
    part,
    events({
      open: (name, { numFmtId = '0', formatCode = '' }) => {
        if (name === 'numFmt') custom.set(Number(numFmtId), meaningOf(formatCode));
        else if (name === 'cellXfs') inCells = true;
        else if (name === 'xf' && inCells) {
          const id = Number(numFmtId);
          meanings.push(custom.get(id) ?? builtInMeaning(id));
        }
      },
      close: (name) => {
        if (name === 'cellXfs') inCells = false;
      },
    }),
  );
  return meanings;
}

/** Targets of a part's relations, by id; and the one of a type. */
async function relationsOf(
  zip: WorkbookZip,
  part: string,
): Promise<{ byId: Map<string, string>; byType: Map<string, string> }> {
  const at = part.lastIndexOf('/') + 1;
  const byId = new Map<string, string>();
  const byType = new Map<string, string>();
  const folder = part.slice(0, at);
  const read = events({
    open: (name, { Id = '', Target = '', Type = '' }) => {
      if (name !== 'Relationship') return;
      const target = Target.startsWith('/') ? Target.slice(1) : folder + Target;
      byId.set(Id, target);
      byType.set(Type.slice(Type.lastIndexOf('/') + 1), target);
    },
  });
  const relations = `${folder}_rels/${part.slice(at)}.rels`;
  if (zip.has(relations)) await zip.read(relations, read);
  return { byId, byType };
}

/** @throws UnreadableTableError; the caller closes the zip */
export async function readWorkbook(zip: WorkbookZip): Promise<Workbook> {
  const top = await relationsOf(zip, '');
  const part = top.byType.get('officeDocument') ?? 'xl/workbook.xml';
  const { byId, byType } = await relationsOf(zip, part);
  const sheets: Sheet[] = [];
  let from1904 = false;
  await zip.read(
    part,
    events({
      open: (name, attributes) => {
        if (name === 'workbookPr') from1904 = /^(?:1|true)$/.test(attributes.date1904 ?? '');
        if (name !== 'sheet') return;
        const [, id = ''] = Object.entries(attributes).find(([key]) => key.endsWith(':id')) ?? [];
        const target = byId.get(id);
        // Charts are sheets too, of another kind of part.
        if (target?.includes('worksheets/')) {
          sheets.push({ name: attributes.name ?? '', part: target });
        }
      },
    }),
  );
  if (sheets.length === 0) throw new UnreadableTableError('The workbook has no sheet of cells.');
  const styles = byType.get('styles') ?? 'xl/styles.xml';
  return { zip, sheets, from1904, meanings: await meaningsOf(zip, styles) };
}

/** The texts that cells refer to by number. */
export async function sharedTexts(zip: WorkbookZip): Promise<string[]> {
  const part = 'xl/sharedStrings.xml';
  const texts: string[] = [];
  if (!zip.has(part)) return texts;
  if (zip.size(part) > MAX_SHARED) {
    throw new UnreadableTableError(`The texts of the workbook have more than ${MAX_SHARED} bytes.`);
  }
  let text = '';
  let inText = false;
  let phonetic = 0;
  await zip.read(part, {
    open: (name) => {
      if (name === 'si') text = '';
      else if (name === 'rPh') phonetic++;
      else if (name === 't') inText = phonetic === 0;
    },
    text: (more) => {
      if (inText) text += more;
    },
    close: (name) => {
      if (name === 't') inText = false;
      else if (name === 'rPh') phonetic--;
      else if (name === 'si') texts.push(text);
    },
  });
  return texts;
}
