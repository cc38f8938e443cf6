export { DatasetsModule } from './datasets.module.js';
export { SearchModule } from './search/search.module.js';
export { ComponentUsesRepository } from './uses/component-uses.repository.js';
export { OverlayUsesRepository } from './uses/overlay-uses.repository.js';
export { mayBeOverlay, parseOverlay, type OverlayDocument } from './versions/read-overlay.js';
