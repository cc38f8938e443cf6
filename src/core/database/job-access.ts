/**
 * That the job is this user's, as SQL, for every slice that asks it: whoever has submitted a job reads
 * what it has made.
 * @param job an SQL expression: the id of the job, `uuid`
 * @param user an SQL expression: the id of the user, `text`
 */
export const ownsJob = (job: string, user: string): string =>
  `EXISTS (SELECT FROM jobs job WHERE job.id = ${job} AND job.created_by = ${user}::uuid)`;
