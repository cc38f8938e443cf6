import { Injectable } from '@nestjs/common';
import { unlessAborted } from '../../core/background/unless-aborted.js';
import {
  JobKind,
  type IJobHandler,
  type JobContext,
  type JobOutputs,
  type RunningJob,
} from '../../core/contracts/jobs.contract.js';
import {
  TableOperationsService,
  type OperationName,
  type TableOperations,
} from './table-operations.service.js';

/** Kind of the jobs that go on with what took too long for a request. */
export const DERIVE = 'table-result';

interface DeriveParameters {
  name: OperationName;
  input: TableOperations[OperationName]['input'];
}

/**
 * Goes on with what took longer than its request waited. Its result is kept by what it is of: the same
 * request, repeated when the job has succeeded, is answered with it at once.
 */
@JobKind(DERIVE)
@Injectable()
export class DeriveJob implements IJobHandler<DeriveParameters> {
  readonly isInternal = true;

  constructor(private readonly operations: TableOperationsService) {}

  /** It comes from this slice alone. */
  async validate(_: unknown, parameters: Record<string, unknown>): Promise<DeriveParameters> {
    return parameters as unknown as DeriveParameters;
  }

  async run(
    { parameters, createdBy }: RunningJob<DeriveParameters>,
    { signal }: JobContext,
  ): Promise<JobOutputs> {
    const { name, input } = parameters;
    // Others in this process may wait for the same.
    await unlessAborted(signal, this.operations.complete(name, input, createdBy));
    return { outputs: [] };
  }
}
