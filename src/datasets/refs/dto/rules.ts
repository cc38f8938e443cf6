import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { isPinned, REF_NAME } from '../ref-names.js';

/** Whatever `{ref}` takes in a path, or the number as a JSON number. */
@ValidatorConstraint({ name: 'ref' })
export class RefRule implements ValidatorConstraintInterface {
  validate(ref: unknown): boolean {
    if (typeof ref === 'number') return Number.isInteger(ref) && isPinned(String(ref));
    return typeof ref === 'string' && (ref === 'latest' || isPinned(ref) || REF_NAME.test(ref));
  }

  defaultMessage(): string {
    return 'must be the number or the id of a version, a branch, a tag, or latest';
  }
}
