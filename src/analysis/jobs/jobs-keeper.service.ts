import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { ENV, type Env } from '../../core/config/config.js';
import {
  FILE_REFERENCES,
  madeBy,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { DEADLINE_PASSED } from './job-failures.js';
import { JobStates } from './job-states.service.js';
import { JobsRepository } from './jobs.repository.js';

const INTERVAL_MS = 2_000;
/** In which a worker ends a job itself whose deadline has come. */
const GRACE_SECONDS = 10;
const BATCH = 100;

/** Ends jobs whose time is over and that no worker ends, and forgets those that ended long ago. */
@Injectable()
export class JobsKeeper extends PeriodicTask {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'JOB_RETENTION_DAYS'>,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly jobs: JobsRepository,
    private readonly states: JobStates,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({ intervalMs: INTERVAL_MS, failure: 'Jobs that are over were not seen to.' });
  }

  protected async turn(): Promise<void> {
    for (const id of await this.jobs.overdue(GRACE_SECONDS, BATCH)) {
      if (this.isStopping) return;
      await this.states.endOpen(id, () => DEADLINE_PASSED);
    }
    if (this.env.JOB_RETENTION_DAYS > 0) await this.removeOld();
  }

  private async removeOld(): Promise<void> {
    for (let removed = BATCH; removed === BATCH && !this.isStopping;) {
      removed = await this.unitOfWork.run(async (tx) => {
        const old = await this.jobs.removeOld(tx, this.env.JOB_RETENTION_DAYS, BATCH);
        for (const { id, outputs } of old) {
          for (const fileId of new Set(outputs.map((output) => output.fileId))) {
            await this.references.release(tx, fileId, madeBy(id));
          }
        }
        return old.length;
      });
    }
  }
}
