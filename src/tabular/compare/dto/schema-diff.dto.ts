import { ApiProperty } from '@nestjs/swagger';

/**
 * What a change of schema means to one who reads the earlier one:
 * `identical`, nothing has changed; `compatible`, every column is still there with its type, others have come or
 * the order is another; `widening`, a column's type has become one that holds every value of the former
 * without loss; `breaking`, a column is gone, or its type has become one that does not.
 */
export type Verdict = 'identical' | 'compatible' | 'widening' | 'breaking';

export const VERDICTS: readonly Verdict[] = ['identical', 'compatible', 'widening', 'breaking'];

export class PlacedColumnDto {
  name: string;
  type: string;

  /** Place among the columns, from 0 on. */
  position: number;
}

export class RetypedColumnDto {
  name: string;
  from: string;
  to: string;

  @ApiProperty({ enum: ['compatible', 'widening', 'breaking'] })
  verdict: Verdict;
}

/** A guess: columns are matched by name, and a renamed one is a removed and an added one. */
export class RenameHintDto {
  from: string;
  to: string;
  type: string;
  position: number;
}

export class SchemaDiffDto {
  /** The worst of all that follows. */
  @ApiProperty({ enum: ['identical', 'compatible', 'widening', 'breaking'] })
  verdict: Verdict;

  added: PlacedColumnDto[];

  removed: PlacedColumnDto[];

  retyped: RetypedColumnDto[];

  /** True when columns that both have are in another order. */
  reordered: boolean;

  /** Removed and added columns of one type at one place. They count as removed all the same. */
  possibleRenames: RenameHintDto[];
}
