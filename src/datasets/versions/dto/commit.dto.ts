import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches, Validate } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { REF_NAME } from '../../refs/ref-names.js';
import { ParentRule } from './rules.js';

/** What is said of a commit besides its changes: the first line of one that comes as NDJSON. */
export class CommitHeaderDto {
  /** The branch that the version becomes the head of. */
  @MayBeAbsent()
  @Matches(REF_NAME, { message: 'must be the name of a branch' })
  branch: string = 'main';

  /**
   * Why, for people.
   * @example Correct the units of wind
   */
  @IsText(1, 2000)
  message: string;

  /**
   * The version that the branch must be at, by id or number: else 412 and nothing is changed. Without it
   * the commit goes on top of whatever is there.
   */
  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'integer' }], example: 1 })
  @IsOptional()
  @Validate(ParentRule)
  parent?: string | number;
}

export class CommitDto extends CommitHeaderDto {
  /**
   * `put` brings a file to a path (`fileId`, and where wanted `fileType`, `fileName`, `mimeType`,
   * `compressionType`, `index`, `metadata`), `delete` takes the one at `path` away, `move` brings the one
   * at `from` to `path`, `patch` changes rows of the table at `path`: `upserts` are rows (columns that one
   * leaves out stay as they are, or null in a new row), `deletes` are keys, both told apart by the columns
   * that `key` names. All are against the parent, in whatever order they come.
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [
      { op: 'put', path: 'data/weather.csv', fileId: 1 },
      { op: 'move', from: 'old.csv', path: 'archive/old.csv' },
      { op: 'delete', path: 'draft.csv' },
    ],
  })
  changes: unknown[];
}
