export { DatasetsModule } from './datasets.module.js';
export { SearchModule } from './search/search.module.js';
export { ComponentUsesRepository } from './uses/component-uses.repository.js';
export { OverlayUsesRepository } from './uses/overlay-uses.repository.js';
export { mayBeOverlay, parseOverlay, type OverlayDocument } from './versions/read-overlay.js';
export { ApiDatasetKey, ApiVersionRef, COMMIT_PROBLEMS } from './datasets.openapi.js';
export { PathNotFoundError, VersionNotFoundError } from './datasets.errors.js';
export { RefRule } from './refs/dto/rules.js';
export { cacheControl, isPinned, REF_NAME } from './refs/ref-names.js';
export type { ComponentView } from './versions/components.repository.js';
export type { Version } from './versions/versions.repository.js';
export { VersionReader, type VersionedDataset } from './versions/version-reader.service.js';
export { CommitService } from './versions/commit.service.js';
export { ParentRule } from './versions/dto/rules.js';
export { parsePath } from './versions/paths.js';
export { DatasetFieldsDto } from './dto/dataset-fields.dto.js';
export {
  VersionRelationsRepository,
  type RelatedVersion,
} from './lineage/version-relations.repository.js';
