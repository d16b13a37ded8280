import { describe, expect, it } from 'vitest';
import { RedactionEngine } from './redact-body.ts';

const engine = new RedactionEngine({ personalData: false, patterns: [] });

describe('time of redaction', () => {
  const attacks: Readonly<Record<string, string>> = {
    'names with quotes': 'password="',
    'quotes never closed': 'key: \u201c',
    'half tokens': 'sk-',
    'half slack tokens': 'xoxb-1-',
    'keys without an end': '-----BEGIN RSA PRIVATE KEY-----\n',
    secrets: 'kind: Secret\ndata:\n    a: bbbbbb\n    ',
    addresses: 'https://a:b',
    'percent escapes': '%2573%256b-',
    quotes: '"',
    backslashes: '\\"',
    objects: '{"a":',
    base64: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo',
    'cells without a line': 'token, ',
    'heads of tables': 'a,password,token\n',
    'heads and rows': 'a|password|token\nb|c|d\n',
    'numbered lines': '     1\tpassword=a\n     2\ttoken: b\n',
    'values before their names': 'Ab1Ab1Ab1Ab1Ab1Ab1Ab1 as my key ',
    'calls without a space': 'key().a(',
    'calls in calls': 'Client(auth(',
    'options of one command': 'htpasswd -b -b -b -b ',
    'blocks in blocks': 'secrets: {',
    'refused again and again': 'with a 401 ',
    'rows of SQL': "insert into t (a, password) values ('b', 'c'), ",
    'colours of terminals': '\u001b[32mtoken\u001b[0m=',
    'keys in base64': 'LS0tLS1CRUdJTiBS',
    'lists of bytes': 'app_key: [1,2,3,4,5,6,7,8,9,',
    'dumps of PostgreSQL': 'COPY a (b, password) FROM stdin;\nb\tc\n',
    'addresses of streams': 'rtmp://a.example/b/',
    'words in between': 'L\u00f6senordet till servern ',
    'halves of web keys': '{kty',
    'questions without an answer': 'password?\na: ',
    'words of wallets': 'seed phrase\n1. word ',
    'data of XML': 'password><![CDATA[',
    'values over two lines': 'password="abcdefgh\n',
    'groups of four': 'key: a1b2 c3d4 ',
    'arrays of characters': '"aaaaaaaa".toCharArray() ',
    'login modules': 'LoginModule required user_a ',
    templates: '{{ a_password }} ',
    'keys of routers': 'tacacs key 0 ',
    'members in XML': '<d>QUJDREVGR0hJSktMTU5PUFFS',
    'tables in JSON': '[["password","b"],["c",',
    'names of one word': 'password="aAaAaAaA_bBbB',
  };

  // Ten times the text may take thirty times as long: linear with a margin for a busy machine, and far from the hundred of a square.
  it.each(Object.entries(attacks))('is linear on %s', (_, piece) => {
    const processorMs = (size: number): number => {
      const text = piece.repeat(size / piece.length);
      const before = process.cpuUsage();
      engine.redactText(text, []);
      return process.cpuUsage(before).user / 1000;
    };
    processorMs(10_000);
    const small = Math.min(processorMs(20_000), processorMs(20_000), processorMs(20_000));
    expect(processorMs(200_000)).toBeLessThan(Math.max(small * 30, 250));
  });
});
