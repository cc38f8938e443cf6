import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type {
  IRowPatches,
  PatchableFile,
  PlainTable,
  PreparedPatch,
  RowPatch,
} from '../../core/contracts/row-patches.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import type { MadePatch } from '../engine/child/tasks/patch.task.js';
import { Engine } from '../engine/engine.service.js';
import { PATCH_FILE } from '../engine/engine.types.js';
import { EXPORT_FORMATS } from '../export/export-formats.js';
import { readWritten } from '../engine/written-file.js';
import { baseOf, toSourceFile, type SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';
import { PlainTables } from './plain-tables.service.js';

const USE = { fileType: 'row-patch', mimeType: EXPORT_FORMATS.parquet.mimeType };

@Injectable()
export class RowPatchesService implements IRowPatches {
  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly stager: TableStager,
    private readonly plainTables: PlainTables,
  ) {}

  async prepare(caller: Principal, file: PatchableFile, patch: RowPatch): Promise<PreparedPatch> {
    const { patches } = file;
    if (patches && !isDeepStrictEqual(patches.key, patch.key)) {
      throw ValidationFailedError.of(
        '/key',
        `must be that of the patches that lie over the file: ${patches.key.join(', ')}`,
      );
    }
    const source = toSourceFile(file.path, file);
    // Text is scanned for each patch, and for each page later: once more makes Parquet of it.
    if (await this.stager.isWorthwhile(source, {})) {
      await this.stager.stage(source, {}, caller.id);
    }
    return await this.make(source, patch, caller.id);
  }

  async plain(file: PatchableFile): Promise<PlainTable | null> {
    return await this.plainTables.find(toSourceFile(file.path, file));
  }

  private async make(
    source: SourceFile,
    patch: RowPatch,
    callerId: string,
  ): Promise<PreparedPatch> {
    const { contents, parts } = await this.knowledge.input([source]);
    const [part] = parts as [(typeof parts)[number]];
    const chain = source.patches?.chain ?? [];
    const before = {
      rows: chain.reduce((sum, one) => sum + one.inserts + one.updates + one.deletes, 0),
      contents: chain.map((one) => contents.push(one) - 1),
    };
    const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
    let made: MadePatch | undefined;
    const staged = await this.engine.session(
      { callerId, contents, deadlineSeconds },
      async ({ call, pathOf }): Promise<StagedArtifact> => {
        const { result, ...found } = await call('patch', { part, patch, before });
        this.knowledge.learn([baseOf(source)], found);
        made = result;
        return await readWritten(
          pathOf(PATCH_FILE),
          async (content) => await this.producer.stage(content, USE),
        );
      },
    );
    return { staged, ...(made as MadePatch) };
  }
}
