import { Controller, Headers, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiExtension, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { NewDataset } from '../core/contracts/dataset-service.contract.js';
import type { Principal } from '../core/contracts/principal.contract.js';
import { AnswersWith } from '../core/http/api-headers.js';
import { ApiProblems } from '../core/http/api-problems.js';
import { AlsoStreamed, JsonBodyLimit } from '../core/http/json-body.guard.js';
import { MORE_BODIES } from '../core/http/more-bodies.extension.js';
import { Caller, RequirePermission } from '../core/http/permissions.js';
import { IdempotencyService } from '../core/idempotency/idempotency.service.js';
import { validated } from '../core/validation/validation.js';
import { FormUploads } from '../storage/index.js';
import { askedBy, parseDatasetForm } from './dataset-form.js';
import { etagOf } from './dataset-etag.js';
import { toDatasetDto } from './datasets.mapper.js';
import {
  ApiIdempotencyKey,
  CREATE_EXAMPLES,
  CREATE_PROBLEMS,
  DATASET_FORM,
} from './datasets.openapi.js';
import { DatasetsService } from './datasets.service.js';
import { CreateDatasetDto } from './dto/create-dataset.dto.js';
import { DatasetDto } from './dto/dataset.dto.js';
import { parseFiles } from './versions/parse-changes.js';

const FORM = 'multipart/form-data';
const MAX_BODY_BYTES = 16 * 1024 * 1024;

interface Call {
  caller: Principal;
  key: string | undefined;
}

@ApiTags('datasets')
@Controller('datasets')
export class CreateDatasetController {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly idempotency: IdempotencyService,
    private readonly forms: FormUploads,
  ) {}

  /**
   * Create a dataset.
   *
   * @remarks With `files`, its first version is made in the same transaction: all or nothing. A form brings
   * the bytes of the files along.
   */
  @Post()
  @RequirePermission('datasets:write')
  @JsonBodyLimit(MAX_BODY_BYTES)
  @AlsoStreamed(FORM)
  @ApiBody({ type: CreateDatasetDto, examples: CREATE_EXAMPLES })
  @ApiExtension(MORE_BODIES, { [FORM]: DATASET_FORM })
  @ApiIdempotencyKey()
  @AnswersWith('Location', 'ETag')
  @ApiProblems(CREATE_PROBLEMS)
  async create(
    @Caller() caller: Principal,
    @Headers('idempotency-key') key: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = request.is(FORM)
      ? await this.forms.receive(caller, request, response, async (received, now) => {
          const form = await parseDatasetForm(received);
          return await this.make(
            { caller: now, key },
            askedBy(form),
            Object.assign({}, form.fields, { files: form.puts }),
          );
        })
      : await this.fromJson({ caller, key }, request.body as object);
    response.location(`/v1/datasets/${dataset.id}`).set('ETag', etagOf({ revision: 1 }));
    return dataset;
  }

  private async fromJson(call: Call, json: object): Promise<DatasetDto> {
    const body = await validated(CreateDatasetDto, json);
    const files = await parseFiles(body.files ?? []);
    return await this.make(call, body, Object.assign({}, body, { files }));
  }

  private async make({ caller, key }: Call, asked: object, given: NewDataset): Promise<DatasetDto> {
    const scope = { principalId: caller.id, route: 'POST /v1/datasets', key };
    return await this.idempotency.once<DatasetDto>(scope, asked, async (record) =>
      toDatasetDto(
        await this.datasets.create(caller, given, (tx, made) => record(tx, toDatasetDto(made))),
      ),
    );
  }
}
