import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';

/**
 * One request on a connection of its own. `parts` are the pieces of the body; each is sent before
 * the next is made. Resolves with the answer and the seconds from the first byte sent to its end.
 * @throws when the answer has another status than expected
 */
export async function send(url, { method = 'GET', headers = {}, parts = [], expected, onBody }) {
  const begun = performance.now();
  const request = httpRequest(url, { method, headers, agent: false });
  const answered = once(request, 'response');
  // It is awaited below; until then a failure must not count as unhandled.
  answered.catch(() => undefined);
  for (const part of parts) {
    if (!request.write(part)) await Promise.race([once(request, 'drain'), answered]);
    if (request.destroyed) break;
  }
  request.end();
  const [response] = await answered;
  const body = onBody ? await drain(response, onBody) : await text(response);
  const seconds = (performance.now() - begun) / 1000;
  if (response.statusCode !== expected) {
    throw new Error(`${method} ${url} answered ${response.statusCode}: ${body}`);
  }
  return { seconds, body, headers: response.headers };
}

/** Reads a body and throws it away. Resolves with the seconds and the number of bytes. */
export async function download(url, headers, { hash = false } = {}) {
  const digest = hash ? createHash('sha256') : null;
  let size = 0;
  const { seconds } = await send(url, {
    headers,
    expected: 200,
    onBody: (chunk) => {
      size += chunk.length;
      digest?.update(chunk);
    },
  });
  return { seconds, size, sha256: digest?.digest('hex') };
}

async function drain(response, onBody) {
  response.on('data', onBody);
  await once(response, 'end');
  return '';
}

async function text(response) {
  let body = '';
  response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  await once(response, 'end');
  return body;
}
