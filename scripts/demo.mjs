/**
 * Loads sample datasets with a few versions into a running installation, over HTTP alone, and prints
 * what to try with them. What is there already is left as it is, so it may run again at any time.
 */
import { demoDatasets } from './demo/catalogue.mjs';
import { DemoClient } from './demo/client.mjs';
import { DemoError } from './demo/errors.mjs';
import { loadDataset, loadRefs } from './demo/load.mjs';
import { readOptions, USAGE } from './demo/options.mjs';
import { startProgress } from './demo/progress.mjs';
import { suggestions } from './demo/suggestions.mjs';

async function main() {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) return console.log(USAGE);
  const datasets = await demoDatasets();
  const client = new DemoClient(options.url, options.key);
  await client.greet();
  const outcomes = await loadAll(client, datasets);
  console.log(`\n${outcomes.map(({ slug, said }) => `  ${slug.padEnd(18)}${said}`).join('\n')}`);
  console.log(suggestions(options));
}

/** Datasets first; branches and tags when all that they name is there. */
async function loadAll(client, datasets) {
  const progress = await startProgress(datasets);
  try {
    const outcomes = [];
    for (const dataset of datasets) outcomes.push(await loadDataset(client, dataset, progress));
    for (const { dataset, isOurs } of outcomes) {
      if (isOurs) await loadRefs(client, dataset, progress);
    }
    return outcomes.map(({ dataset, said }) => ({ slug: dataset.slug, said }));
  } finally {
    progress.stop();
  }
}

try {
  await main();
} catch (error) {
  // Whatever is no DemoError is a fault of this script: its place is wanted.
  console.error(error instanceof DemoError ? error.message : error);
  process.exitCode = 1;
}
