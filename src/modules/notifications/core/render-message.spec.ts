import { describe, expect, it } from 'vitest';
import { MESSAGE_VALUES, type MessageKind, type MessageValues } from '../notifications.contract.js';
import { LANGUAGES, languageAccepted, languageFor } from '../templates/languages.js';
import { escapeHtml, renderMessage, valuesProblem } from './render-message.js';

const KINDS = Object.keys(MESSAGE_VALUES) as MessageKind[];
const HOSTILE = `<b>"&'</b>{link}`;
const around = { service: 'Example AI', unsubscribeUrl: 'https://a.example/u/1' };

function valueOf(name: string): string | number {
  if (name === 'link') return 'https://a.example/l?t=1&u=2';
  if (name === 'until' || name === 'when') return '2026-03-04T05:06:00Z';
  if (name === 'minutes' || name === 'hours' || name === 'days') return 12;
  return `${name} ${HOSTILE}`;
}

function valuesFor(kind: MessageKind, names: 'needs' | 'all'): MessageValues {
  const { needs, may } = MESSAGE_VALUES[kind];
  const wanted: readonly string[] = names === 'all' ? [...needs, ...may] : needs;
  return Object.fromEntries(wanted.map((name) => [name, valueOf(name)]));
}

describe.each(LANGUAGES.map((language) => [language.tag, language] as const))('in %s', (tag, language) => {
  it.each(KINDS)('%s shows every value, escaped, and leaves no placeholder', (kind) => {
    for (const names of ['needs', 'all'] as const) {
      const values = valuesFor(kind, names);
      const { subject, text, html } = renderMessage(kind, tag, values, around);
      for (const part of [subject, text, html]) expect(part.replaceAll('{link}', '')).not.toMatch(/[{}]|undefined|NaN/);
      expect(html).not.toContain('<b>');
      expect(html.replace(/<!doctype html>|<\/?(html|head|body|meta|title|p|hr|small|strong|a|br)\b[^<>]*>/g, '')).not.toMatch(/[<>"]/);
      expect(html).not.toMatch(/<img|src=|style=|script|@import/i);
      for (const [name, value] of Object.entries(values)) {
        const shown = typeof value === 'number' ? String(value) : name === 'until' || name === 'when' ? '05:06' : value;
        expect([kind, text.includes(shown)]).toEqual([kind, true]);
        expect([kind, html.includes(escapeHtml(shown))]).toEqual([kind, true]);
      }
      expect(text).toContain(around.unsubscribeUrl);
    }
  });

  it('no subject shows a value, so nothing anybody wrote gets into a header', () => {
    for (const { subject } of Object.values(language.messages)) expect(subject).toMatch(/^[^{}\r\n]{2,90}$/);
  });

  it('has words for the same enums as every other language', () => {
    expect(Object.keys(language.terms).sort()).toEqual(Object.keys(LANGUAGES[0]?.terms ?? {}).sort());
  });

  it('names the same values as every other language', () => {
    const named = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const kind of KINDS) {
      const [here, there] = [language, LANGUAGES[0]].map((each) => named(JSON.stringify(each?.messages[kind])));
      expect([kind, here]).toEqual([kind, there]);
    }
  });
});

describe('a value', () => {
  it('on several lines, too long or full of directions becomes one short line', () => {
    const { text } = renderMessage('member_removed', 'en', { organisation: `A\r\nBcc: x@y.example\u202e${'z'.repeat(500)}` }, around);
    expect(text).toContain('“A Bcc: x@y');
    expect(text).not.toMatch(/\u202e|\r/);
    expect(text).not.toContain('z'.repeat(201));
  });

  it('that is an address is not one for a mail program, so no invitation advertises a link', () => {
    const values = { ...valuesFor('invitation', 'needs'), organisation: 'https://evil.example/free evil.example www.evil.example' };
    for (const part of Object.values(renderMessage('invitation', 'en', values, around)))
      expect(part).not.toMatch(/evil\.example|:\/\/evil/);
  });

  it('that is an enum is said in the reader’s language', () => {
    expect(renderMessage('role_changed', 'de', { organisation: 'A', role: 'privacy_officer' }, around).text).toContain(
      'Datenschutzbeauftragter',
    );
    expect(renderMessage('role_changed', 'de', { organisation: 'A', role: 'constructor' }, around).text).toContain('constructor');
  });

  it.each([
    ['missing', 'sign_in_link', { link: 'https://a.example' }],
    ['of another message', 'password_changed', { minutes: 5 }],
    ['no web link', 'password_changed', { link: 'javascript:alert(1)' }],
    ['a relative link', 'password_changed', { link: '/x' }],
    ['a link with a line break', 'password_changed', { link: 'https://a.example/\r\nX' }],
    ['a link with a quote', 'password_changed', { link: 'https://a.example/"onclick' }],
    ['no moment', 'new_sign_in', { device: 'x', when: 'soon' }],
  ] as const)('that is %s is found before the mail is queued', (_, kind, values) => {
    expect(valuesProblem(kind, values)).toBeDefined();
  });
});

describe('the language', () => {
  it.each([
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['zh-CN', 'zh-Hans'],
    ['zh-Hans-SG', 'zh-Hans'],
    ['zh', 'zh-Hans'],
    ['zh-TW', 'en'],
    ['zh-Hant', 'en'],
    ['fr', 'en'],
    ['', 'en'],
  ])('for %j is %s', (locale, tag) => expect(languageFor(locale).tag).toBe(tag));

  it.each([
    ['de-DE,de;q=0.9,en;q=0.8', 'de'],
    ['*', 'en'],
    [undefined, 'en'],
  ])('accepted by %j is %s', (header, tag) => expect(languageAccepted(header).tag).toBe(tag));
});
