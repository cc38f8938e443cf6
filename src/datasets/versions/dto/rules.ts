import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { isPinned } from '../../refs/ref-names.js';

@ValidatorConstraint({ name: 'parent' })
export class ParentRule implements ValidatorConstraintInterface {
  validate(parent: unknown): boolean {
    return (
      (typeof parent === 'string' && isPinned(parent)) ||
      (Number.isInteger(parent) && (parent as number) > 0)
    );
  }

  defaultMessage(): string {
    return 'must be the id or the number of a version';
  }
}
