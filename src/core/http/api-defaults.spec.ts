import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { documentDefaults } from './api-defaults.js';

describe('documentDefaults', () => {
  it('needs no parameter and no property that has a default, whatever it is', () => {
    const document = {
      paths: {
        '/v1/things': {
          get: {
            parameters: [
              { name: 'limit', required: true, schema: { type: 'number', default: 100 } },
              { name: 'prefix', required: true, schema: { type: 'string', default: '' } },
              { name: 'q', required: true, schema: { type: 'string' } },
            ],
          },
          post: {},
        },
      },
      components: {
        schemas: {
          Some: { required: ['a', 'b'], properties: { a: { default: false }, b: {} } },
          All: { required: ['a'], properties: { a: { default: 1 } } },
          None: { properties: { a: {} } },
        },
      },
    };
    const { paths, components } = documentDefaults(document as unknown as OpenAPIObject);
    expect(paths['/v1/things']?.get?.parameters).toMatchObject([
      { name: 'limit', required: false },
      { name: 'prefix', required: false },
      { name: 'q', required: true },
    ]);
    expect(components?.schemas).toMatchObject({ Some: { required: ['b'] } });
    expect(components?.schemas?.['All']).not.toHaveProperty('required');
    expect(components?.schemas?.['None']).not.toHaveProperty('required', []);
  });
});
