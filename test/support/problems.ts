import { expect } from '@jest/globals';
import type { RawAnswer } from './raw-http.js';

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  errors?: { pointer: string; detail: string }[];
}

/** That an answer is problem+json of this status and code, whole and well formed. */
export async function expectProblem(
  answer: Response | RawAnswer | null,
  status: number,
  code: string,
): Promise<Problem> {
  if (!answer) throw new Error(`Expected ${status} ${code}, but the connection just ended.`);
  const { type, text } = await read(answer);
  expect(`${answer.status} ${text}`).toMatch(new RegExp(`^${status} .*"code":"${code}"`));
  expect(type).toMatch(/^application\/problem\+json(;|$)/);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({
    type: `/problems/${code}`,
    status,
    code,
    title: expect.stringMatching(/./),
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^urn:request:./),
  });
  return problem;
}

async function read(answer: Response | RawAnswer): Promise<{ type: string; text: string }> {
  if (answer instanceof Response) {
    return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  }
  return { type: answer.headers['content-type'] ?? '', text: answer.body.toString() };
}
