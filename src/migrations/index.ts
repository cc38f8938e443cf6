import type { MigrationClass } from '../core/database/index.js';
import { CreateStore1764000000000 } from './1764000000000-create-store.js';
import { CreateDatasets1764100000000 } from './1764100000000-create-datasets.js';
import { CreateRemoval1764200000000 } from './1764200000000-create-removal.js';
import { CreateSearch1764300000000 } from './1764300000000-create-search.js';
import { CreateUsers1764400000000 } from './1764400000000-create-users.js';
import { AddClaims1764410000000 } from './1764410000000-add-claims.js';
import { CreateGrants1764450000000 } from './1764450000000-create-grants.js';
import { CreateAudit1764500000000 } from './1764500000000-create-audit.js';
import { CreateLimits1764600000000 } from './1764600000000-create-limits.js';
import { KeepCounts1764610000000 } from './1764610000000-keep-counts.js';
import { DeriveDifferences1764620000000 } from './1764620000000-derive-differences.js';
import { CreateUploads1764700000000 } from './1764700000000-create-uploads.js';
import { CreateGcRuns1764710000000 } from './1764710000000-create-gc-runs.js';
import { CreateFsck1764720000000 } from './1764720000000-create-fsck.js';
import { CreateDerivedResults1764730000000 } from './1764730000000-create-derived-results.js';
import { CreateJobs1764800000000 } from './1764800000000-create-jobs.js';
import { AddRowPatches1764810000000 } from './1764810000000-add-row-patches.js';
import { CreateLineage1764910000000 } from './1764910000000-create-lineage.js';

/** Every migration, oldest first. Named and not globbed, so that a build can't miss one. */
export const MIGRATIONS: MigrationClass[] = [
  CreateStore1764000000000,
  CreateDatasets1764100000000,
  CreateRemoval1764200000000,
  CreateSearch1764300000000,
  CreateUsers1764400000000,
  AddClaims1764410000000,
  CreateGrants1764450000000,
  CreateAudit1764500000000,
  CreateLimits1764600000000,
  KeepCounts1764610000000,
  DeriveDifferences1764620000000,
  CreateUploads1764700000000,
  CreateGcRuns1764710000000,
  CreateFsck1764720000000,
  CreateDerivedResults1764730000000,
  CreateJobs1764800000000,
  AddRowPatches1764810000000,
  CreateLineage1764910000000,
];
