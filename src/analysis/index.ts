export { AnalysisModule } from './analysis.module.js';
export { JobUsesRepository } from './jobs/job-uses.repository.js';
