import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { BOUNDARY, fileForm } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead, type RawConnection } from '../support/raw-http.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ UPLOAD_SLOTS: '20' });
});
afterAll(() => app.stop());
afterEach(async () => {
  await slotsFree();
  await expectNothingLeft(app);
});

/** Requests that were being received have come to their end. */
const slotsFree = () => uploadSlotsUsed(app, 0);

const CONTENT = randomBytes(40_000);
const { body: FORM, type: FORM_TYPE } = fileForm(CONTENT, 'a.csv', {
  before: { fileType: 'csv' },
  after: { metadata: '{"a":1}' },
});
const HEAD_LENGTH = FORM.indexOf(CONTENT);

/** Offsets of interest in a form: each border of a part, and everywhere in the last boundary. */
const FORM_OFFSETS = [
  0,
  1,
  BOUNDARY.length + 2,
  HEAD_LENGTH - 4,
  HEAD_LENGTH - 1,
  HEAD_LENGTH,
  HEAD_LENGTH + 1,
  HEAD_LENGTH + 20_000,
  HEAD_LENGTH + CONTENT.length,
  HEAD_LENGTH + CONTENT.length + 2,
  HEAD_LENGTH + CONTENT.length + 10,
  HEAD_LENGTH + CONTENT.length + BOUNDARY.length + 4,
  ...Array.from({ length: BOUNDARY.length + 8 }, (_, n) => FORM.length - 1 - n),
];

const formHead = (headers: Record<string, string | number> = {}, path = '/v1/files') =>
  requestHead(app, `POST ${path}`, {
    'Content-Type': FORM_TYPE,
    'Content-Length': FORM.length,
    ...headers,
  });

async function sendThen(
  bytes: (Buffer | string)[],
  breakOff: (connection: RawConnection) => void,
): Promise<RawConnection> {
  const connection = await rawConnection(app);
  for (const part of bytes) await connection.send(part);
  // Time to be taken in, so that it is the upload that is broken and not the connection attempt.
  await delay(5);
  breakOff(connection);
  return connection;
}

describe('an upload whose client goes away', () => {
  it.each(['/v1/files', '/v1/files/batch'])(
    'leaves nothing, wherever the form for %s breaks off',
    async (path) => {
      for (const offset of FORM_OFFSETS) {
        const connection = await sendThen([formHead({}, path), FORM.subarray(0, offset)], (it) =>
          it.reset(),
        );
        expect(await connection.answer()).toBeNull();
        await slotsFree();
      }
    },
  );

  it('leaves nothing, wherever a raw body breaks off', async () => {
    for (const offset of [0, 1, 10_000, 39_998, 39_999]) {
      for (const isChunked of [false, true]) {
        const sent = CONTENT.subarray(0, offset);
        await sendThen(
          [
            requestHead(
              app,
              'POST /v1/files',
              isChunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': 40_000 },
            ),
            ...(isChunked && offset > 0 ? [`${offset.toString(16)}\r\n`] : []),
            sent,
          ],
          (it) => it.reset(),
        );
        await slotsFree();
      }
    }
  });

  it('leaves nothing when a chunked body lacks its last chunk', async () => {
    const connection = await sendThen(
      [requestHead(app, 'POST /v1/files', { 'Transfer-Encoding': 'chunked' }), '5\r\nhello\r\n'],
      (it) => it.end(),
    );
    await expectProblem(await connection.answer(), 400, 'bad-request');
  });

  it('leaves nothing when the headers are cut', async () => {
    const head = formHead();
    for (const offset of [1, 20, head.length - 2]) {
      await sendThen([head.slice(0, offset)], (it) => it.reset());
    }
  });

  it('leaves nothing when it comes in many small pieces and then stops', async () => {
    const pieces = Array.from({ length: 60 }, (_, n) => FORM.subarray(n * 7, n * 7 + 7));
    await sendThen([formHead(), ...pieces], (it) => it.reset());
  });

  it('leaves nothing when it broke off while it waited for another use of its key', async () => {
    const headers = { 'Idempotency-Key': 'shared-by-two' };
    const first = await rawConnection(app);
    await first.send(formHead(headers));
    await first.send(FORM.subarray(0, 100));
    await delay(100);
    const second = await sendThen([formHead(headers), FORM], () => undefined);
    const third = await sendThen([formHead(headers), FORM.subarray(0, 100)], () => undefined);
    await delay(100);
    second.reset();
    third.reset();
    await delay(100);
    first.reset();
  });
});

describe('an upload that is not as long as its Content-Length', () => {
  it('is refused when the client ends it too early', async () => {
    for (const head of [
      formHead({ 'Content-Length': FORM.length + 1 }),
      formHead({ 'Content-Length': FORM.length + 1_000_000 }, '/v1/files/batch'),
      requestHead(app, 'POST /v1/files', { 'Content-Length': FORM.length + 1 }),
    ]) {
      const connection = await sendThen([head, FORM], (it) => it.end());
      const answer = await connection.answer();
      if (answer) await expectProblem(answer, 400, 'bad-request');
      await slotsFree();
    }
  });

  it('is refused when a form has more bytes than it announces', async () => {
    // Three bytes less cut the closing boundary; the rest is read as a request of its own.
    const head = formHead({ 'Content-Length': FORM.length - 3 });
    const connection = await sendThen([head, FORM], () => undefined);
    const answer = await connection.answer();
    expect(answer?.status).toBe(400);
    expect(answer?.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('is refused when both Content-Length and chunks frame it', async () => {
    const both = requestHead(app, 'POST /v1/files', {
      'Content-Length': 5,
      'Transfer-Encoding': 'chunked',
    });
    const connection = await sendThen([both, '5\r\nhello\r\n0\r\n\r\n'], () => undefined);
    await expectProblem(await connection.answer(), 400, 'bad-request');
  });

  it.each(['-1', '1e3', 'abc', '5, 6', '99999999999999999999999'])(
    'is refused when the length is %s',
    async (length) => {
      const head = requestHead(app, 'POST /v1/files', { 'Content-Length': length });
      const connection = await sendThen([head, 'hello'], (it) => it.end());
      await expectProblem(await connection.answer(), 400, 'bad-request');
    },
  );
});
