import type { DatasetDto } from './dto/dataset.dto.js';
import type { DatasetView } from './datasets.repository.js';

export const toDatasetDto = (dataset: DatasetView): DatasetDto => ({
  id: dataset.id,
  slug: dataset.slug,
  name: dataset.name,
  description: dataset.description,
  tags: dataset.tags,
  metadata: dataset.metadata,
  visibility: dataset.visibility,
  ownerId: dataset.ownerId,
  latestVersion: dataset.latestVersion,
  createdAt: dataset.createdAt,
  updatedAt: dataset.updatedAt,
});
