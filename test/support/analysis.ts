import type { Api } from './api.js';
import { jobsApi, type Job } from './jobs.js';

/** What tests do with kinds of jobs that make files of tables, through HTTP alone. */
export function analysisApi(api: Api) {
  const jobs = jobsApi(api);
  const submit = (kind: string, source: object | undefined, parameters: object) =>
    jobs.post({ kind, source, parameters });
  const ended = async (
    kind: string,
    source: object | undefined,
    parameters: object = {},
  ): Promise<Job> => {
    const answer = await submit(kind, source, parameters);
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`${answer.status}: ${text}`);
    return await jobs.ended((JSON.parse(text) as Job).id);
  };
  return {
    submit,
    /** To its end, whatever that is. */
    ended,
    run: async (kind: string, source: object | undefined, parameters: object = {}) => {
      const job = await ended(kind, source, parameters);
      if (job.status !== 'succeeded') throw new Error(JSON.stringify(job.error));
      return job;
    },
    /** Names and digests of what it has made. */
    digests: async ({ outputs }: Job): Promise<Record<string, string>> =>
      Object.fromEntries(
        await Promise.all(
          outputs.map(async ({ name, fileId }): Promise<[string, string]> => {
            const file = await api.json<{ contentHash: string }>(200, `/v1/files/${fileId}`);
            return [name, file.contentHash];
          }),
        ),
      ),
    output: async ({ outputs }: Job, name: string): Promise<Buffer> => {
      const found = outputs.find((output) => output.name === name);
      if (!found) throw new Error(`There is no ${name} among ${JSON.stringify(outputs)}.`);
      const response = await api.fetch(`/v1/files/${found.fileId}/content`);
      return Buffer.from(await response.arrayBuffer());
    },
    fileOf: async ({ outputs }: Job, name: string) => {
      const found = outputs.find((output) => output.name === name);
      return await api.json<{
        fileType: string;
        mimeType: string;
        contentHash: string;
        metadata: Record<string, unknown>;
      }>(200, `/v1/files/${found?.fileId}`);
    },
  };
}
