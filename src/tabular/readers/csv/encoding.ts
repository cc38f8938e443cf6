import { isUtf8 } from 'node:buffer';

export interface FoundEncoding {
  /** As TextDecoder knows it. */
  encoding: string;
  /** Bytes of the byte order mark. */
  bom: number;
}

/** What a file may be in, as `options.encoding` names it. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'koi8-r',
  'gb18030',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'big5',
] as const;

const BOMS: readonly [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

export function bomOf(bytes: Uint8Array): FoundEncoding | null {
  const found = BOMS.find(([, bom]) => bom.every((byte, at) => bytes[at] === byte));
  return found ? { encoding: found[0], bom: found[1].length } : null;
}

/**
 * Byte order mark, then UTF-16 by the line ends and delimiters that have a zero byte, then UTF-8 by its
 * validity, then the encoding in whose reading the letters look most like words of its languages.
 * @param sample of the content; may end within a character
 */
export function detectEncoding(sample: Uint8Array): FoundEncoding {
  return (
    bomOf(sample) ??
    utf16Of(sample) ?? {
      encoding: byteEncodingOf(withoutPartialEnd(sample)),
      bom: 0,
    }
  );
}

/** UTF-8, even with a malformed character here and there, or what was before it. */
export function byteEncodingOf(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return 'utf-8';
  let malformed = 0;
  let foreign = 0;
  for (const character of new TextDecoder().decode(bytes)) {
    if (character > '\x7f') foreign += 1;
    if (character === '\ufffd') malformed += 1;
  }
  return malformed <= foreign / 10 ? 'utf-8' : legacyOf(bytes);
}

/** UTF-8 characters have at most four bytes: without those that the end has cut. */
function withoutPartialEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return bytes.subarray(0, bytes.length - back);
  }
  return bytes;
}

/** Characters that tables are full of, in any language: line ends, blanks, delimiters, quotes, digits. */
const isTableByte = (byte: number): boolean =>
  byte === 0x0a ||
  byte === 0x0d ||
  byte === 0x09 ||
  (byte >= 0x20 && byte <= 0x3b) ||
  byte === 0x7c;

function utf16Of(sample: Uint8Array): FoundEncoding | null {
  let little = 0;
  let big = 0;
  const length = sample.length & ~1;
  for (let at = 0; at < length; at += 2) {
    const [first, second] = [sample[at]!, sample[at + 1]!];
    if (second === 0 && isTableByte(first)) little += 1;
    else if (first === 0 && isTableByte(second)) big += 1;
  }
  const most = Math.max(little, big);
  // Binary rubbish has both; a NUL here and there in a text of bytes has few.
  if (most < length / 2 / 50 || most < 2 || Math.min(little, big) > most / 10) return null;
  return { encoding: little > big ? 'utf-16le' : 'utf-16be', bom: 0 };
}

/** At most so many bytes with the high bit set are looked at. */
const ENOUGH = 20_000;

/** Pieces of the sample around bytes with the high bit, so that ASCII does not drown them. */
function foreignPart(sample: Uint8Array): Uint8Array {
  let high = 0;
  let end = 0;
  while (end < sample.length && high < ENOUGH) if (sample[end++]! >= 0x80) high += 1;
  return sample.subarray(0, end);
}

function legacyOf(sample: Uint8Array): string {
  const part = foreignPart(sample);
  let best = 'windows-1252';
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [encoding, score] of Object.entries(LEGACY)) {
    const text = new TextDecoder(encoding).decode(part);
    const value = scoreOf(text, score);
    if (value > bestScore) [best, bestScore] = [encoding, value];
  }
  return best;
}

/**
 * Worth of one character beyond ASCII, read in an encoding; `before` and `after` are its neighbours.
 * Sums are divided by the bytes they stand for, so that two-byte encodings don't lose by having fewer.
 */
type Worth = (code: number, before: number, after: number) => number;

