import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AnswersWith } from '../../core/http/api-headers.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { sendContent, sendGrowing } from '../../core/http/content/content-response.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { waitPreferredBy } from '../../core/http/prefer.js';
import { ApiVersionRef, cacheControl, isPinned } from '../../datasets/index.js';
import { PendingAnswers } from '../operations/pending-answers.service.js';
import { parseSelection } from '../rows/parse-selection.js';
import { TableSources } from '../sources/table-sources.service.js';
import { FolderTables } from '../tables/folder-tables.service.js';
import { outputOrAccepted } from '../tabular-answers.js';
import { ReadsTables } from '../tabular.openapi.js';
import { ExportQuery } from './dto/export.query.js';
import { EXPORT_FORMATS } from './export-formats.js';
import { ExportsService } from './exports.service.js';

@ApiTags('tables')
@Controller('datasets/:id/versions/:ref')
export class ExportController {
  constructor(
    private readonly sources: TableSources,
    private readonly folders: FolderTables,
    private readonly answers: PendingAnswers,
    private readonly exports: ExportsService,
  ) {}

  /**
   * Export a table, or some of its rows, as another format.
   *
   * @remarks All rows that are selected, without a cap. It is made once and kept: the same export again is a
   * download, with ranges. A large one is sent while it is written, in chunks, without a
   * length and a digest; an answer that is cut off is not the file, and the next one says why. The file itself
   * is never altered.
   */
  @Get('export')
  @AnswersWith('ETag', 'Repr-Digest')
  @RequirePermission('datasets:read', 'reader')
  @ApiVersionRef()
  @ReadsTables()
  @ApiOkResponse({
    description: 'The file.',
    content: Object.fromEntries(
      Object.values(EXPORT_FORMATS).map(({ mimeType }) => [
        mimeType,
        { schema: { type: 'string', format: 'binary' } },
      ]),
    ),
  })
  @ApiProblems({
    400: ['validation-failed', 'read-options-invalid', 'filter-invalid', 'column-unknown'],
    412: ['etag-mismatch'],
    416: ['range-not-satisfiable'],
  })
  async export(
    @Caller() caller: Principal,
    @Param('id') datasetKey: string,
    @Param('ref') ref: string,
    @Query() query: ExportQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { path, format, compression, guardFormulas, options: given } = query;
    const selection = parseSelection(query);
    const source = await this.sources.resolve(caller, { datasetKey, ref, path });
    const { files } = await this.folders.of(source, given, caller.id);
    const options = { compression, guardFormulas };
    const input = { files, given, selection, format, options };
    const { mimeType, extension } = EXPORT_FORMATS[format];
    const sent = {
      mimeType,
      fileName: `${stemOf(path)}.${extension}`,
      cacheControl: cacheControl(isPinned(ref)),
    };
    const begun = performance.now();
    const seconds = waitPreferredBy(request.headers['prefer']);
    const bytes = mayBeChunked(request)
      ? await this.exports.begun(input, caller.id, seconds)
      : null;
    if (bytes) {
      await sendGrowing(response, { ...sent, bytes });
      return;
    }
    const left = Math.max(0, seconds - (performance.now() - begun) / 1000);
    const made = outputOrAccepted(
      response,
      await this.answers.within(caller, 'export', input, left),
    );
    if (!made) return;
    await sendContent(request, response, {
      ...sent,
      sha256: await made.contentHash(),
      size: made.size,
      open: async (range) => await made.open(range),
    });
  }
}

/** Whether the answer may come in chunks: HTTP/1.0 has none, and could not tell a cut from an end. */
const mayBeChunked = ({ method, headers, httpVersion }: Request): boolean =>
  method === 'GET' &&
  httpVersion !== '1.0' &&
  !headers.range &&
  !headers['if-match'] &&
  !headers['if-none-match'];

/** `data/weather.csv.gz` and `data/weather/` are both of `weather`. */
function stemOf(path: string): string {
  const name = path.split('/').findLast((segment) => segment !== '') ?? 'table';
  return name.replace(/(?<=.)(\.(csv|tsv|txt|json|jsonl|ndjson|parquet|arrow|xlsx|gz|zst))+$/i, '');
}
