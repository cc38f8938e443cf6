import { Inject, Injectable } from '@nestjs/common';
import { JOBS, type IJobs } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { DERIVE } from './derive.job.js';
import {
  TableOperationsService,
  type OperationName,
  type TableOperations,
} from './table-operations.service.js';

/** What came of it in time, or the job that goes on with it. */
export type Answer<T> = { output: T } | { jobId: string };

/** Waits for what takes long no longer than the caller likes, and has a job go on with it. */
@Injectable()
export class PendingAnswers {
  constructor(
    private readonly operations: TableOperationsService,
    @Inject(JOBS) private readonly jobs: IJobs,
  ) {}

  /**
   * @param seconds that the caller waits
   * @throws what the operation throws; TooManyJobsError
   */
  async within<N extends OperationName>(
    caller: Principal,
    name: N,
    input: TableOperations[N]['input'],
    seconds: number,
  ): Promise<Answer<TableOperations[N]['output']>> {
    const work = this.operations.run(name, input, caller.id);
    const done = await Promise.race([work.then((output) => ({ output })), later(seconds, work)]);
    if (done) return done;
    // The work goes on, and the job joins it: in this process it is the same work, after a restart it is
    // done again.
    const job = await this.jobs.submit(caller, { kind: DERIVE, parameters: { name, input } });
    return { jobId: job.id };
  }
}

async function later(seconds: number, work: Promise<unknown>): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), seconds * 1000);
  const stop = (): void => clearTimeout(timer);
  // Nobody else listens to it once the answer has gone.
  work.then(stop, stop);
  return await promise;
}
