/** Names and paths that would lead somewhere else, or mean something else, where they are not data. */

/** Where a name would like to lead: to a file that is there, and to one that is not yet. */
export interface Aim {
  /** Below a folder that is some levels above. */
  below: string;
  absolute: string;
}

const up = (levels: number): string => '../'.repeat(levels);
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${hex(byte)}`).join('');
const percentDots = (text: string): string => text.replaceAll('.', '%2e').replaceAll('/', '%2f');

/** Classes of spellings, each with some for this aim. */
export const hostileNames = (aim: Aim): Record<string, string[]> => ({
  ...traversals(aim),
  ...oddNames(aim),
});

const traversals = ({ below, absolute }: Aim): Record<string, string[]> => {
  const relative = [1, 2, 3, 5, 8].map((levels) => `${up(levels)}${below}`);
  const all = [...relative, absolute];
  return {
    raw: [...all, `a/${relative[1]}`, `./${relative[0]}`, `....//....//${below}`, '..', '.', '/'],
    percent: all.map(percentDots),
    'all of it in percent': all.map(percent),
    'double percent': all.map((path) => percentDots(path).replaceAll('%', '%25')),
    overlong: [
      ...all.map((path) => path.replaceAll('.', '%c0%ae').replaceAll('/', '%c0%af')),
      ...all.map((path) => path.replaceAll('/', '%e0%80%af')),
    ],
    'full width': all.map((path) => path.replaceAll('.', '\uff0e').replaceAll('/', '\uff0f')),
    lookalikes: all.map((path) => path.replaceAll('/', '\u2215').replaceAll('..', '\u2025')),
    backslash: [
      ...all.map((path) => path.replaceAll('/', '\\')),
      ...all.map((path) => path.replaceAll('../', '..\\')),
      ...all.map((path) => path.replaceAll('/', '%5c')),
    ],
    NUL: [...all.map((path) => `${path}%00.csv`), `a.csv\0${relative[1]}`, 'a\0.csv', '%00'],
  };
};

const oddNames = ({ below, absolute }: Aim): Record<string, string[]> => ({
  drive: ['C:\\Windows\\win.ini', 'C:secret.txt', 'c:/secret.txt', `file://${absolute}`],
  UNC: ['\\\\localhost\\share\\x', '//localhost/share/x', '\\\\?\\C:\\x', '\\\\.\\pipe\\x'],
  device: [
    'CON',
    'con.csv',
    'NUL',
    'aux.txt',
    'COM1',
    'lpt9.csv',
    '/dev/null',
    '/dev/stdin',
    'COM¹',
  ],
  'proc and home': ['/proc/self/environ', '/proc/self/fd/3', '~/.ssh/id_rsa', '~root', '$HOME/x'],
  'two forms': ['caf\u00e9/../x', 'cafe\u0301/../x', '\u1e9b\u0323', '\ufb01le', 'A\u030a'],
  bidi: ['\u202efdp.exe', 'a\u200f.csv', '\u2066a\u2069', 'x\u061c'],
  long: [
    'x'.repeat(4096),
    `${up(1000)}${below}`,
    `${'a/'.repeat(2047)}b`,
    '\u{1f600}'.repeat(1024),
  ],
  'other ends': [`${below}.`, `${below} `, `${below}::$DATA`, 'a.csv;.html', 'a.csv\n', ' ', '...'],
  shell: [
    '`touch x`',
    '$(touch x)',
    '; touch x',
    '| touch x',
    '&& touch x',
    '-rf',
    '*',
    '?',
    '{a,b}',
  ],
  template: ['${7*7}', '{{7*7}}', '%s%n', '<%= x %>', '#{x}'],
  'broken text': ['\ud800', 'a\ufffd', '\u{10ffff}', '%ff', '%', '%zz', '%u002e%u002e/x'],
});
