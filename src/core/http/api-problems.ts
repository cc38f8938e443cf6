import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from '../errors/problem.dto.js';

/** Documents the failures of a route: the codes of docs/errors.md by status. */
export const ApiProblems = (
  codesByStatus: Readonly<Record<number, readonly string[]>>,
): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ...Object.entries(codesByStatus).map(([status, codes]) =>
      ApiResponse({
        status: Number(status),
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: {
          'application/problem+json': {
            schema: { $ref: getSchemaPath(ProblemDto) },
            examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code, status)])),
          },
        },
      }),
    ),
  );

const exampleOf = (code: string, status: string): { value: Partial<ProblemDto> } => ({
  value: {
    type: `/problems/${code}`,
    status: Number(status),
    code,
    detail: 'What was wrong with this request.',
    instance: 'urn:request:0b9f4c1e-5f0c-4f0e-9a58-3a1d7c8e2b6d',
  },
});
