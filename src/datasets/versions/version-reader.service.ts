import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Transaction } from '../../core/database/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import {
  DatasetNotFoundError,
  PathNotFoundError,
  VersionDeletedError,
  VersionNotFoundError,
} from '../datasets.errors.js';
import { isPinned, MAIN, REF_NAME } from '../refs/ref-names.js';
import { isUuid } from '../slugs.js';
import { ComponentsRepository, type ComponentView } from './components.repository.js';
import { LAYERS_FRESH_SECONDS, LayersRepository, type ListedEntry } from './layers.repository.js';
import { faultOfPath } from './paths.js';
import { isPath, isRecord, isVersionId } from './places.js';
import { VersionsRepository, type Version } from './versions.repository.js';

export interface ListedFile {
  path: string;
  /** `null`: a folder, told once for all that lies below it. */
  file: ComponentView | null;
}

export interface FilesQuery {
  prefix: string;
  delimiter: string | null;
  cursor?: string;
  limit: number;
}

/** What of a dataset tells which of its versions there are. */
export interface VersionedDataset {
  id: string;
  /** Counts deletions of versions: a deletion is seen at once, also by other replicas. */
  deletedVersions: number;
}

/** Versions and their lists of layers, some hundred bytes each. */
const MAX_CACHED = 10_000;

/** Where a page ended, in the version that the first page was of, wherever its branch is by now. */
interface Place {
  version: string;
  path: string;
  /** Whether a folder was told there: then all that lies below it is passed over. */
  isFolder: boolean;
}

const isPlace = (key: unknown): key is Place =>
  isRecord(key) &&
  isVersionId(key['version']) &&
  isPath(key['path']) &&
  typeof key['isFolder'] === 'boolean';
const isNumber = (key: unknown): key is number =>
  Number.isInteger(key) && Math.abs(key as number) < 2 ** 31;
/** Sorts after every path that begins like what stands before it. */
const BEYOND = '\u{10ffff}';
/** No path has a control character: what ends so is the least that follows a path. */
const NEXT = '\u0001';

/** Finds versions and shows what is in them. */
@Injectable()
export class VersionReader {
  /** Only what a number or an id names: that never becomes another version. */
  private readonly resolved = new LRUCache<string, Version>({ max: MAX_CACHED });
  private readonly layerLists = new LRUCache<string, string[]>({
    max: MAX_CACHED,
    ttl: LAYERS_FRESH_SECONDS * 1000,
  });

  constructor(
    private readonly versions: VersionsRepository,
    private readonly layers: LayersRepository,
    private readonly components: ComponentsRepository,
  ) {}

  /**
   * @param ref a number, an id, a branch, a tag, or `latest`: the head of `main`
   * @param tx when given, as this transaction sees it
   * @throws VersionNotFoundError, VersionDeletedError
   */
  async resolve(dataset: VersionedDataset, ref: string, tx?: Transaction): Promise<Version> {
    const key = `${dataset.id} ${dataset.deletedVersions} ${ref.toLowerCase()}`;
    const cached = tx ? undefined : this.resolved.get(key);
    if (cached) return cached;
    const version = await this.find(dataset.id, ref, tx);
    if (!version) throw new VersionNotFoundError(ref);
    if (version.deletedAt) throw new VersionDeletedError(version.versionNumber);
    if (!tx && isPinned(ref)) this.resolved.set(key, version);
    return version;
  }

  /**
   * A version by its id, whoever asks: for work whose caller was found to be allowed when it began.
   * @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError
   */
  async pinned(
    datasetId: string,
    versionId: string,
  ): Promise<{ dataset: VersionedDataset; version: Version }> {
    const deletedVersions = await this.versions.countDeleted(datasetId);
    if (deletedVersions === null) throw new DatasetNotFoundError(datasetId);
    const dataset = { id: datasetId, deletedVersions };
    return { dataset, version: await this.resolve(dataset, versionId) };
  }

