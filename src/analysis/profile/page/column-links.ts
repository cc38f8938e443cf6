import type { ProfiledColumn } from '../profile.types.js';
import { bdi, html, type Html } from './html.js';
import { cut } from './numbers.js';

/** Columns that have a section of their own. */
export const SHOWN_COLUMNS = 200;

/** To its section, where it has one. */
export const columnLink = (columns: readonly ProfiledColumn[], name: string): Html => {
  const place = columns.findIndex((column) => column.name === name);
  const shown = bdi(cut(name, 60));
  return place >= 0 && place < SHOWN_COLUMNS
    ? html`<a href="#column-${place}">${shown}</a>`
    : shown;
};
