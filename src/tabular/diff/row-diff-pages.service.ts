import { Injectable } from '@nestjs/common';
import type { RowsPage } from '../engine/child/tasks/rows.task.js';
import type { RowPlace } from '../filter/keyset.js';
import { RowsService } from '../rows/rows.service.js';
import { DEFAULT_CELL_LIMIT } from '../values/select-list.js';
import { RowDiffs, type DiffInput, type RowDiff } from './row-diffs.service.js';
import type { Change } from './diff.types.js';

export interface DiffPageInput extends DiffInput {
  /** `null`: all. */
  change: Change | null;
  after: RowPlace | null;
  limit: number;
}

/** A page of a diff, and all that is said of the diff as a whole. */
export interface DiffPage extends Pick<RowDiff, 'summary' | 'layout'> {
  page: RowsPage;
}

/** Pages of diffs: those of the table that holds the changes. */
@Injectable()
export class RowDiffPages {
  constructor(
    private readonly diffs: RowDiffs,
    private readonly rows: RowsService,
  ) {}

  /** JSON of `DiffPage`. @throws what making the diff throws */
  async page(input: DiffPageInput, callerId: string): Promise<string> {
    const { change, after, limit, base, head, spec } = input;
    const { summary, layout, changes } = await this.diffs.of({ base, head, spec }, callerId);
    const column = { kind: 'column' as const, path: [layout.change], position: 1 };
    const value = { kind: 'string' as const, text: change ?? '', position: 1 };
    const page = await this.rows.page(
      {
        files: [changes],
        given: {},
        selection: {
          columns: null,
          filter: change && { kind: 'compare', operator: '=', column, value },
          search: null,
          order: [],
        },
        after,
        limit,
        cellLimit: DEFAULT_CELL_LIMIT,
      },
      callerId,
    );
    return JSON.stringify({
      summary,
      layout,
      page: JSON.parse(page) as RowsPage,
    } satisfies DiffPage);
  }
}
