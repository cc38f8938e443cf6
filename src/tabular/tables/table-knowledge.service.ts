import { Injectable } from '@nestjs/common';
import type {
  RejectedRows,
  TableDescription,
} from '../../core/contracts/dataset-reader.contract.js';
import type { ReadParts, TablePart } from '../engine/child/tables.js';
import { DerivedResults, type ResultOf } from '../results/derived-results.service.js';
import type { WantedContent } from '../sources/local-contents.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';

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

  /** @param given what this request says of how to read, over what the files' own metadata say */
  async input(files: readonly SourceFile[], given: Given = {}): Promise<TableInput> {
    const contents: WantedContent[] = [];
    const parts: TablePart[] = [];
    for (const [place, file] of files.entries()) {
      const said = { ...file.readOptions, ...given };
      const description = await this.description(file, given);
      const staged = description && (await this.staged(file, given));
      contents.push(staged ?? file);
      parts.push({
        content: place,
        path: file.path,
        given: said,
        description: staged && description ? { ...description, format: 'staged' } : description,
      });
    }
    return { contents, parts };
  }

  /** The same for several tables, by name. */
  async inputs(
    tables: readonly { name: string; files: readonly SourceFile[] }[],
  ): Promise<{ contents: WantedContent[]; tables: { name: string; parts: TablePart[] }[] }> {
    const contents: WantedContent[] = [];
    const inputs: { name: string; parts: TablePart[] }[] = [];
    for (const { name, files } of tables) {
      const input = await this.input(files);
      const before = contents.length;
      const parts = input.parts.map((part) => ({ ...part, content: part.content + before }));
      contents.push(...input.contents);
      inputs.push({ name, parts });
    }
    return { contents, tables: inputs };
  }

  async description(file: SourceFile, given: Given = {}): Promise<TableDescription | null> {
    return await this.peek(descriptionOf(file, given));
  }

  async rejected(file: SourceFile, given: Given = {}): Promise<RejectedRows | null> {
    return await this.peek(rejectedOf(file, given));
  }

  /** The same rows as Parquet. */
  async staged(file: SourceFile, given: Given = {}): Promise<WantedContent | null> {
    const kept = await this.results.find(stagedOf(file, given));
    return (
      kept && {
        ...kept,
        fileType: 'parquet',
        fileName: file.fileName,
        compressionType: null,
      }
    );
  }

  /** What a session has found out beside its work. */
  learn(files: readonly SourceFile[], found: ReadParts, given: Given = {}): void {
    for (const [place, file] of files.entries()) {
      const description = found.descriptions[place];
      if (description && description.format !== 'staged') {
        this.results.put(descriptionOf(file, given), JSON.stringify(description));
      }
      const rejected = found.rejected?.[place];
      if (rejected && description?.format !== 'staged') {
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
  contents: [file],
  parameters: hintsOf(file, given),
});

const rejectedOf = (file: SourceFile, given: Given): ResultOf => ({
  kind: 'rejected-rows',
  contents: [file],
  parameters: hintsOf(file, given),
});

export const stagedOf = (file: SourceFile, given: Given): ResultOf => ({
  kind: 'table',
  contents: [file],
  parameters: hintsOf(file, given),
});
