export { DatasetsModule } from './datasets.module.js';
