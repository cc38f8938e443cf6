export { DatasetsModule } from './datasets.module.js';
export { SearchModule } from './search/search.module.js';
