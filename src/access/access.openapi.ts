import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { ApiProblems } from '../core/http/api-problems.js';

/** Of every POST that creates something here. */
export const CREATE_PROBLEMS = {
  409: ['idempotency-in-progress'],
  422: ['idempotency-key-reused'],
} as const;

/** The `{id}` of a user's routes. */
export const ApiUserKey = (name = 'id'): MethodDecorator =>
  applyDecorators(
    ApiParam({ name, description: 'Id or name of a user.', example: 'ada' }),
    ApiProblems({ 404: ['user-not-found'] }),
  );

/** The `{id}` of a group's routes. */
export const ApiGroupKey = (): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'id', description: 'Id or name of a group.', example: 'climate-team' }),
    ApiProblems({ 404: ['group-not-found'] }),
  );

export const ApiIfMatch = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'Edit only while this is the ETag.',
    }),
    ApiProblems({ 412: ['etag-mismatch'] }),
  );
