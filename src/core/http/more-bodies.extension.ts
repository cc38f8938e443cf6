import type { OpenAPIObject } from '@nestjs/swagger';

/** On an operation: schemas of the bodies that it takes besides the documented one, by media type. */
export const MORE_BODIES = 'x-more-bodies';

type Operation = Record<string, unknown> & {
  requestBody?: { content: Record<string, unknown> };
};

/** Adds the other forms of a body, for which Nest has no decorator beside another one. */
export function documentMoreBodies(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as Operation[]) {
      const bodies = operation[MORE_BODIES];
      if (!bodies || !operation.requestBody) continue;
      delete operation[MORE_BODIES];
      for (const [mediaType, body] of Object.entries(bodies)) {
        operation.requestBody.content[mediaType] = body;
      }
    }
  }
  return document;
}
