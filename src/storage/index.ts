export { ContentReader } from './content/content-reader.service.js';
export { toContentHash } from './files/content-hash.js';
export { MetadataRule } from './files/dto/rules.js';
export { FileDescriptionDto } from './files/dto/file-description.dto.js';
export type { FileView } from './files/files.repository.js';
export { FilesService } from './files/files.service.js';
export { StorageModule } from './storage.module.js';
export { GarbageCollector, type CollectionReport } from './gc/garbage-collector.service.js';
