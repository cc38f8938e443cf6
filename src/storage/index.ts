export { StorageModule } from './storage.module.js';
export { GarbageCollector, type CollectionReport } from './gc/garbage-collector.service.js';
