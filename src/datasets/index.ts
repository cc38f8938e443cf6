export { DatasetsModule } from './datasets.module.js';
export { SearchModule } from './search/search.module.js';
export { ComponentUsesRepository } from './uses/component-uses.repository.js';
export { OverlayUsesRepository } from './uses/overlay-uses.repository.js';
export { mayBeOverlay, parseOverlay, type OverlayDocument } from './versions/read-overlay.js';
export { ApiDatasetKey, ApiVersionRef } from './datasets.openapi.js';
export { PathNotFoundError } from './datasets.errors.js';
export { RefRule } from './refs/dto/rules.js';
export { cacheControl, isPinned } from './refs/ref-names.js';
export type { ComponentView } from './versions/components.repository.js';
export type { Version } from './versions/versions.repository.js';
export { VersionReader } from './versions/version-reader.service.js';
export { CommitService } from './versions/commit.service.js';
export { DatasetFieldsDto } from './dto/dataset-fields.dto.js';
export { ParentRule } from './versions/dto/rules.js';
export { REF_NAME } from './refs/ref-names.js';
export { COMMIT_PROBLEMS } from './datasets.openapi.js';
export { VersionNotFoundError } from './datasets.errors.js';
export {
  VersionRelationsRepository,
  type RelatedVersion,
} from './lineage/version-relations.repository.js';
