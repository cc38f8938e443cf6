import type { DatasetView } from '../core/contracts/dataset-repository.contract.js';
import type { BatchTagResultDto } from './batches/dto/batch-tag.dto.js';
import type { DatasetDto } from './dto/dataset.dto.js';

export const toDatasetDto = (
  dataset: Omit<DatasetView, 'revision' | 'deletedVersions'>,
): DatasetDto => ({
  id: dataset.id,
  slug: dataset.slug,
  name: dataset.name,
  description: dataset.description,
  tags: dataset.tags,
  metadata: dataset.metadata,
  visibility: dataset.visibility,
  ownerId: dataset.ownerId,
  role: dataset.role,
  latestVersion: dataset.latestVersion,
  createdAt: dataset.createdAt,
  updatedAt: dataset.updatedAt,
});

export const toBatchTagResultDto = (datasets: readonly DatasetView[]): BatchTagResultDto => ({
  items: datasets.map(({ id, tags }) => ({ id, tags })),
});
