import { send } from './http.mjs';
import { bufferContent } from './content.mjs';
import { uploadRaw } from './uploads.mjs';

/** Sends JSON; resolves with `{ seconds, answer }`. */
export async function postJson(service, path, body) {
  const content = Buffer.from(JSON.stringify(body));
  const { seconds, body: answer } = await send(service.url + path, {
    method: 'POST',
    headers: {
      ...service.headers,
      'content-type': 'application/json',
      'content-length': content.length,
    },
    parts: [content],
    expected: 201,
  });
  return { seconds, answer: JSON.parse(answer) };
}

/** Resolves with `{ seconds, answer }`, the answer being the version. */
export const commit = (service, datasetId, changes) =>
  postJson(service, `/v1/datasets/${datasetId}/versions`, { message: 'a commit', changes });

/** Small files, each with a content of its own. Resolves with their ids. */
export async function uploadSmall(service, count, name = 'small') {
  const ids = [];
  for (let n = 0; n < count; n += 1) {
    const content = bufferContent(Buffer.from(`name,n\n${name},${n}\n`));
    ids.push((await uploadRaw(service, content, content.sha256())).file.id);
  }
  return ids;
}

/** Where the files of seeded and made versions lie: folders of a hundred, in order of `n`. */
export const pathOf = (n) => {
  const digits = String(n).padStart(7, '0');
  return `set-${digits.slice(0, 5)}/part-${digits}.csv`;
};
