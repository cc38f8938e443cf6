/** Something that the user can do something about: told in one line, without a stack. */
export class DemoError extends Error {}
