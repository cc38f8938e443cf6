import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorageBackend } from '../../src/storage/backends/local/local.storage-backend.js';
import { describeStorageBackend } from './storage-backend.contract.js';

describeStorageBackend(
  'local',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'stratum-store-'));
    const open = (): LocalStorageBackend => new LocalStorageBackend({ root });
    return {
      backend: open(),
      reopen: open,
      cleanUp: () => rm(root, { recursive: true, force: true }),
    };
  },
  { largeBytes: 5 * 1024 * 1024 + 12_345 },
);
