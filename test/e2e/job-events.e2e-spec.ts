import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthChecks } from '../../src/core/health/health-checks.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, startReplica, type TestCaller } from '../support/callers.js';
import { gateIn, jobsApi, TestKindsModule, type Job } from '../support/jobs.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let worker: Awaited<ReturnType<typeof startReplica>>;
let ada: TestCaller;

beforeAll(async () => {
  app = await startTestApp({}, undefined, [TestKindsModule]);
  // All is worked on by another process than the one that tells of it.
  worker = await startReplica({ ...app, env: { ...app.env, WORKERS: 2 } }, [TestKindsModule]);
  ada = await addCaller(app, 'ada');
});
afterAll(async () => {
  await worker.stop();
  await app.stop();
});

interface Event {
  event: string;
  id: number;
  job: Job;
}

const follow = (id: string, init: RequestInit = {}, of = ada): Promise<Response> =>
  of.fetch(`/v1/jobs/${id}/events`, init);

/** The events as they come, until the stream is closed. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      text = text.slice(end + 2);
      if (fields['event']) {
        yield {
          event: fields['event'],
          id: Number(fields['id']),
          job: JSON.parse(fields['data'] as string) as Job,
        };
      }
    }
  }
}

async function allOf(response: Response): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

describe('The events of a job', () => {
  it('tell of its progress and its end, wherever it is worked on, and then no more', async () => {
    const { id } = await jobsApi(ada).write({ progress: [0.25, 0.5] });
    const response = await follow(id);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const events = await allOf(response);
    const end = events.pop();
    expect(end).toMatchObject({ event: 'end', job: { id, status: 'succeeded', progress: 1 } });
    expect(events.map(({ event }) => event)).toEqual(events.map(() => 'progress'));
    expect(events.map(({ job }) => job.progress)).toEqual(expect.arrayContaining([0.25, 0.5]));
    const ids = [...events.map((event) => event.id), end?.id as number];
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect(await allOf(await follow(id))).toEqual([end]);
    const seen = await follow(id, { headers: { 'Last-Event-ID': String(end?.id) } });
    expect(seen.status).toBe(204);
  });

  it('go on where the client was cut off', async () => {
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const { id } = await jobsApi(ada).write({ until: gate.path });
    await jobsApi(ada).running(id);
    const cut = new AbortController();
    let seen: Event | undefined;
    for await (const event of eventsOf(await follow(id, { signal: cut.signal }))) {
      seen = event;
      break;
    }
    cut.abort();
    expect(seen).toMatchObject({ event: 'progress', job: { status: 'running' } });
    const again = await follow(id, { headers: { 'Last-Event-ID': String(seen?.id) } });
    await gate.open();
    expect((await allOf(again)).map(({ event }) => event)).toEqual(['end']);
  });

  it('end with a cancelled job', async () => {
    const { id } = await jobsApi(ada).write({ until: '/nowhere' });
    const stream = await follow(id);
    await jobsApi(ada).cancel(id);
    expect((await allOf(stream)).at(-1)).toMatchObject({
      event: 'end',
      job: { status: 'cancelled' },
    });
  });

  it('are for whoever has submitted it', async () => {
    const { id } = await jobsApi(ada).write();
    const bob = await addCaller(app, 'bob');
    await expectProblem(await follow(id, {}, bob), 404, 'job-not-found');
    await expectProblem(await follow('none'), 404, 'job-not-found');
  });

  it('are told in 16 streams of a user at most, and a closed one makes room', async () => {
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const { id } = await jobsApi(ada).write({ until: gate.path });
    const cuts = Array.from({ length: 16 }, () => new AbortController());
    const streams = await Promise.all(cuts.map(({ signal }) => follow(id, { signal })));
    expect(streams.map(({ status }) => status)).toEqual(cuts.map(() => 200));
    await expectProblem(await follow(id), 429, 'too-many-event-streams');
    cuts[0]?.abort();
    let next: Response;
    do next = await follow(id);
    while (next.status === 429);
    const last = allOf(next);
    await gate.open();
    expect((await last).at(-1)?.event).toBe('end');
    for (const cut of cuts) cut.abort();
  });

  it('wait for nobody who does not read, and the job neither', async () => {
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const { id } = await jobsApi(ada).write({ until: gate.path });
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.pause();
    socket.write(
      `GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ada.key}\r\n\r\n`,
    );
    await gate.open();
    expect(await jobsApi(ada).ended(id)).toMatchObject({ status: 'succeeded' });
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('event: end')) break;
    }
    socket.destroy();
  });

  it('end when the service drains, so that nobody waits for them', async () => {
    const { id } = await jobsApi(ada).write({ until: '/nowhere' });
    await jobsApi(ada).running(id);
    const stream = allOf(await follow(id));
    app.app.get(HealthChecks, { strict: false }).drain();
    expect((await stream).map(({ event }) => event)).not.toContain('end');
    await jobsApi(ada).cancel(id);
  });
});
