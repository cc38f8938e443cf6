import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';

/** RFC 3339 section 5.6: with an offset, so that it means the same everywhere. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Also that it exists: JavaScript takes 30 February for 2 March. In UTC too it has a year of four digits. */
function isTimestamp(text: string): boolean {
  if (!TIMESTAMP.test(text) || !(new Date(text).getUTCFullYear() <= 9999)) return false;
  const [date = '', hour = ''] = text.split(/[T:]/);
  return hour !== '24' && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

@ValidatorConstraint({ name: 'moment' })
export class MomentRule implements ValidatorConstraintInterface {
  validate(moment: unknown): boolean {
    return typeof moment === 'string' && isTimestamp(moment);
  }

  defaultMessage(): string {
    return 'must be a moment with its offset, such as 2026-01-31T12:00:00Z';
  }
}

@ValidatorConstraint({ name: 'future' })
export class FutureRule implements ValidatorConstraintInterface {
  validate(moment: unknown): boolean {
    return typeof moment === 'string' && isTimestamp(moment) && Date.parse(moment) > Date.now();
  }

  defaultMessage(): string {
    return 'must be a moment in the future, such as 2030-01-31T12:00:00Z';
  }
}
