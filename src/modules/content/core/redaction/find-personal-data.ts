import type { FindingSink } from './findings.ts';

/** Every pattern bounded, and none begins inside a longer word or number. */
const EMAIL =
  /(?<![\p{L}\d._%+-])[\p{L}\d](?:[\p{L}\d._%+'-]{0,62}[\p{L}\d_+-])?@(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,6}(?:xn--[a-z\d-]{2,40}|\p{L}{2,24})(?![\p{L}\d-])/gu;
const CARD = /(?<![\w.@/-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])/gi;
const IPV4 = /(?<![\w.-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|\.\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:|:){2,8}(?:[0-9a-f]{1,4}|:)?(?:%[\w.]{1,16})?(?![\w:.])/gi;
/** International, with a plus; and North American in its usual groups. */
const PHONE =
  /(?<![\w+])\+\d{1,3}[ .-]?(?:\(?\d{1,5}\)?[ .-]?){1,5}\d{2,5}(?![\w])|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\w-]|\.\d)/g;
const LOCAL_PHONE =
  /\b(?:phone|tel(?:ephone)?|mobile|mob|cell|fax|call|whatsapp|handy|telefon|móvil|portable|phone[_ ]?number|电话|手机|電話|携帯)(?:[_ -]?(?:number|no|nr))?["']?\s{0,3}[.:=：]?\s{0,3}["']?((?:\+|\()?\d[\d ().-]{6,18}\d)(?![\w-]|\.\d)/giu;
/** ISO 13616: the length of an IBAN by its country. */
const IBAN_LENGTH: Readonly<Record<string, number>> = Object.fromEntries(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27
   GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29
   PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20`
    .trim()
    .split(/\s+/)
    .map((each) => [each.slice(0, 2), Number(each.slice(2))]),
);

/** Addresses of mail and network, telephone, card and account numbers. Cards and accounts only with a right checksum. */
export function findPersonalData(text: string, sink: FindingSink): void {
  const all = (pattern: RegExp, check: (found: string) => boolean): void => {
    for (const found of text.matchAll(pattern)) if (check(found[0])) sink.add(found.index, found.index + found[0].length, 'personal_data');
  };
  if (text.includes('@')) all(EMAIL, () => true);
  if (!/\d/.test(text)) return;
  all(CARD, isCard);
  for (const found of text.matchAll(IBAN)) {
    const length = lengthOfIban(found[0]);
    if (length > 0) sink.add(found.index, found.index + length, 'personal_data');
  }
  all(IPV4, (address) => !/^(?:0\.0\.0\.0|127\.|255\.)/.test(address));
  if (text.includes(':')) all(IPV6, isIpv6);
  all(PHONE, (number) => digitsOf(number).length >= 8 && digitsOf(number).length <= 15);
  for (const found of text.matchAll(LOCAL_PHONE)) {
    const number = found[1] as string;
    const count = digitsOf(number).length;
    const at = found.index + found[0].length - number.length;
    if (count >= 7 && count <= 15 && !/\d[.]\d+[.]\d/.test(number)) sink.add(at, at + number.length, 'personal_data');
  }
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** ISO 7812: a scheme's first digits and the check digit of Luhn. */
function isCard(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^(?:4|5[1-5]|2[2-7]|3[4-9]|6|1800|2131)/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** How many characters of the text are an IBAN with a right check number (mod 97), 0 when none are. */
function lengthOfIban(text: string): number {
  const wanted = IBAN_LENGTH[text.slice(0, 2).toUpperCase()] ?? 0;
  let compact = '';
  let length = 0;
  while (length < text.length && compact.length < wanted) {
    const character = text[length++] as string;
    if (character !== ' ' && character !== '-') compact += character.toUpperCase();
  }
  if (wanted === 0 || compact.length !== wanted || /[A-Za-z0-9]/.test(text[length] ?? '')) return 0;
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1 ? length : 0;
}

function isIpv6(text: string): boolean {
  const address = text.replace(/%.*$/, '');
  const halves = address.split('::');
  const groups = address.split(':').filter((group) => group !== '').length;
  if (halves.length > 2 || groups < 3 || /(?:^|[^:]):$/.test(address) || /^:[^:]/.test(address)) return false;
  return halves.length === 2 ? groups <= 7 : groups === 8;
}
