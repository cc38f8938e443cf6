export { TabularModule } from './tabular.module.js';
