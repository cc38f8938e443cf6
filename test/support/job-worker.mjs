/** A worker of the build with the kinds of the tests, as a process of its own. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = (file) =>
  import(pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'src', file)).href);

const { testKinds } = await import('./job-kinds.ts');
const { JobKind } = await built('core/contracts/jobs.contract.js');
const { ARTIFACT_PRODUCER } = await built('core/contracts/artifact-producer.contract.js');
const { ValidationFailedError } = await built('core/errors/index.js');
const { StorageModule } = await built('storage/index.js');
const { loadEnv } = await built('core/config/load-env.js');
const { startWorker } = await built('worker.js');

const refusal = (pointer, detail) => ValidationFailedError.of(pointer, detail);
const kinds = testKinds({ JobKind, ARTIFACT_PRODUCER, StorageModule, refusal });
const env = loadEnv();
const worker = await startWorker(env, { url: env.DATABASE_URL }, [kinds]);
process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
console.log('working');
