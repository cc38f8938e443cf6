import type { Random } from './random.js';

/** Words of one language, and the encodings that its files come in beside Unicode. */
export interface Language {
  names: string[];
  cities: string[];
  words: string[];
  headers: string[];
  encodings: string[];
}

const list = (text: string): string[] => text.split(' ');

export const LANGUAGES: Language[] = [
  {
    names: list(
      'Smith Johnson O’Brien Garcia Miller Davis Lopez Wilson Anderson Taylor Moore White',
    ),
    cities: ['London', 'New York', 'Boston', 'Springfield', 'Salt Lake City', 'Leeds', 'Perth'],
    words: list(
      'the quick order was shipped late because customer asked for blue item with warranty and returns',
    ),
    headers: list(
      'id name city amount date note status price quantity email created_at first_name country code url',
    ),
    encodings: ['windows-1252'],
  },
  {
    names: list('Müller Schäfer Größe Weiß König Böhm Jäger Krüger Fuchs Günther Schröder Lange'),
    cities: ['München', 'Köln', 'Düsseldorf', 'Berlin', 'Nürnberg', 'Lübeck', 'Bad Vöslau'],
    words: list(
      'die Lieferung wurde über Nacht für den Kunden geprüft und später außerhalb der Größe zurückgeschickt',
    ),
    headers: list(
      'Nummer Name Ort Betrag Datum Bemerkung Straße Preis Menge Größe Währung PLZ Länge Geprüft Land',
    ),
    encodings: ['windows-1252'],
  },
  {
    names: list('Lefèvre Béranger Dupré François Noël Hélène Garçon Crétin Léger Bérénice'),
    cities: ['Besançon', 'Orléans', 'Nîmes', 'Paris', 'Sète', 'Évreux', 'Saint-Étienne'],
    words: list(
      'la société a été livrée à temps même après où le client très pressé a demandé réparation',
    ),
    headers: list(
      'identifiant nom ville montant date remarque prénom prix quantité état société créé pays région',
    ),
    encodings: ['windows-1252'],
  },
  {
    names: list(
      '佐藤花子 鈴木一郎 高橋健太 田中美咲 伊藤翔太 渡辺直樹 山本さくら 中村ゆい 小林大輔',
    ),
    cities: ['東京都', '大阪府', '横浜市', '名古屋市', '札幌市', '福岡市', '神戸市'],
    words: list(
      '商品 は 昨日 届きました 対応 が 遅い ので 返品 したい お客様 から の 連絡 ありがとう ございます',
    ),
    headers: list(
      '番号 氏名 住所 金額 日付 備考 商品名 価格 数量 電話番号 メール 都市 部署 担当者',
    ),
    encodings: ['shift_jis', 'euc-jp'],
  },
  {
    names: list('王伟 李娜 张敏 刘洋 陈静 杨磊 赵强 黄丽 周杰 吴倩'),
    cities: ['北京', '上海', '广州', '深圳', '成都', '杭州', '重庆市'],
    words: list('订单 已经 发货 客户 要求 退款 因为 质量 问题 我们 正在 处理 请 稍后 联系 谢谢'),
    headers: list('编号 姓名 城市 金额 日期 备注 产品 价格 数量 电话 邮箱 地址 状态 国家'),
    encodings: ['gb18030'],
  },
  {
    names: list('Иванов Петрова Сидоров Кузнецова Смирнов Попова Волков Лебедева Козлов Новикова'),
    cities: ['Москва', 'Санкт-Петербург', 'Казань', 'Нижний Новгород', 'Омск', 'Уфа'],
    words: list(
      'заказ был отправлен вчера но клиент просил вернуть деньги потому что товар не подошёл по размеру',
    ),
    headers: list(
      'номер имя город сумма дата примечание цена количество статус страна адрес телефон фамилия код',
    ),
    encodings: ['windows-1251', 'koi8-r'],
  },
  {
    names: list('김민준 이서연 박지훈 최수빈 정하은 강도윤 조예은 윤서준'),
    cities: ['서울', '부산', '인천', '대구', '대전', '광주'],
    words: list(
      '주문 상품 이 어제 발송 되었습니다 고객 님 께서 환불 을 요청 하셨습니다 감사합니다',
    ),
    headers: list('번호 이름 도시 금액 날짜 비고 상품명 가격 수량 전화번호 주소 상태'),
    encodings: ['euc-kr'],
  },
];

