/** POST operations that change nothing. */
export const READING_POSTS = [
  'POST /v1/datasets/batch-get',
  'POST /v1/files/preflight',
  'POST /v1/query',
];

/** Whether it changes something depends on when it comes, so its own test sees its entry. */
export const AUDITED_ELSEWHERE = [
  'DELETE /v1/admin/fsck/{id}',
  'POST /v1/jobs',
  'DELETE /v1/jobs/{id}',
  'POST /v1/jobs/{id}/publish',
];
