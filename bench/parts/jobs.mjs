import { atLeast, median, row, spread } from '../lib/figures.mjs';
import { startWithNothing } from '../lib/programs.mjs';

const SUBMITTERS = 8;
const perSecond = (value) => `${Math.round(value)}/s`;

/** Jobs that do nothing, from the first submission to the end of the last one. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const count = options.quick ? 200 : 1000;
  const service = await startWithNothing(workspace, {
    JOBS_PER_USER: '0',
    JOBS_QUEUED_PER_USER: String(2 * count),
  });
  const rates = [];
  // The first round is for the code to be compiled.
  for (let round = 0; round <= runs; round += 1) {
    const begun = performance.now();
    await submit(service, count);
    await untilEnded(service);
    const rate = count / ((performance.now() - begun) / 1000);
    if (round === 0) continue;
    rates.push(rate);
    log(`round ${round} of ${runs}: ${perSecond(rate)}`);
  }
  await service.stop();
  return [
    row(
      `trivial jobs through the queue, ${count} at once`,
      spread(rates, perSecond),
      'target of its own',
      perSecond(median(rates)),
      atLeast(100, median(rates), '/s'),
    ),
  ];
}

async function submit({ url, headers }, count) {
  let left = count;
  const submitter = async () => {
    while (left > 0) {
      left -= 1;
      const response = await fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"kind":"nothing"}',
      });
      if (response.status !== 202) throw new Error(await response.text());
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submitter));
}

async function untilEnded({ url, headers }) {
  for (const status of ['queued', 'running', 'queued']) {
    for (;;) {
      const response = await fetch(`${url}/v1/jobs?status=${status}&limit=1`, { headers });
      const { items } = await response.json();
      if (items.length === 0) break;
      await new Promise((later) => setTimeout(later, 50));
    }
  }
}
