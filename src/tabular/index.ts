export { DerivedUsesRepository } from './results/derived-uses.repository.js';
export { TabularModule } from './tabular.module.js';
