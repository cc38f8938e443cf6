import { SaxesParser, type SaxesTagPlain } from 'saxes';
import yauzl from 'yauzl';
import { UnreadableTableError } from '../../tabular.errors.js';
import { refuseBomb } from '../shared/unpacked.js';

const MAX_PARTS = 10_000;
/** Levels of elements; what is read of a workbook has about ten. */
const MAX_DEPTH = 100;

export interface XmlEvents {
  open(name: string, attributes: Record<string, string>): void;
  text(text: string): void;
  close(name: string): void;
}

/** A name without the prefix of its namespace, which writers choose as they like. */
const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The parts of a workbook, read as XML while they are unpacked. Sizes are checked against the directory. */
export class WorkbookZip {
  private constructor(
    private readonly zip: yauzl.ZipFile,
    private readonly parts: ReadonlyMap<string, yauzl.Entry>,
  ) {}

  /** @throws UnreadableTableError */
  static async open(path: string): Promise<WorkbookZip> {
    const options = { lazyEntries: true, autoClose: false, validateEntrySize: true };
    const zip = await yauzl.openPromise(path, options).catch(damaged);
    try {
      return new WorkbookZip(zip, await partsOf(zip));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  close(): void {
    this.zip.close();
  }

  has(name: string): boolean {
    return this.parts.has(name.toLowerCase());
  }

  /** Bytes, unpacked; 0 for what is absent. */
  size(name: string): number {
    return this.parts.get(name.toLowerCase())?.uncompressedSize ?? 0;
  }

  /**
   * Reads a part as XML; `settled` is awaited between pieces.
   * @throws UnreadableTableError, with the line
   */
  async read(name: string, events: XmlEvents, settled?: () => Promise<void>): Promise<void> {
    const entry = this.parts.get(name.toLowerCase());
    if (!entry) throw new UnreadableTableError(`The workbook has no part ${name}.`);
    if (entry.generalPurposeBitFlag & 1)
      throw new UnreadableTableError('The workbook is encrypted.');
    const parser = xmlParser(events);
    const decoder = new TextDecoder();
    try {
      for await (const piece of await this.zip.openReadStreamPromise(entry)) {
        parser.write(decoder.decode(piece as Buffer, { stream: true }));
        await settled?.();
      }
      parser.close();
    } catch (cause) {
      if (cause instanceof UnreadableTableError) throw cause;
      const { line } = parser;
      throw new UnreadableTableError(
        `${name} is damaged: ${(cause as Error).message}.`,
        { line },
        cause,
      );
    }
  }
}

function xmlParser(events: XmlEvents): SaxesParser {
  const parser = new SaxesParser();
  let depth = 0;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new UnreadableTableError(
      'A part of the workbook has a document type, which none may have.',
    );
  });
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    if (++depth > MAX_DEPTH) throw new UnreadableTableError(`${name} lies too deep.`);
    events.open(local(name), attributes);
  });
  parser.on('text', (text) => events.text(text));
  parser.on('cdata', (text) => events.text(text));
  parser.on('closetag', ({ name }) => {
    depth--;
    events.close(local(name));
  });
  return parser;
}

async function partsOf(zip: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  if (zip.entryCount > MAX_PARTS) {
    throw new UnreadableTableError(
      `The workbook has ${zip.entryCount} parts; at most ${MAX_PARTS} are read.`,
    );
  }
  const parts = new Map<string, yauzl.Entry>();
  let packed = 0;
  let unpacked = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      parts.set(entry.fileName.toLowerCase(), entry);
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
    }
  } catch (cause) {
    damaged(cause as Error);
  }
  refuseBomb(packed, unpacked);
  return parts;
}

function damaged(cause: Error): never {
  throw new UnreadableTableError(`The workbook's zip is damaged: ${cause.message}.`, {}, cause);
}
