import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { ComponentsRepository, type ComponentView } from '../versions/components.repository.js';
import { isPath, isRecord, isVersionId } from '../versions/places.js';
import { VersionReader, type VersionedDataset } from '../versions/version-reader.service.js';
import {
  DifferencesRepository,
  type Compared,
  type DiffKind,
  type DiffRow,
} from './differences.repository.js';
import { VersionTreeRepository } from './version-tree.repository.js';

/** What became of a file between two versions. */
export interface DiffEntry {
  kind: DiffKind;
  path: string;
  /** Where a moved file was. */
  from: string | null;
  /** As the first version has it. */
  base: ComponentView | null;
  /** As the second version has it. */
  head: ComponentView | null;
}

/** What a commit must do to one version to make it show what another shows. */
export interface NeededChange {
  path: string;
  /** `null`: there is no file in the version to become. */
  file: ComponentView | null;
}

/** Differences of one comparison that are kept for its next pages, and of all that are kept. */
const MAX_KEPT = 20_000;
const MAX_CACHED = 200_000;

/** Where a page ended, in the versions that the first page was of. */
interface Place {
  base: string;
  head: string;
  path: string;
}

const isPlace = (key: unknown): key is Place =>
  isRecord(key) && isVersionId(key['base']) && isVersionId(key['head']) && isPath(key['path']);

/** Compares versions of a dataset by file. */
@Injectable()
export class CompareService {
  /** Whole comparisons, by their versions: what they show never changes. */
  private readonly cache = new LRUCache<string, DiffRow[]>({
    maxSize: MAX_CACHED,
    sizeCalculation: (rows) => rows.length + 1,
  });

  constructor(
    private readonly versions: VersionReader,
    private readonly tree: VersionTreeRepository,
    private readonly comparisons: DifferencesRepository,
    private readonly components: ComponentsRepository,
  ) {}

  /**
   * From `base` to `head`, in the order of the bytes of the paths. All pages are of the versions that the
   * first was of.
   * @throws VersionNotFoundError, VersionDeletedError, CursorMismatchError
   */
  async diff(
    dataset: VersionedDataset,
    refs: { base: string; head: string },
    query: { cursor?: string; limit: number },
  ): Promise<Page<DiffEntry>> {
    const scope = { datasetId: dataset.id, ...refs };
    const place = decodeCursor(query.cursor, 'diff', scope, isPlace);
    const { id: base } = await this.versions.resolve(dataset, place?.base ?? refs.base);
    const { id: head } = await this.versions.resolve(dataset, place?.head ?? refs.head);
    const after = place?.path ?? null;
    const rows = await this.rows({ base, head }, { after, limit: query.limit + 1 });
    const page = pageOf(rows, query.limit, ({ path }) =>
      encodeCursor({ base, head, path }, 'diff', scope),
    );
    const views = await this.viewsOf(page.items);
    const viewOf = (id: string | null) => (id === null ? null : (views.get(id) ?? null));
    return {
      items: page.items.map(({ kind, path, from, base: was, head: is }) => ({
        kind,
        path,
        from,
        base: viewOf(was),
        head: viewOf(is),
      })),
      nextCursor: page.nextCursor,
    };
  }

  /** What has to be put and deleted for `from` (`null`: nothing at all) to show what `to` shows. */
  async changesFrom(from: string | null, to: string): Promise<NeededChange[]> {
    const candidates = await this.tree.layersBetween(from, to);
    const differences = await this.comparisons.differences({
      base: from,
      head: to,
      candidates: candidates.map(({ id }) => id),
    });
    const views = await this.components.findAll(differences.flatMap(({ head }) => head ?? []));
    return differences.map(({ path, head }) => ({
      path,
      file: head === null ? null : (views.get(head) as ComponentView),
    }));
  }

  private async rows(
    versions: { base: string; head: string },
    page: { after: string | null; limit: number },
  ): Promise<DiffRow[]> {
    const key = `${versions.base} ${versions.head}`;
    const cached = this.cache.get(key);
    if (cached) return nextOf(cached, page);
    const layers = await this.tree.layersBetween(versions.base, versions.head);
    const compared: Compared = { ...versions, candidates: layers.map(({ id }) => id) };
    const entries = layers.reduce((sum, layer) => sum + layer.entries, 0);
    if (entries > MAX_KEPT) return await this.comparisons.diff(compared, page);
    const all = await this.comparisons.diff(compared, { after: null, limit: MAX_KEPT });
    this.cache.set(key, all);
    return nextOf(all, page);
  }

  private async viewsOf(rows: readonly DiffRow[]): Promise<Map<string, ComponentView>> {
    return await this.components.findAll(
      rows.flatMap(({ base, head }) => [base ?? [], head ?? []].flat()),
    );
  }
}

/** Paths are ordered by their bytes, as the database has ordered them. */
function nextOf(
  rows: readonly DiffRow[],
  { after, limit }: { after: string | null; limit: number },
): DiffRow[] {
  const start = after === null ? 0 : rows.findIndex(({ path }) => path === after) + 1;
  return rows.slice(start, start + limit);
}