const isAsciiLetter = (code: number): boolean =>
  (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isUpper = (code: number): boolean => code >= 65 && code <= 90;

/** Letters of western languages, most of them in the middle of words. */
const LATIN_COMMON = new Set('äöüßéèêàâçñáíóúãõåøæëïîôûùÄÖÜÉÅØÆÁÍÓÚÑÇœ');
const EASTERN_COMMON = new Set('ąćęłńóśźżĄĆĘŁŃŚŹŻáčďéěíňřšťúůýžÁČĎÉĚŘŠŤÚŮÝŽőűŐŰöüÖÜăâîșțşţđ');
const PUNCTUATION = new Set('€–—‘’“”„«»°±§©®£µ²³·…¡¿½¼№');

const latinLike =
  (common: ReadonlySet<string>, rank: number): Worth =>
  (code, before, after) => {
    const character = String.fromCharCode(code);
    if (PUNCTUATION.has(character)) return 0.4 * rank;
    if (!common.has(character)) return code > 0xff ? -0.3 : -0.5;
    const isLower = character === character.toLowerCase();
    const inWord = isAsciiLetter(before) || isAsciiLetter(after);
    if (!inWord) return -0.2;
    // A capital in the middle of a word of small letters.
    if (!isLower && before >= 97 && before <= 122) return -0.6;
    return (isLower && isUpper(before) && isUpper(after) ? 0.2 : 1) * rank;
  };

const isCyrillic = (code: number): boolean => code >= 0x400 && code <= 0x45f;
const isSmallCyrillic = (code: number): boolean => code >= 0x430 && code <= 0x45f;
const COMMON_CYRILLIC = new Set('оеаинтсрвлкмдпуяыьгзбчйхжшюОЕАИНТСРВЛКМДП');

const cyrillic: Worth = (code, before, after) => {
  if (PUNCTUATION.has(String.fromCharCode(code))) return 0.3;
  if (!isCyrillic(code)) return -0.8;
  if (isAsciiLetter(before) || isAsciiLetter(after)) return -1;
  if (!isCyrillic(before) && !isCyrillic(after)) return 0;
  // KOI8-R and windows-1251 have small letters where the other has capitals.
  const small = isSmallCyrillic(code);
  if (!small && isSmallCyrillic(before)) return -1;
  const common = COMMON_CYRILLIC.has(String.fromCharCode(code)) ? 1 : 0.5;
  return small ? common : common * 0.7;
};

const isKana = (code: number): boolean => code >= 0x3041 && code <= 0x30fe;
const isHan = (code: number): boolean => code >= 0x4e00 && code <= 0x9fff;
const isHangul = (code: number): boolean => code >= 0xac00 && code <= 0xd7a3;
const isWide = (code: number): boolean =>
  (code >= 0x3000 && code <= 0x303f) || (code >= 0xff01 && code <= 0xff5e);

/** Characters that make up most of Chinese and Japanese texts, of names, places and goods above all. */
const COMMON_HAN = new Set(
  '的一是不了在人有我他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从' +
    '北京海上广州深圳天津重庆成都武汉南市省区县路号张王李刘陈杨黄赵吴周产品价格数量名称城备注客户订单日期电子机电脑书笔纸茶苹果红绿蓝白黑色高新低价格明华伟芳秀英强磊洋艳勇军杰' +
    '東京都大阪府名古屋市横浜福岡神戸札幌仙台広島県区町村山田中鈴木佐藤高橋渡辺伊藤小林加藤吉本川口井上松青森野原島崎石池橋太郎花子美香健一二三四五六七八九十商品価格数量備考顧客注文日付店長部課電話番号住所氏名年月金額合計売' +
    '臺灣台北高雄新竹中南縣區號產價單數國學會電話經濟發點們這個時間來對',
);

const japanese: Worth = (code, before, after) => {
  if (isKana(code)) return 1;
  if (isWide(code)) return 0.6;
  if (isHan(code)) return COMMON_HAN.has(String.fromCharCode(code)) ? 1 : 0.25;
  // Half-width katakana: real in old files, but what other encodings look like, too.
  if (code >= 0xff61 && code <= 0xff9f) {
    const near = (other: number): boolean => other >= 0xff61 && other <= 0xff9f;
    return near(before) && near(after) ? 0.1 : -0.6;
  }
  return -1;
};
const chinese: Worth = (code) => {
  if (isHan(code)) return COMMON_HAN.has(String.fromCharCode(code)) ? 1 : 0.2;
  if (isWide(code)) return 0.6;
  return isKana(code) ? 0.1 : -1;
};
const korean: Worth = (code) => {
  if (isHangul(code)) return 0.9;
  if (isWide(code)) return 0.3;
  return isHan(code) ? -0.2 : -1;
};

const LEGACY: Record<string, Worth> = {
  'windows-1252': latinLike(LATIN_COMMON, 1),
  'windows-1250': latinLike(EASTERN_COMMON, 0.97),
  'windows-1251': cyrillic,
  'koi8-r': cyrillic,
  gb18030: chinese,
  shift_jis: japanese,
  'euc-jp': japanese,
  'euc-kr': korean,
  big5: chinese,
};

/** The mean worth of the characters beyond ASCII; what is malformed weighs most. */
function scoreOf(text: string, worth: Worth): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    count += 1;
    const malformed =
      code === 0xfffd || (code >= 0x80 && code < 0xa0) || (code >= 0xe000 && code <= 0xf8ff);
    sum += malformed ? -3 : worth(code, text.charCodeAt(at - 1) || 0, text.charCodeAt(at + 1) || 0);
  }
  return count === 0 ? 0 : sum / count;
}
