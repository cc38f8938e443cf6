import { parseArgs } from 'node:util';
import { tmpdir } from 'node:os';

const UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

export const USAGE = `npm run bench -- [options]

  --only <parts>   only these parts, separated by commas
  --runs <n>       pairs of measurements a part
  --size <bytes>   size of an upload, such as 1GiB or 64MiB
  --quick          few pairs and small sizes: shows that the parts run, proves nothing
  --dir <folder>   where the measured processes keep their data (default: the temporary folder)
  --no-write       leave docs/performance.md as it is (as --quick does)
`;

/** The command line. @throws with words for the user */
export function parseOptions(args, parts) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      size: { type: 'string' },
      quick: { type: 'boolean', default: false },
      dir: { type: 'string', default: tmpdir() },
      'no-write': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',') ?? parts;
  const unknown = only.filter((part) => !parts.includes(part));
  if (unknown.length > 0) {
    throw new Error(`There is no part ${unknown.join(', ')}; there are: ${parts.join(', ')}`);
  }
  return {
    help: values.help,
    parts: parts.filter((part) => only.includes(part)),
    quick: values.quick,
    dir: values.dir,
    write: !values.quick && !values['no-write'],
    runs: values.runs === undefined ? undefined : wholeNumber(values.runs),
    size: values.size === undefined ? undefined : bytesOf(values.size),
  };
}

function wholeNumber(text) {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is no number of runs`);
  return Number(text);
}

function bytesOf(text) {
  const [, digits, unit] = /^(\d+) ?(KiB|MiB|GiB|)$/.exec(text) ?? [];
  if (!Number(digits))
    throw new Error(`${text} is no size; write 1GiB, 64MiB or a number of bytes`);
  return Number(digits) * UNITS[unit];
}
