import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { ContentReader } from '../../storage/index.js';
import type { ExportFormat } from '../export/export-formats.js';
import { ExportsService } from '../export/exports.service.js';
import type { RowDiff } from './row-diffs.service.js';

/** The changes of diffs as files. */
@Injectable()
export class RowDiffFiles {
  constructor(
    private readonly exports: ExportsService,
    private readonly contents: ContentReader,
  ) {}

  /** From its beginning. @throws what exporting throws */
  async open({ changes }: RowDiff, format: ExportFormat, callerId: string): Promise<Readable> {
    if (format === 'parquet') return await this.contents.open(changes.fileId);
    const selection = { columns: null, filter: null, search: null, order: [] };
    const options = { compression: 'snappy', guardFormulas: false };
    const input = { files: [changes], given: {}, selection, format, options };
    return await (await this.exports.make(input, callerId)).open();
  }
}
