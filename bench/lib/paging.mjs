import { atMost, median, row, spread } from './figures.mjs';
import { send } from './http.mjs';

export const PAGE = 100;
const WARM_UP = 20;

export const milliseconds = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

/** The last page of a list against the first: a row of the report. Both must be full. */
export async function lastAgainstFirst(service, { first, last }, { what, runs }) {
  const seconds = { first: [], last: [] };
  for (let round = -WARM_UP; round < runs; round += 1) {
    for (const [name, url] of Object.entries({ first, last })) {
      const answer = await send(url, { headers: service.headers, expected: 200 });
      checkPage(name, JSON.parse(answer.body));
      if (round >= 0) seconds[name].push(answer.seconds);
    }
  }
  const timeRatio = median(seconds.last) / median(seconds.first);
  return row(
    `page of ${PAGE} ${what}: last`,
    milliseconds(median(seconds.last)),
    `first ${milliseconds(median(seconds.first))}`,
    // Single requests of a few milliseconds: their medians tell more than their pairs.
    `${timeRatio.toFixed(2)} (of ${spread(seconds.last, milliseconds)})`,
    atMost(1.5, timeRatio),
  );
}

function checkPage(name, { items, nextCursor }) {
  if (items.length !== PAGE) throw new Error(`The ${name} page is not full.`);
  if ((nextCursor === null) !== (name === 'last')) throw new Error(`That is no ${name} page.`);
}

/** A cursor in the middle of nowhere, which paging there would take ten thousand requests to get. */
export async function cursorAt(key, list, filters) {
  const { encodeCursor } = await import('../../dist/src/core/http/cursor.js');
  return encodeCursor(key, list, filters);
}