/** A column's values; `text` may hold anything, the others no delimiter but their own comma. */
export interface Kind {
  name: string;
  value: (random: Random, row: number) => string;
  /** Needs a quote, or a delimiter that is not in it. */
  wild?: boolean;
}

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');
const day = (random: Random): [string, string, string] => [
  String(random.int(1990, 2026)),
  pad(random.int(1, 12)),
  pad(random.int(1, 28)),
];
const prose = (random: Random, { words }: Language, most: number): string => {
  const sentence = Array.from({ length: random.int(3, most) }, () => random.pick(words)).join(' ');
  return sentence[0]!.toUpperCase() + sentence.slice(1);
};

export const kindsOf = (language: Language, decimal: '.' | ','): Kind[] => [
  ...valuesOf(decimal),
  ...textsOf(language),
];

function valuesOf(decimal: '.' | ','): Kind[] {
  return [
    { name: 'id', value: (_, row) => String(row + 1) },
    { name: 'integer', value: (random) => String(random.int(-500, 90_000)) },
    {
      name: 'decimal',
      value: (random) => (random.int(0, 999_999) / 100).toFixed(2).replace('.', decimal),
      wild: decimal === ',',
    },
    { name: 'date', value: (random) => day(random).join('-') },
    { name: 'dotted date', value: (random) => day(random).toReversed().join('.') },
    {
      name: 'timestamp',
      value: (random) =>
        `${day(random).join('-')} ${pad(random.int(0, 23))}:${pad(random.int(0, 59))}:00`,
    },
    { name: 'boolean', value: (random) => random.pick(['true', 'false']) },
    { name: 'category', value: (random) => random.pick(['A', 'B', 'new', 'sold out']) },
    { name: 'code', value: (random) => pad(random.int(0, 99_999), 5) },
    {
      name: 'large',
      value: (random) =>
        `90${random.int(10_000_000, 99_999_999)}${random.int(10_000_000, 99_999_999)}`,
    },
    { name: 'email', value: (random) => `user${random.int(1, 999)}@example.com` },
    {
      name: 'url',
      value: (random) => `https://example.org/a/${random.int(1, 999)}?q=${random.int(1, 9)}`,
    },
  ];
}

function textsOf(language: Language): Kind[] {
  const { names, cities } = language;
  return [
    { name: 'name', value: (random) => random.pick(names) },
    { name: 'city', value: (random) => random.pick(cities) },
    { name: 'words', value: (random) => prose(random, language, 6) },
    {
      name: 'prose',
      wild: true,
      value: (random) =>
        `${prose(random, language, 8)}, ${prose(random, language, 5)}; ${prose(random, language, 4)}.`,
    },
    {
      name: 'quotation',
      wild: true,
      value: (random) =>
        `${random.pick(names)} said "${prose(random, language, 4)}", it's ${random.pick(cities)}`,
    },
    {
      name: 'json',
      wild: true,
      value: (random) =>
        JSON.stringify({ a: random.int(1, 9), b: [random.pick(cities), null], 'c d': 1.5 }),
    },
    {
      name: 'lines',
      wild: true,
      value: (random) => `${random.pick(names)}\n${random.int(1, 99)} Main St`,
    },
    {
      name: 'address',
      wild: true,
      value: (random) => `${random.pick(cities)}, ${random.int(1, 99)}`,
    },
  ];
}
