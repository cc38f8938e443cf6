import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { isUuid } from '../../slugs.js';

@ValidatorConstraint({ name: 'parent' })
export class ParentRule implements ValidatorConstraintInterface {
  validate(parent: unknown): boolean {
    return (
      (typeof parent === 'string' && isUuid(parent)) ||
      (Number.isInteger(parent) && (parent as number) > 0)
    );
  }

  defaultMessage(): string {
    return 'must be the id or the number of a version';
  }
}
