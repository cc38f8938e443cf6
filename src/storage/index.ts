export { ContentReader } from './content/content-reader.service.js';
export { toContentHash } from './files/content-hash.js';
export { MetadataRule } from './files/dto/rules.js';
export { FileDescriptionDto } from './files/dto/file-description.dto.js';
export { FileIdPipe } from './files/file-id.pipe.js';
export { faultOfFileName } from './files/file-names.js';
export type { FileView } from './files/files.repository.js';
export { FilesService } from './files/files.service.js';
export { describe } from './files/upload/describe.js';
export { FormUploads, type ReceivedForm } from './files/upload/form-uploads.js';
export { StorageModule } from './storage.module.js';
export { collectGarbage } from './gc/collect-garbage.js';
export type { CollectionOptions, CollectionReport } from './gc/collection-report.js';
export { GarbageCollector } from './gc/garbage-collector.service.js';
export {
  FSCK_KINDS,
  isLeft,
  type FsckFinding,
  type FsckKind,
  type FsckOptions,
  type FsckProgress,
} from './fsck/findings.js';
export { checkStore } from './fsck/check-store.js';
export { inventoryOf, type InventoriedObject } from './fsck/inventory.js';
export { strangersOf } from './backends/storage-backends.js';
export { withInstalledStore } from './open-store.js';
export { tusProtocol } from './uploads/tus-protocol.js';
