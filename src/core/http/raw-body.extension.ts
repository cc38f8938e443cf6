import type { OpenAPIObject } from '@nestjs/swagger';

/** Marks an operation that takes the bytes themselves as well as the body it documents. */
export const RAW_BODY = 'x-raw-body';

type Operation = Record<string, unknown> & {
  requestBody?: { content: Record<string, unknown> };
};

/** Adds the raw form of the body, for which Nest has no decorator beside another one. */
export function documentRawBodies(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as Operation[]) {
      if (!operation[RAW_BODY] || !operation.requestBody) continue;
      delete operation[RAW_BODY];
      operation.requestBody.content['application/octet-stream'] = {
        schema: { type: 'string', format: 'binary' },
      };
    }
  }
  return document;
}
