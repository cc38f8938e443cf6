import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { JOB_STATUSES, type JobStatus } from '../../../core/contracts/jobs.contract.js';
import { PageQuery } from '../../../core/http/page.query.js';

export class ListJobsQuery extends PageQuery {
  /**
   * Only jobs of this kind.
   * @example sampling
   */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(/^[a-z][a-z0-9-]*$/, { message: 'must be the name of a kind' })
  kind?: string;

  /** Only jobs of this status. */
  @ApiPropertyOptional({ enum: JOB_STATUSES })
  @IsOptional()
  @IsIn(JOB_STATUSES)
  status?: JobStatus;

  /** Only jobs on this dataset: its id. */
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  datasetId?: string;
}
