import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from '../errors/problem.dto.js';

type CodesByStatus = Readonly<Record<number, readonly string[]>>;

/**
 * Documents the failures of a route: the codes of docs/errors.md by status. Those that every route of
 * its kind has are added by `documentCommonProblems`.
 */
export const ApiProblems = (codesByStatus: CodesByStatus): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ...Object.entries(codesByStatus).map(([status, codes]) =>
      ApiResponse({ status: Number(status), ...responseOf(codes, status) }),
    ),
  );

const ANY_ROUTE: CodesByStatus = { 400: ['bad-request'], 500: ['internal'] };
const ROUTE_WITH_KEY: CodesByStatus = {
  401: ['unauthenticated'],
  403: ['forbidden'],
  429: ['rate-limited'],
  503: ['database-unavailable', 'identity-provider-unavailable'],
};
const JSON_BODY: CodesByStatus = {
  400: ['validation-failed', 'malformed-body'],
  408: ['request-timeout'],
  413: ['body-too-large'],
  415: ['unsupported-media-type', 'unsupported-content-encoding'],
};

interface Operation {
  security?: object[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, ProblemContent> }>;
}

interface ProblemContent {
  examples?: Record<string, unknown>;
}

const PROBLEM_JSON = 'application/problem+json';

/** What guards, parsers and the database can say on every route, so that none has to repeat it. */
export function documentCommonProblems(document: OpenAPIObject): OpenAPIObject {
  const operations = Object.values(document.paths).flatMap(
    (path) => Object.values(path) as Operation[],
  );
  for (const operation of operations) {
    add(operation, ANY_ROUTE);
    if (operation.security?.some((scheme) => 'bearer' in scheme)) add(operation, ROUTE_WITH_KEY);
    if (operation.requestBody?.content['application/json']) add(operation, JSON_BODY);
  }
  return document;
}

function add(operation: Operation, codesByStatus: CodesByStatus): void {
  for (const [status, codes] of Object.entries(codesByStatus)) {
    const examples = operation.responses[status]?.content?.[PROBLEM_JSON]?.examples ?? {};
    const all = [...new Set([...codes, ...Object.keys(examples)])];
    operation.responses[status] = { ...operation.responses[status], ...responseOf(all, status) };
  }
}

const responseOf = (codes: readonly string[], status: string) => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  content: {
    [PROBLEM_JSON]: {
      schema: { $ref: getSchemaPath(ProblemDto) },
      examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code, status)])),
    },
  },
});

const exampleOf = (code: string, status: string): { value: Partial<ProblemDto> } => ({
  value: {
    type: `/problems/${code}`,
    status: Number(status),
    code,
    detail: 'What was wrong with this request.',
    instance: 'urn:request:0b9f4c1e-5f0c-4f0e-9a58-3a1d7c8e2b6d',
  },
});
