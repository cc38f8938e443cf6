import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from './problems/problem.dto.js';
import { needsKey } from './api-headers.js';

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

/** Whatever changes something does it in a transaction. */
const CHANGING_ROUTE: CodesByStatus = { 503: ['transaction-conflict', 'outcome-unknown'] };

interface Operation {
  'x-permission'?: string;
  security?: object[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { description?: string; content?: Record<string, unknown> }>;
}

const PROBLEM_JSON = 'application/problem+json';

/** What guards, parsers and the database can say on every route, so that none has to repeat it. */
export function documentCommonProblems(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const [method, operation] of Object.entries(path as Record<string, Operation>)) {
      add(operation, ANY_ROUTE);
      if (needsKey(operation)) add(operation, ROUTE_WITH_KEY);
      if (operation.requestBody?.content['application/json']) add(operation, JSON_BODY);
      if (isChanging(method, operation)) add(operation, CHANGING_ROUTE);
      tidy(operation);
    }
  }
  return document;
}

/** RFC 9110 section 9.2.1. */
const SAFE_METHODS = ['get', 'head', 'options'];

/** A POST that only reads, since it asks for more than a URL holds, says so by its permission. */
const isChanging = (method: string, operation: Operation): boolean =>
  !SAFE_METHODS.includes(method) && !operation['x-permission']?.endsWith(':read');

function add(operation: Operation, codesByStatus: CodesByStatus): void {
  for (const [status, codes] of Object.entries(codesByStatus)) {
    const all = new Set([...codes, ...codesOf(operation.responses[status])]);
    operation.responses[status] = {
      ...operation.responses[status],
      ...responseOf([...all], status),
    };
  }
}

/** Of decorators that name one status Nest joins the descriptions, and keeps the examples of one. */
function tidy({ responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    if (!response.content?.[PROBLEM_JSON]) continue;
    responses[status] = { ...response, ...responseOf([...new Set(codesOf(response))], status) };
  }
}

const codesOf = (response: Operation['responses'][string] | undefined): string[] =>
  response?.content?.[PROBLEM_JSON]
    ? [...(response.description ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code as string)
    : [];

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
