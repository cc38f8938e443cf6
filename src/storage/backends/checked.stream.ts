import { Readable } from 'node:stream';
import { contractError } from './contract-error.js';

/**
 * The same bytes in a stream that fails with errors of the contract only. Not a generator: one that
 * is destroyed before its first read never runs, and the source would stay open.
 */
export function checkedStream(source: Readable): Readable {
  const chunks = source[Symbol.asyncIterator]();
  const checked = new Readable({
    highWaterMark: source.readableHighWaterMark,
    read() {
      chunks.next().then(
        ({ done, value }) => checked.push(done ? null : value),
        (error: unknown) => checked.destroy(contractError('readStream', error)),
      );
    },
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
  // It may also fail before anybody reads.
  source.on('error', (error) => checked.destroy(contractError('readStream', error)));
  return checked;
}
