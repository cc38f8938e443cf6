import { PickType } from '@nestjs/swagger';
import { ListVersionFilesQuery } from '../../dto/list-version-files.query.js';

export class ArchiveQuery extends PickType(ListVersionFilesQuery, ['prefix'] as const) {}
