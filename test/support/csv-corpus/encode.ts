/** What Node can decode, encoded: from the decoder's own table. */
const tables = new Map<string, Map<string, number[]>>();

function tableOf(encoding: string): Map<string, number[]> {
  const known = tables.get(encoding);
  if (known) return known;
  const table = new Map<string, number[]>();
  const decoder = new TextDecoder(encoding);
  const add = (...bytes: number[]): void => {
    const text = decoder.decode(Uint8Array.from(bytes));
    if (
      text.length === (text.codePointAt(0)! > 0xffff ? 2 : 1) &&
      text !== '\ufffd' &&
      !table.has(text)
    )
      table.set(text, bytes);
  };
  for (let byte = 0; byte < 256; byte += 1) add(byte);
  const isWide = ['gb18030', 'shift_jis', 'euc-kr', 'big5', 'euc-jp'].includes(encoding);
  for (let lead = 0x81; isWide && lead < 0xff; lead += 1) {
    for (let trail = 0x40; trail < 0xff; trail += 1) add(lead, trail);
  }
  tables.set(encoding, table);
  return table;
}

/** @throws for a character that the encoding has not */
export function encode(text: string, encoding: string): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  const wide = Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16le') return wide;
  if (encoding === 'utf-16be') return wide.swap16();
  const table = tableOf(encoding);
  const bytes: number[] = [];
  for (const character of text) {
    const known = table.get(character);
    if (!known) throw new Error(`${encoding} has no ${character}`);
    bytes.push(...known);
  }
  return Buffer.from(bytes);
}
