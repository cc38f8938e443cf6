import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { PathNotFoundError, VersionNotFoundError } from '../datasets.errors.js';
import { REF_NAME } from '../refs.js';
import { isUuid } from '../slugs.js';
import { ComponentsRepository, type ComponentView } from './components.repository.js';
import { LayersRepository } from './layers.repository.js';
import { faultOfPath } from './paths.js';
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

const isPath = (key: unknown): key is string => typeof key === 'string';
const isNumber = (key: unknown): key is number => Number.isInteger(key);
/** Sorts after every path that begins like what stands before it. */
const BEYOND = '\u{10ffff}';
/** No path has a control character: what ends so is the least that follows a path. */
const NEXT = '\u0001';

/** Finds versions and shows what is in them. */
@Injectable()
export class VersionReader {
  constructor(
    private readonly versions: VersionsRepository,
    private readonly layers: LayersRepository,
    private readonly components: ComponentsRepository,
  ) {}

  /**
   * @param ref a number, an id, a branch, a tag, or `latest`: the head of `main`
   * @throws VersionNotFoundError
   */
  async resolve(datasetId: string, ref: string): Promise<Version> {
    const version = await this.find(datasetId, ref);
    if (!version) throw new VersionNotFoundError(ref);
    return version;
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

  /** In the order of the bytes of their paths. @throws CursorMismatchError */
  async listFiles(version: Version, query: FilesQuery): Promise<Page<ListedFile>> {
    const { prefix, delimiter, limit } = query;
    const scope = { versionId: version.id, prefix, delimiter };
    const after = decodeCursor(query.cursor, 'version-files', scope, isPath);
    const isFolder = after !== null && delimiter !== null && after.endsWith(delimiter);
    const from = after === null ? prefix : after + (isFolder ? BEYOND : NEXT);
    const layerIds = await this.layers.layersOf(version.id);
    const entries =
      delimiter === null
        ? await this.layers.page(layerIds, { prefix, from, limit: limit + 1 })
        : await this.layers.folders(layerIds, { prefix, delimiter, from, limit: limit + 1 });
    const page = pageOf(entries, limit, ({ path }) => encodeCursor(path, 'version-files', scope));
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
    if (faultOfPath(wanted)) throw new PathNotFoundError(path);
    const layerIds = await this.layers.layersOf(version.id);
    const found = (await this.layers.lookup(layerIds, [wanted])).get(wanted);
    const file = found && (await this.components.findAll([found])).get(found);
    if (!file) throw new PathNotFoundError(path);
    return file;
  }

  private async find(datasetId: string, ref: string): Promise<Version | null> {
    if (/^\d{1,9}$/.test(ref)) return await this.versions.findByNumber(datasetId, Number(ref));
    if (isUuid(ref)) return await this.versions.findById(datasetId, ref);
    const name = ref === 'latest' ? 'main' : ref;
    return REF_NAME.test(name) ? await this.versions.findByRef(datasetId, name) : null;
  }
}
