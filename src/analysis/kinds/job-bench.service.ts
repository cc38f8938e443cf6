import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../core/contracts/artifact-producer.contract.js';
import type { JobOutputs, RunningJob } from '../../core/contracts/jobs.contract.js';
import { TableWorkbench, type SourceFile, type Workbench } from '../../tabular/index.js';
import { StagedOutputs } from './staged-outputs.js';

export interface BenchOptions {
  /** By the names that statements know them by. */
  tables: readonly { name: string; files: readonly SourceFile[] }[];
  /** Of DuckDB; default: as the settings say. */
  threads?: number;
  signal: AbortSignal;
}

/** A bench on which a job makes its outputs. */
@Injectable()
export class JobBench {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly workbench: TableWorkbench,
  ) {}

  /**
   * @param work may be carried out more than once, as `TableWorkbench.session` says: what it has staged
   *   before is given up then
   * @throws what `work` throws; what reading the tables throws
   */
  async outputs(
    { createdBy: callerId, deadline }: Pick<RunningJob, 'createdBy' | 'deadline'>,
    options: BenchOptions,
    work: (bench: Workbench, outputs: StagedOutputs) => Promise<void>,
  ): Promise<JobOutputs> {
    const session = { callerId, deadline, ...options };
    const outputs = await StagedOutputs.of(this.producer, options.signal, async (staged) => {
      await this.workbench.session(session, async (bench) => {
        await staged.discard();
        await work(bench, staged);
      });
    });
    return { outputs };
  }
}
