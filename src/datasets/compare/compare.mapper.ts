import type { ComponentView } from '../versions/components.repository.js';
import type { VersionFileDto } from '../versions/dto/version-file.dto.js';
import { toVersionFileDto } from '../versions/versions.mapper.js';
import type { DiffEntry } from './compare.service.js';
import type { DiffEntryDto } from './dto/diff.dto.js';

export const toDiffEntryDto = ({ kind, path, from, base, head }: DiffEntry): DiffEntryDto => ({
  kind,
  path,
  from,
  base: fileAt(from ?? path, base),
  head: fileAt(path, head),
});

const fileAt = (path: string, file: ComponentView | null): VersionFileDto | null =>
  file && toVersionFileDto({ path, file });
