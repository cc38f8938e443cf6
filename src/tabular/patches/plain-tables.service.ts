import { Injectable } from '@nestjs/common';
import type { PlainTable } from '../../core/contracts/row-patches.contract.js';
import { EXPORT_FORMATS, type ExportFormat } from '../export/export-formats.js';
import { ExportsService, type ExportInput } from '../export/exports.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';

/** Formats that a patched file can be written in again; others become Parquet. */
const FORMATS: Readonly<Record<string, ExportFormat>> = {
  arrow: 'arrow',
  csv: 'csv',
  json: 'json',
  parquet: 'parquet',
};

/** Files with patches over them, written as files without. */
@Injectable()
export class PlainTables {
  constructor(
    private readonly exports: ExportsService,
    private readonly knowledge: TableKnowledge,
    private readonly stager: TableStager,
  ) {}

  /** What `write` has made of the file. */
  async find(file: SourceFile): Promise<PlainTable | null> {
    const input = await this.inputOf(file);
    const kept = input && (await this.exports.find(input));
    return kept && Object.assign({}, kept, EXPORT_FORMATS[(input as ExportInput).format]);
  }

  /**
   * Writes the table with its patches: in the format of the file, and for readers, which from then on read
   * what is written.
   * @throws what reading the table throws; StorageFullError
   */
  async write(file: SourceFile, callerId: string, signal?: AbortSignal): Promise<PlainTable> {
    if (await this.stager.isWorthwhile(file, {})) await this.stager.stage(file, {}, callerId);
    await this.stager.merge(file, callerId, signal);
    const input = await this.inputOf(file);
    if (!input) throw new Error('A table that was just read is not known.');
    const plain = await this.exports.make(input, callerId);
    return Object.assign({}, await plain.keep(), EXPORT_FORMATS[input.format]);
  }

  private async inputOf(file: SourceFile): Promise<ExportInput | null> {
    const description = await this.knowledge.description(file);
    return (
      description && {
        files: [file],
        given: {},
        selection: { columns: null, filter: null, search: null, order: [] },
        format: FORMATS[description.format] ?? 'parquet',
        options: { compression: 'snappy', guardFormulas: false },
      }
    );
  }
}
