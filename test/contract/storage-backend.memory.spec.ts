import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { describeStorageBackend } from './storage-backend.contract.js';

describeStorageBackend('memory', async () => ({ backend: new MemoryStorageBackend() }), {
  largeBytes: 5 * 1024 * 1024 + 12_345,
});
