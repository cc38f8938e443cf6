import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { send } from './http.mjs';

/** Uploads the content, checks the digest of the answer, and returns `{ seconds, file }`. */
export async function uploadRaw(service, content, sha256) {
  const { seconds, body } = await send(`${service.url}/v1/files`, {
    method: 'POST',
    headers: {
      ...service.headers,
      'content-type': 'application/octet-stream',
      'content-length': content.size,
    },
    parts: content.blocks(),
    expected: 201,
  });
  return { seconds, file: checked(JSON.parse(body), sha256) };
}

const BOUNDARY = 'stratum-bench-5f0c2f5c4d1b4a7e';
const HEAD = Buffer.from(
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bench.bin"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n',
);
const TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);

export async function uploadForm(service, content, sha256) {
  const { seconds, body } = await send(`${service.url}/v1/files`, {
    method: 'POST',
    headers: {
      ...service.headers,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': HEAD.length + content.size + TAIL.length,
    },
    parts: inForm(content),
    expected: 201,
  });
  return { seconds, file: checked(JSON.parse(body), sha256) };
}

function* inForm(content) {
  yield HEAD;
  yield* content.blocks();
  yield TAIL;
}

/** Returns `{ seconds, name }`. */
export async function uploadToSink(sink, content, sha256) {
  const name = `${sha256}.bin`;
  const { seconds, body } = await send(`${sink.url}/${name}`, {
    method: 'PUT',
    headers: { 'content-length': content.size },
    parts: content.blocks(),
    expected: 201,
  });
  if (body !== sha256) throw new Error('The bare sink has received other bytes than were sent.');
  return { seconds, name };
}

export const removeFromSink = (sink, name) =>
  send(`${sink.url}/${name}`, { method: 'DELETE', expected: 204 });

/**
 * A blob as `docker push` sends it when it knows the digest: POST opens an upload, PUT with the
 * digest carries the bytes. The registry compares the digest with what it received.
 */
export async function uploadToRegistry(registry, content, sha256) {
  const begun = performance.now();
  const opened = await send(`${registry.url}/v2/bench/blobs/uploads/`, {
    method: 'POST',
    headers: { 'content-length': 0 },
    expected: 202,
  });
  const url = new URL(opened.headers.location, registry.url);
  url.searchParams.set('digest', `sha256:${sha256}`);
  await send(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': content.size },
    parts: content.blocks(),
    expected: 201,
  });
  return { seconds: (performance.now() - begun) / 1000 };
}

/**
 * Removes every stored object behind the service's back, to give the disk back between two
 * uploads: what it would do itself only after its grace, and in the middle of another run.
 */
export function emptyStore(dataDir) {
  for (const { path, object } of objectsIn(dataDir)) if (object) rmSync(path);
}

export const countObjects = (dataDir) => objectsIn(dataDir).filter(({ object }) => object).length;

function objectsIn(dataDir) {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, object: /[\\/]blobs[\\/][0-9a-f]{2}[\\/][0-9a-f-]{36}$/.test(path) }));
}

function checked(file, sha256) {
  if (file.contentHash === `sha256:${sha256}`) return file;
  throw new Error('The service has received other bytes than were sent.');
}
