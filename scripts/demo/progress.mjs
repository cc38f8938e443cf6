import { DemoError } from './errors.mjs';

const bytesOf = (dataset) =>
  [...dataset.versions, ...dataset.branches]
    .flatMap(({ puts }) => Object.values(puts))
    .reduce((sum, { bytes }) => sum + bytes.length, 0);

/** A bar on a terminal; elsewhere a line for each step. */
export async function startProgress(datasets) {
  const total = datasets.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
  return process.stdout.isTTY ? await bar(total) : lines(total);
}

async function bar(total) {
  const shown = new (await cliProgress()).SingleBar({
    format: '  {bar} {percentage} %  {what}',
    barsize: 30,
    hideCursor: true,
  });
  shown.start(total, 0, { what: '' });
  return {
    done: (what, bytes) => shown.increment(bytes, { what }),
    stop: () => shown.stop(),
  };
}

function lines(total) {
  let sum = 0;
  return {
    done: (what, bytes) => {
      sum += bytes;
      console.log(`  ${String(Math.round((100 * sum) / total)).padStart(3)} %  ${what}`);
    },
    stop: () => undefined,
  };
}

async function cliProgress() {
  try {
    return (await import('cli-progress')).default;
  } catch {
    throw new DemoError('The package cli-progress is missing. Run: npm ci --include=dev');
  }
}
