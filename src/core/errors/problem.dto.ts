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
}
