import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import { ValidationFailedError, type InputFault } from '../errors/index.js';
import { createValidationPipe, validated } from './validation.js';

class ItemDto {
  @IsString()
  'a/b~c': string;
}

class SampleDto {
  @Matches(/^[a-z]+$/, { message: 'must be lower-case letters' })
  name: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  limit?: number;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items?: ItemDto[];
}

const pipe = createValidationPipe();
const WAYS: readonly [string, (input: object) => Promise<unknown>][] = [
  [
    'the pipe of every route',
    (input) => pipe.transform(input, { type: 'body', metatype: SampleDto }),
  ],
  ['the check of forms and queries', (input) => validated(SampleDto, input)],
];

describe.each(WAYS)('%s', (_way, check) => {
  const faultsOf = async (input: object): Promise<InputFault[]> => {
    const error = await check(input).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ValidationFailedError);
    return (error as ValidationFailedError).errors ?? [];
  };

  it('gives an instance with numbers where the class has numbers', async () => {
    const checked = await check({ name: 'abc', limit: '5' });
    expect(checked).toBeInstanceOf(SampleDto);
    expect(checked).toMatchObject({ name: 'abc', limit: 5 });
  });

  it('names all faults at once, each by its pointer and in words', async () => {
    const faults = await faultsOf({ name: 'ABC', limit: 'many', colour: 'red' });
    expect(new Set(faults.map(({ pointer }) => pointer))).toEqual(
      new Set(['/name', '/limit', '/colour']),
    );
    expect(faults).toContainEqual({ pointer: '/name', detail: 'must be lower-case letters' });
    for (const { detail } of faults) expect(detail).toMatch(/\w+ \w+/);
  });

  it('refuses an unknown field', async () => {
    expect(await faultsOf({ name: 'abc', nam: 'x' })).toEqual([
      { pointer: '/nam', detail: expect.stringContaining('should not exist') },
    ]);
  });

  it('points into lists and escapes as RFC 6901 has it', async () => {
    const faults = await faultsOf({ name: 'abc', items: [{ 'a/b~c': 'fine' }, { 'a/b~c': 7 }] });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/items/1/a~1b~0c']);
  });

  it('never repeats the value that was refused', async () => {
    const faults = await faultsOf({ name: 'S3CRET', limit: 'S3CRET', items: 'S3CRET' });
    expect(JSON.stringify(faults)).not.toContain('S3CRET');
  });

  it.each(['__proto__', 'constructor'])(
    'refuses the field %s like any other unknown one',
    async (key) => {
      const input = JSON.parse(`{"name": "abc", "${key}": {"isAdmin": true}}`) as object;
      expect((await faultsOf(input)).map(({ pointer }) => pointer)).toEqual([`/${key}`]);
      expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
    },
  );

  it('refuses input so deep that it would exhaust the stack', async () => {
    const deep = JSON.parse(
      `{"name":"abc","items":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    ) as object;
    expect(await faultsOf(deep)).not.toEqual([]);
  });
});
