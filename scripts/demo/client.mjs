import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DemoError } from './errors.mjs';

const ATTEMPTS = 3;
const TIMEOUT_MS = 120_000;
const HOLD_MS = 3_600_000;

/** What the demo asks of a service. Whatever fails is a DemoError that says what to do. */
export class DemoClient {
  #url;
  #key;

  constructor(url, key) {
    this.#url = url;
    this.#key = key;
  }

  /** That a Stratum answers, and takes the key. */
  async greet() {
    const { status } = await this.#send('GET', '/v1/datasets?limit=1');
    if (status === 401) {
      throw new DemoError(`${this.#url} does not know this key. Set STRATUM_API_KEY to its own.`);
    }
    if (status !== 200) throw new DemoError(`What answers at ${this.#url} is no Stratum.`);
  }

  /** `null` when it is not there. */
  async find(path) {
    const answer = await this.#send('GET', path);
    if (answer.status === 404 && answer.body.code !== 'route-not-found') return null;
    return expected(answer, `GET ${path}`);
  }

  /** Does what a POST asks for once, however often it has to be sent. */
  async post(path, body) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
    const init = { headers, body: JSON.stringify(body) };
    return expected(await this.#send('POST', path, init), `POST ${path}`);
  }

  /** Makes what is not there yet. */
  async make(path, body) {
    const headers = { 'Content-Type': 'application/json', 'If-None-Match': '*' };
    const init = { headers, body: JSON.stringify(body) };
    return expected(await this.#send('PUT', path, init), `PUT ${path}`);
  }

  /** The file with this content: one that is there already, else it is uploaded. */
  async fileOf({ name, bytes, sha256 }) {
    const { items } = await this.post('/v1/files/preflight', { digests: [`sha256:${sha256}`] });
    if (items[0].available) return items[0].fileId;
    // Our hold on it may go when the dataset has its own.
    const expiresAt = new Date(Date.now() + HOLD_MS).toISOString();
    const query = new URLSearchParams({ fileName: name, expiresAt });
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Idempotency-Key': randomUUID(),
      'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    };
    const answer = await this.#send('POST', `/v1/files?${query}`, { headers, body: bytes });
    return expected(answer, `the upload of ${name}`).id;
  }

  /** Sends again what broke off or was put off; everything that is sent may be sent twice. */
  async #send(method, path, { headers = {}, body } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try(method, path, { headers, body });
      const after = answer.retryAfter;
      if (after === null) return answer;
      if (attempt === ATTEMPTS) throw new DemoError(answer.detail);
      await delay(after * 1000);
    }
  }

  async #try(method, path, { headers, body }) {
    try {
      const response = await fetch(this.#url + path, {
        method,
        body,
        headers: { Authorization: `Bearer ${this.#key}`, ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const wait = response.headers.get('retry-after');
      const retryAfter = wait !== null && response.status >= 400 ? Number(wait) : null;
      return { status: response.status, body: jsonOf(text), retryAfter, detail: text };
    } catch (error) {
      if (error.cause?.code === 'ECONNREFUSED') {
        throw new DemoError(`Nothing answers at ${this.#url}. Start it with: npm start`);
      }
      const why = error.cause?.message ?? error.message;
      return { retryAfter: 1, detail: `${method} ${this.#url}${path} failed: ${why}` };
    }
  }
}

function expected({ status, body }, what) {
  if (status >= 200 && status < 300) return body;
  if (body.code === 'route-not-found') {
    throw new DemoError(`The service has no such route: ${what}. Is it of an earlier version?`);
  }
  const why = body.detail ?? body.title ?? 'no reason given';
  throw new DemoError(`${what} was answered by ${status}: ${why} (${body.code ?? 'no code'})`);
}

function jsonOf(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
