import { Inject, Injectable } from '@nestjs/common';
import {
  DATASET_SERVICE,
  type IDatasetService,
} from '../../core/contracts/dataset-service.contract.js';
import type { JobSource, PinnedSource } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { IVersionFiles } from '../../core/contracts/version-files.contract.js';
import { VersionReader } from './version-reader.service.js';

@Injectable()
export class VersionFiles implements IVersionFiles {
  constructor(
    @Inject(DATASET_SERVICE) private readonly datasets: IDatasetService,
    private readonly versions: VersionReader,
  ) {}

  async pin(caller: Principal, source: JobSource): Promise<PinnedSource> {
    const { ref = 'latest', path = null } = source;
    const dataset = await this.datasets.get(caller, source.datasetId);
    const version = await this.versions.resolve(dataset, ref);
    const isFile = path !== null && !path.endsWith('/');
    const file = isFile ? await this.versions.fileAt(version, path) : null;
    return {
      datasetId: dataset.id,
      versionId: version.id,
      versionNumber: version.versionNumber,
      ref,
      path: path === null ? null : path.normalize('NFC'),
      file: file && {
        fileId: file.fileId,
        contentHash: file.contentHash,
        size: file.size,
        fileType: file.fileType,
        fileName: file.fileName,
        compressionType: file.compressionType,
        patches: file.patches,
      },
    };
  }
}