  /** Newest first, of every branch. @throws CursorMismatchError */
  async list(datasetId: string, query: { cursor?: string; limit: number }): Promise<Page<Version>> {
    const scope = { datasetId };
    const before = decodeCursor(query.cursor, 'versions', scope, isNumber);
    const versions = await this.versions.list(datasetId, before, query.limit + 1);
    return pageOf(versions, query.limit, ({ versionNumber }) =>
      encodeCursor(versionNumber, 'versions', scope),
    );
  }

  /**
   * In the order of the bytes of their paths. All pages are of the version that the first was of.
   * @throws VersionNotFoundError, VersionDeletedError, CursorMismatchError
   */
  async listFiles(
    dataset: VersionedDataset,
    ref: string,
    query: FilesQuery,
  ): Promise<Page<ListedFile>> {
    const { prefix, delimiter, limit } = query;
    const scope = { datasetId: dataset.id, ref, prefix, delimiter };
    const place = decodeCursor(query.cursor, 'version-files', scope, isPlace);
    const version = await this.resolve(dataset, place?.version ?? ref);
    const from = place ? place.path + (place.isFolder ? BEYOND : NEXT) : prefix;
    const layerIds = await this.layersOf(version.id);
    const entries =
      delimiter === null
        ? await this.layers.page(layerIds, { prefix, from, limit: limit + 1 })
        : await this.layers.folders(layerIds, { prefix, delimiter, from, limit: limit + 1 });
    const placeOf = ({ path, componentId }: ListedEntry): Place => ({
      version: version.id,
      path,
      isFolder: componentId === null,
    });
    const page = pageOf(entries, limit, (last) =>
      encodeCursor(placeOf(last), 'version-files', scope),
    );
    const views = await this.components.findAll(
      page.items.flatMap(({ componentId }) => componentId ?? []),
    );
    return {
      items: page.items.map(({ path, componentId }) => ({
        path,
        file: componentId === null ? null : (views.get(componentId) as ComponentView),
      })),
      nextCursor: page.nextCursor,
    };
  }

  /** @throws PathNotFoundError */
  async fileAt(version: Version, path: string): Promise<ComponentView> {
    const wanted = path.normalize('NFC');
    const files = faultOfPath(wanted) ? null : await this.filesAt(version.id, [wanted]);
    const file = files?.get(wanted);
    if (!file) throw new PathNotFoundError(path);
    return file;
  }

  /** The files of those of these paths where the version has one. */
  async filesAt(versionId: string, paths: readonly string[]): Promise<Map<string, ComponentView>> {
    const found = await this.layers.lookup(await this.layersOf(versionId), paths);
    const views = await this.components.findAll([...found.values()]);
    return new Map([...found].map(([path, id]) => [path, views.get(id) as ComponentView]));
  }

  /** Keeps a version from being deleted until the commit. @throws VersionDeletedError */
  async keep(tx: Transaction, { id, datasetId, versionNumber }: Version): Promise<void> {
    await this.layers.lockDataset(tx, datasetId);
    const version = await this.versions.findById(datasetId, id, tx);
    if (!version || version.deletedAt) throw new VersionDeletedError(versionNumber);
  }

  /** The version that a branch is at. @returns `null` when there is no such branch */
  async headOf(datasetId: string, branch: string): Promise<Version | null> {
    return await this.versions.headOf(datasetId, branch);
  }

  /** A list that was read a moment ago shows the same: layers are merged, never altered. */
  private async layersOf(versionId: string): Promise<string[]> {
    const layerIds = this.layerLists.get(versionId) ?? (await this.layers.layersOf(versionId));
    this.layerLists.set(versionId, layerIds, { noUpdateTTL: true });
    return layerIds;
  }

  private async find(datasetId: string, ref: string, tx?: Transaction): Promise<Version | null> {
    if (isUuid(ref)) return await this.versions.findById(datasetId, ref, tx);
    if (isPinned(ref)) return await this.versions.findByNumber(datasetId, Number(ref), tx);
    const name = ref === 'latest' ? MAIN : ref;
    return REF_NAME.test(name) ? await this.versions.findByRef(datasetId, name, tx) : null;
  }
}
