import type { RefDto } from './dto/ref.dto.js';
import type { Ref } from './refs.repository.js';

export const toRefDto = (ref: Ref): RefDto => ({
  name: ref.name,
  kind: ref.kind,
  versionId: ref.versionId,
  versionNumber: ref.versionNumber,
  createdAt: ref.createdAt,
  updatedAt: ref.updatedAt,
});
