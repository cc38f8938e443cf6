import { ApiPropertyOptional } from '@nestjs/swagger';

/** One fault of an input. */
export class InputFaultDto {
  /**
   * Where: a JSON pointer into the body, or the name of a parameter.
   * @example /fileType
   */
  pointer: string;

  /** What is wrong there. */
  detail: string;
}

/** A failure, RFC 9457. */
export class ProblemDto {
  /** @example /problems/digest-mismatch */
  type: string;

  /** @example The content is not what its digest says */
  title: string;

  /** @example 422 */
  status: number;

  /**
   * Stable name of this failure, listed in docs/errors.md.
   * @example digest-mismatch
   */
  code: string;

  /** What was wrong with this request. */
  detail: string;

  /**
   * The request, as the log names it.
   * @example urn:request:0192f3c4-7f7e-7b3e-9d0e-2f5b8a1c4d6e
   */
  instance: string;

  /** Each fault of an input that is not valid. */
  errors?: InputFaultDto[];

  /** With `merge-conflict`: the first 1,000 files that both sides have changed, and what each has there. */
  @ApiPropertyOptional({
    type: 'array',
    items: {
      type: 'object',
      properties: {
        path: { type: 'string' },
        base: { type: 'string', nullable: true, description: '`sha256:<hex>`; null: no file.' },
        ours: { type: 'string', nullable: true },
        theirs: { type: 'string', nullable: true },
        differsIn: { type: 'string', enum: ['content', 'description'] },
      },
    },
  })
  conflicts?: object[];

  /** With `merge-conflict`: how many there are. */
  conflictCount?: number;
}
