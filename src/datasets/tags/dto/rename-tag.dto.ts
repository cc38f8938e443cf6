import { IsString } from 'class-validator';

export class RenameTagDto {
  /**
   * What the tag is called from now on.
   * @example climate change
   */
  @IsString()
  name: string;
}

export class RenamedTagDto {
  /** The new name as it is stored. */
  tag: string;

  /** Datasets that were changed. */
  datasets: number;

  /** Those of them that had both tags, and have one now. */
  merged: number;
}
