import { ApiProperty } from '@nestjs/swagger';

export class HealthDto {
  /** @example up */
  status: 'up' | 'down';
}

export class ReadinessDto extends HealthDto {
  /** Each part that was asked, and what it says of itself. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
    example: { database: { status: 'up' }, storage: { status: 'up', backend: 'local' } },
  })
  checks: Record<string, Record<string, unknown>>;
}
