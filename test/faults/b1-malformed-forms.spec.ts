import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { descriptorsAtMost, settledDescriptors } from '../support/descriptors.js';
import { FaultPart } from '../support/faults/part.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { BOUNDARY, fileForm } from '../support/multipart.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { residentBytes } from '../support/resident-memory.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('B1', 'malformed forms', { short: 200, full: 5000 });
const FORMS_PER_ROUND = 250;
const AT_ONCE = 8;
const GROWTH_BYTES = 150 * 1024 * 1024;
/** So small that what is not given back soon shows: garbage is collected before it is reached. */
const SMALL_HEAP = ['--max-old-space-size=128'];
/** Connections of its pool to the database, which come when they are needed. */
const SPARE_DESCRIPTORS = 8;
/** Who gets no answer in this time has sent what is no request yet. */
const PATIENCE_MS = 20_000;

let cluster: Cluster;
let service: Service;
let idle: { descriptors: number; bytes: number };
beforeAll(async () => {
  cluster = await startCluster();
  service = await cluster.start(
    { UPLOAD_LEASE_SECONDS: '60', UPLOAD_STALL_SECONDS: '1' },
    { execArgv: SMALL_HEAP },
  );
  expect((await service.upload('warm up')).status).toBe(201);
  const pid = service.process.pid as number;
  idle = { descriptors: await settledDescriptors(pid), bytes: await residentBytes(pid) };
});
afterAll(() => cluster.stop());

type Mutation = (form: Buffer, random: () => number) => Buffer;

const at = (form: Buffer, random: () => number): number => Math.floor(random() * form.length);
const text = (form: Buffer, change: (text: string) => string): Buffer =>
  Buffer.from(change(form.toString('latin1')), 'latin1');

/** What breaks forms in the wild, and what attackers make of them. */
const MUTATIONS: Mutation[] = [
  (form, random) => form.subarray(0, at(form, random)),
  (form, random) => form.subarray(at(form, random)),
  (form, random) => {
    const [from, to] = [at(form, random), at(form, random)];
    return Buffer.concat([form.subarray(0, from), form.subarray(to)]);
  },
  (form, random) => {
    const where = at(form, random);
    return Buffer.concat([form.subarray(0, where), randomBytes(40), form.subarray(where)]);
  },
  (form, random) => {
    const copy = Buffer.from(form);
    for (let n = 0; n < 5; n += 1) copy[at(form, random)] = Math.floor(random() * 256);
    return copy;
  },
  (form) => Buffer.concat([form, form]),
  (form) => text(form, (all) => all.replaceAll('\r\n', '\n')),
  (form) => text(form, (all) => all.replaceAll('\r\n', '\r')),
  (form) => text(form, (all) => all.replace('\r\n\r\n', '\r\n')),
  (form) => text(form, (all) => all.replace(/name="[^"]*"/, 'name=')),
  (form) => text(form, (all) => all.replace(/name="[^"]*"/, `name="${'['.repeat(5000)}"`)),
  (form) => text(form, (all) => all.replace(/name="[^"]*"/, 'name="a[4294967294]"')),
  (form) => text(form, (all) => all.replace('form-data', 'attachment')),
  (form) => text(form, (all) => all.replace(/Content-Type: [^\r]*/, 'Content-Type: \0;=;"')),
  (form) => text(form, (all) => all.replace(/filename="[^"]*"/, 'filename="\0../../\u00ff"')),
  (form) => text(form, (all) => all.split(`--${BOUNDARY}`).reverse().join(`--${BOUNDARY}`)),
  (form) => text(form, (all) => all.replace(BOUNDARY, `${BOUNDARY}x`)),
  (form) => text(form, (all) => `${`X: ${'y'.repeat(100)}\r\n`.repeat(200)}${all}`),
];

/** Its status; `null` when the connection was closed, or no answer could come. */
async function send(random: () => number): Promise<number | null> {
  const { body, type } = fileForm(randomBytes(Math.floor(random() * 3000)), 'a.csv', {
    before: { fileType: 'csv' },
    after: { metadata: '{"a":1}' },
  });
  let form = body;
  for (let n = 1 + Math.floor(random() * 2); n > 0; n -= 1) {
    form = MUTATIONS[Math.floor(random() * MUTATIONS.length)]!(form, random);
  }
  const headers = { 'Content-Type': type, 'Content-Length': form.length, Connection: 'close' };
  const connection = await rawConnection(service);
  await connection.send(requestHead(service, 'POST /v1/files', headers));
  await connection.send(form);
  const timer = setTimeout(() => connection.reset(), PATIENCE_MS);
  const answer = await connection.answer();
  clearTimeout(timer);
  connection.socket.destroy();
  return answer?.status ?? null;
}

it('answers every malformed form, and keeps nothing of those it refuses', async () => {
  const { done } = await part.play(async (random) => {
    const forms = Math.min(FORMS_PER_ROUND, part.goal);
    const before = await holds();
    let accepted = 0;
    let unanswered = 0;
    for (let n = 0; n < forms; n += AT_ONCE) {
      const statuses = await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, forms - n) }, () => send(random)),
      );
      for (const status of statuses) {
        if (status === 201) accepted += 1;
        // A mutation may hit the content alone: then the form is as good as any.
        else if (status === null) unanswered += 1;
        else expect([400, 408, 413, 415, 422]).toContain(status);
      }
    }
    await uploadSlotsUsed(service, 0);
    const kept = (await holds()) - before;
    expect(kept).toBeGreaterThanOrEqual(accepted);
    expect(kept).toBeLessThanOrEqual(accepted + unanswered);
    expect(await cluster.breachesAtRest()).toEqual([]);
    const pid = service.process.pid as number;
    expect(await descriptorsAtMost(pid, idle.descriptors + SPARE_DESCRIPTORS)).toBeLessThanOrEqual(
      idle.descriptors + SPARE_DESCRIPTORS,
    );
    expect((await residentBytes(pid)) - idle.bytes).toBeLessThan(GROWTH_BYTES);
    return {
      faults: forms,
      figures: { 'whole all the same': accepted, 'closed without an answer': unanswered },
    };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);

async function holds(): Promise<number> {
  const [row] = await cluster.steady.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM file_references',
  );
  return row?.count ?? 0;
}
