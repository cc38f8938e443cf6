import type { JobView } from '../../core/contracts/jobs.contract.js';
import type { JobDto } from './dto/job.dto.js';

export const toJobDto = (job: JobView): JobDto => ({
  id: job.id,
  kind: job.kind,
  status: job.status,
  progress: job.progress,
  message: job.message,
  source: job.source && {
    datasetId: job.source.datasetId,
    ref: job.source.ref,
    versionId: job.source.versionId,
    versionNumber: job.source.versionNumber,
    path: job.source.path,
  },
  parameters: job.parameters,
  inputDigests: job.inputDigests.map((digest) => `sha256:${digest}`),
  seed: job.seed,
  engineVersion: job.engineVersion,
  priority: job.priority,
  deadline: job.deadline,
  outputs: job.outputs.map(({ name, fileId }) => ({ name, fileId })),
  ...(job.error && { error: job.error }),
  createdBy: job.createdBy,
  createdAt: job.createdAt,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
  attempts: job.attempts,
});
