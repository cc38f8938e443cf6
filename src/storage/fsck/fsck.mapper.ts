import { toContentHash } from '../files/content-hash.js';
import type { FsckFindingDto, FsckRunDetailDto, FsckRunDto } from './dto/fsck-run.dto.js';
import type { FsckFinding } from './findings.js';
import type { FsckRunSummary } from './fsck-runs.repository.js';
import type { FsckRunView } from './fsck-runs.service.js';

export const toFsckRunDto = (run: FsckRunSummary): FsckRunDto => ({
  id: run.id,
  status: run.status,
  readData: run.readData,
  repair: run.repair,
  seed: Number(run.seed),
  startedBy: run.startedBy,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  progress: {
    phase: run.progress.phase ?? null,
    files: run.progress.files ?? 0,
    filesTotal: run.progress.filesTotal ?? 0,
    objects: run.progress.objects ?? 0,
    bytes: run.progress.bytes ?? 0,
  },
  byKind: run.progress.byKind ?? {},
  left: run.progress.left ?? 0,
  error: run.error,
});

export const toFsckRunDetailDto = (run: FsckRunView): FsckRunDetailDto =>
  Object.assign(toFsckRunDto(run), { findings: run.findings.map(toFindingDto) });

const toFindingDto = ({ contentHash, ...finding }: FsckFinding): FsckFindingDto => ({
  ...finding,
  contentHash: contentHash && toContentHash(contentHash),
});
