import { describe, expect, it } from '@jest/globals';
import { editDistance } from './edit-distance.js';

describe('The edit distance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['same', 'same', 0],
    ['weather', 'wether', 1],
    ['wether', 'weather', 1],
    ['quokka', 'qoukka', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['погода', 'погда', 1],
    ['a😀b', 'ab', 1],
  ])('of %j and %j is %i', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });
});
