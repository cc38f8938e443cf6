import { Injectable } from '@nestjs/common';
import type {
  RejectedRows,
  TableDescription,
} from '../../core/contracts/dataset-reader.contract.js';
import type { ReadParts, TablePart } from '../engine/child/tables.js';
import type { PartPatches } from '../engine/child/patches/patched-relation.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { ResultOf } from '../results/result-keeper.service.js';
import {
  asParquet,
  type TablePatches,
  type WantedContent,
} from '../sources/local-contents.service.js';
import { baseOf, type SourceFile } from '../sources/table-sources.service.js';
import { InvalidReadOptionsError } from '../tabular.errors.js';

/** Formats of the engine's own making, which say nothing of how a content is read. */
const OWN = new Set(['staged', 'merged']);

/** Formats whose values have the types that the file says. */
const TYPED = new Set(['arrow', 'parquet']);

/** Files of a table as a session gets them. */
export interface TableInput {
  contents: WantedContent[];
  parts: TablePart[];
}

/** What a request says of how files are read. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * What is known of contents as tables: how they are read, what was rejected of them, and the same rows
 * as Parquet, which are read many times faster than text. All of it by content, for every version.
 */
@Injectable()
export class TableKnowledge {
  constructor(private readonly results: DerivedResults) {}

  /**
   * @param given what this request says of how to read, over what the files' own metadata say
   * @param contents gets what the session needs
   * @throws InvalidReadOptionsError
   */
  async input(
    files: readonly SourceFile[],
    given: Given = {},
    contents: WantedContent[] = [],
  ): Promise<TableInput> {
    const parts: TablePart[] = [];
    for (const file of files) parts.push(await this.part(file, given, contents));
    return { contents, parts };
  }

  /** The same for several tables, by name. */
  async inputs(
    tables: readonly { name: string; files: readonly SourceFile[] }[],
  ): Promise<{ contents: WantedContent[]; tables: { name: string; parts: TablePart[] }[] }> {
    const contents: WantedContent[] = [];
    const inputs: { name: string; parts: TablePart[] }[] = [];
    for (const { name, files } of tables) {
      const { parts } = await this.input(files, {}, contents);
      inputs.push({ name, parts });
    }
    return { contents, tables: inputs };
  }

  private async part(
    file: SourceFile,
    given: Given,
    contents: WantedContent[],
  ): Promise<TablePart> {
    const { patches, path } = file;
    if (patches) refuseOtherReading(given);
    const description = await this.description(file, given);
    const merged = patches && description && (await this.staged(file, given));
    const staged = merged ?? (description && (await this.staged(baseOf(file), given)));
    const part: TablePart = {
      content: contents.push(staged ?? file) - 1,
      path,
      given: { ...file.readOptions, ...given },
      description:
        staged && description ? asRead(description, merged ? patches : null) : description,
    };
    if (patches && !merged) part.patches = await this.patches(file, part, contents);
    return part;
  }

  private async patches(
    file: SourceFile,
    { description }: TablePart,
    contents: WantedContent[],
  ): Promise<PartPatches> {
    const { key, chain } = file.patches as TablePatches;
    const placed = description && (await this.results.find(placesOf(file, description)));
    if (placed) return { key, chain: [], placed: contents.push(asParquet(placed)) - 1 };
    return { key, chain: chain.map((patch) => contents.push(patch) - 1), placed: null };
  }

  /** Of the file without its patches: they change no columns. */
  async description(file: SourceFile, given: Given = {}): Promise<TableDescription | null> {
    return await this.peek(descriptionOf(file, given));
  }

  /** Whether reading the rows can't show that they are to be read otherwise: they were all read, or are typed. */
  async isCertain(file: SourceFile, given: Given = {}): Promise<boolean> {
    const description = await this.description(file, given);
    if (!description) return TYPED.has(file.fileType.toLowerCase());
    return TYPED.has(description.format) || description.rowCount !== null;
  }

  /** As far as it is known. */
  async rowCount(file: SourceFile, given: Given = {}): Promise<number | null> {
    const count = (await this.description(file, given))?.rowCount ?? null;
    return count === null ? null : count + growthOf(file.patches);
  }

  async rejected(file: SourceFile, given: Given = {}): Promise<RejectedRows | null> {
    return await this.peek(rejectedOf(file, given));
  }

  /** The same rows as Parquet; of a file with patches, with them. */
  async staged(file: SourceFile, given: Given = {}): Promise<WantedContent | null> {
    const kept = await this.results.find(stagedOf(file, given));
    return kept && asParquet(kept);
  }

  /** What a session has found out beside its work. */
  learn(files: readonly SourceFile[], found: ReadParts, given: Given = {}): void {
    for (const [place, file] of files.entries()) {
      const description = found.descriptions[place];
      const isPublic = description && !OWN.has(description.format);
      if (isPublic) {
        this.results.put(descriptionOf(file, given), JSON.stringify(description));
      }
      const rejected = found.rejected?.[place];
      if (rejected && isPublic) {
        this.results.put(rejectedOf(file, given), JSON.stringify(rejected));
      }
    }
  }

  private async peek<T>(of: ResultOf): Promise<T | null> {
    const text = await this.results.peek(of);
    return text === null ? null : (JSON.parse(text) as T);
  }
}

/** What of a use, beside the content, decides how it is read. */
export const hintsOf = ({ fileType, fileName, readOptions }: SourceFile, given: Given): object => ({
  fileType: fileType.toLowerCase(),
  extension: /\.[^.]*$/.exec(fileName)?.[0].toLowerCase() ?? '',
  given: { ...readOptions, ...given },
});

const descriptionOf = (file: SourceFile, given: Given): ResultOf => ({
  kind: 'description',
  contents: [baseOf(file)],
  parameters: hintsOf(file, given),
});

const rejectedOf = (file: SourceFile, given: Given): ResultOf => ({
  kind: 'rejected-rows',
  contents: [baseOf(file)],
  parameters: hintsOf(file, given),
});

export const stagedOf = (file: SourceFile, given: Given): ResultOf => ({
  kind: 'table',
  contents: [file],
  parameters: hintsOf(file, given),
});

/** What patches come to by the places of the file's rows, which another description would have elsewhere. */
export const placesOf = (file: SourceFile, { columns, options }: TableDescription): ResultOf => ({
  kind: 'patch-places',
  contents: [file],
  parameters: { columns, options },
});

/** @param patches that are in the Parquet that is read in place of the content */
function asRead(description: TableDescription, patches: TablePatches | null): TableDescription {
  if (!patches) return { ...description, format: 'staged' };
  const { rowCount } = description;
  return {
    ...description,
    format: 'merged',
    rowCount: rowCount === null ? null : rowCount + growthOf(patches),
  };
}

/** By how many rows patches make a table longer. */
export const growthOf = (patches: TablePatches | null): number =>
  (patches?.chain ?? []).reduce((sum, { inserts, deletes }) => sum + inserts - deletes, 0);

/** Files read as is said here, over what their own metadata say. @throws InvalidReadOptionsError */
export const readWith = (files: readonly SourceFile[], given: Given): SourceFile[] =>
  files.map((file) => {
    if (file.patches) refuseOtherReading(given);
    return { ...file, readOptions: { ...file.readOptions, ...given } };
  });

/** Patches were made for the table as the file's own metadata have it read. */
function refuseOtherReading(given: Given): void {
  const options = Object.keys(given);
  if (options.length === 0) return;
  const detail =
    'is not possible where patches lie over the rows: they were made for the file as it is read without';
  throw new InvalidReadOptionsError(Object.fromEntries(options.map((name) => [name, detail])));
}
