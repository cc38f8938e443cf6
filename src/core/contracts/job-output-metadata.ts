import type { RunningJob } from './jobs.contract.js';

/** What is told with every output of a job, in snake case as users of the first design know it. */
export const outputMetadata = (
  { id, kind, source, seed }: Pick<RunningJob, 'id' | 'kind' | 'source' | 'seed'>,
  own: Record<string, unknown> = {},
): Record<string, unknown> => ({
  analysis_type: kind,
  ...(source && {
    source_dataset_id: source.datasetId,
    source_version_id: source.versionId,
    source_version_number: source.versionNumber,
    source_path: source.path,
  }),
  job_id: id,
  seed,
  ...own,
});
