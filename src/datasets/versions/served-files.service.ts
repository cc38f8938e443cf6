import { Inject, Injectable } from '@nestjs/common';
import { ROW_PATCHES, type IRowPatches } from '../../core/contracts/row-patches.contract.js';
import { FilePatchedError } from '../datasets.errors.js';
import type { ComponentView } from './components.repository.js';

/** What of a file is needed to serve its bytes. */
export type ServedFile = Pick<
  ComponentView,
  'fileId' | 'contentHash' | 'size' | 'fileType' | 'mimeType'
>;

/** Which bytes a path of a version stands for. Those below patches are never taken for it. */
@Injectable()
export class ServedFiles {
  constructor(@Inject(ROW_PATCHES) private readonly patches: IRowPatches) {}

  /** @throws FilePatchedError when patches lie over the file, and nobody has written what they make of it */
  async of(path: string, file: ComponentView): Promise<ServedFile> {
    if (!file.patches) return file;
    const plain = await this.patches.plain({ ...file, path });
    if (!plain) throw new FilePatchedError(path);
    return plain;
  }
}
