import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RedactionEngine } from '../src/modules/content/core/redaction/redact-body.ts';

// How fast redaction is (C2): `node bench/redaction.ts` from the repository, no build and no service needed. Processor time, so that
// other work on the machine counts less; best of all rounds in two seconds, the first of which the compiler takes part in. Bodies are made of this repository's own sources and documents, as an agent would send them.

const THROUGHPUT_MS = 2_000;
const MB = 1_000_000;
const SIZES = [64_000, 125_000, 250_000, 500_000];
const root = join(import.meta.dirname, '..');
const engine = new RedactionEngine({ personalData: false, patterns: [] });
const withPersonalData = new RedactionEngine({ personalData: true, patterns: [] });

/** Sources and documents, in an order that does not depend on the machine. */
function texts(): string[] {
  return ['src/modules/gateway', 'src/modules/usage', 'src/platform', 'docs', 'scripts']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)))
    .filter((path) => /\.(?:ts|md)$/.test(path))
    .toSorted()
    .map((path) => readFileSync(path, 'utf8'));
}

/** What a coding agent sends: files read and written, as tool calls with their arguments as JSON in JSON. */
function agentBody(files: readonly string[], size: number): Buffer {
  const messages: unknown[] = [];
  for (let index = 0, length = 0; length < size; index++) {
    const text = files[index % files.length] ?? '';
    const call = { name: 'write_file', arguments: JSON.stringify({ path: `src/file-${index}.ts`, content: text.slice(0, 2000) }) };
    messages.push({ role: 'assistant', tool_calls: [{ id: `call_${index}`, type: 'function', function: call }] });
    messages.push({ role: 'tool', tool_call_id: `call_${index}`, content: text });
    length += text.length + 2000;
  }
  return Buffer.from(JSON.stringify({ model: 'a-model', stream: true, max_tokens: 4096, messages }));
}

/** Lines that speak of passwords, keys and tokens, and hardly ever hold one: the worst ordinary text there is. */
function denseBody(files: readonly string[], size: number): Buffer {
  const lines = files.flatMap((text) => text.split('\n')).filter((line) => /pass|secret|token|key|auth|credential/i.test(line));
  let text = '';
  for (let index = 0; text.length < size; index++) text += `${lines[index % lines.length]}\n`;
  return Buffer.from(JSON.stringify({ model: 'a-model', messages: [{ role: 'user', content: text }] }));
}

function bestMs(run: () => void, goesOn: (round: number) => boolean): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; goesOn(round); round++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

function throughput(name: string, body: Buffer, by: RedactionEngine): void {
  const until = performance.now() + THROUGHPUT_MS;
  const ms = bestMs(
    () => by.redactBody(body, {}, ['sk-upstream-0123456789abcdef', 'lethe_sk_0123456789abcdef']),
    () => performance.now() < until,
  );
  console.log(
    `${name.padEnd(34)} ${(body.length / MB).toFixed(2).padStart(6)} MB ${(body.length / MB / (ms / 1000)).toFixed(1).padStart(7)} MB/s`,
  );
}

/** Each is cut to the size wanted: what makes a search look far, look again, or look everywhere. */
const ATTACKS: Readonly<Record<string, string | ((size: number) => string)>> = {
  'one letter': 'a',
  'one digit': '7',
  'prefix sk-': 'sk-',
  'prefix ghp_': 'ghp_A1b2C3d4',
  'prefix eyJ': 'eyJhbGci.',
  'prefix xoxb-': 'xoxb-1-',
  'marks _secret_': 'a_secret_b_live_',
  'password=': 'password=',
  'password="': 'password="',
  'key: \u201c': 'key: \u201c',
  'token spaces': 'token                                ',
  'api_key:': 'api_key: api_key: ',
  'names in one word': 'secretKeyTokenPassword',
  'dotted names': 'a.password.b.token.',
  'key is … is': 'the key of the thing is ',
  'creds / and': 'creds are a / b and ',
  authorization: 'Authorization: Bearer ',
  'authorization digest': 'Authorization: Digest response=',
  'basic ': 'Basic YWJj',
  cookie: 'Cookie: a=b; ',
  'cookie names': 'Cookie: aaaaaaaaaaaaaaaaaaaaaaaa',
  url: 'https://a:b',
  'url without end': 'x://u:pppppppppppppppppppppppppp',
  query: '?key=a&token=b&sig=c',
  'PEM begins': '-----BEGIN RSA PRIVATE KEY-----\n',
  'PEM dashes': '-----BEGIN ',
  PuTTY: 'Private-Lines: 9\nAAAA',
  'encoded key': 'LS0tLS1CRUdJTiBS',
  'kind: Secret': 'kind: Secret\ndata:\n  a: b\n',
  'data lines': 'kind: Secret\ndata:\n    a: bbbbbb\n    ',
  'mysql -p': 'mysql -u a ',
  'curl -u': 'curl -u a ',
  'echo pipes': 'echo aaaaaaaa | ',
  pgpass: 'host:5432:db:',
  mnemonic: 'mnemonic abandon ability able ',
  'seed words': 'seed abc def ghi ',
  crypt: '$2b$10$$6$a$',
  argon2: '$argon2id$v=19$',
  'base64 long': 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo',
  'base64 lines': 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n',
  'base64 of base64': (size) => {
    let text = 'password=hunter2hunter2 ';
    while (text.length * 1.34 < size)
      text = text.length < size / 8 ? Buffer.from(text.repeat(2)).toString('base64') : Buffer.from(text).toString('base64');
    return text;
  },
  hexadecimal: '0123456789abcdef',
  dots: '.',
  'at signs': 'a@',
  colons: 'a:b:',
  quotes: '"',
  'quotes and colons': '":"',
  'quote storm': '"\'`',
  'quote plus quote': '"a" + "b" + ',
  backslashes: '\\',
  'backslash quote': '\\"',
  'unicode escapes': '\\u0073\\u006b\\u002d',
  'percent escapes': '%73%6b%2d',
  'percent of percent': '%2525252525',
  entities: '&amp;#x73;',
  ampersands: '&',
  'zero width': 's\u200bk\u200b-\u200b',
  'full width': '\uff50\uff41\uff53\uff53\uff1d',
  newlines: '\n',
  'open braces': '{',
  'open brackets': '[',
  'deep JSON': (size) => `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`,
  'deep objects': (size) => `${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}`,
  'JSON in JSON': (size) => {
    let text = 'password=hunter2hunter2 sk-ant-api03-x';
    for (;;) {
      const outer = JSON.stringify({ a: text, b: text.length < size / 8 ? text : '' });
      if (outer.length > size) return text;
      text = outer;
    }
  },
  'many keys': (size) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: size / 24 }, (_, index) => [`password${index}`, `v${index}`]))),
  'numbered lines': '     1\tpassword=a\n     2\ttoken: b\n',
  'numbers without end': '1: ',
  'quoted lines': '> token: a\n',
  'one line of cells': 'token, ',
  'heads of tables': 'a,password,token\n',
  'heads and rows': 'a|password|token\nb|c|d\n',
  'one head, many rows': (size) => `a,password\n${'b,c\n'.repeat(size / 4)}`,
  'one head, long rows': (size) => `a,password\n${`b,${'c'.repeat(900)}\n`.repeat(size / 900)}`,
  attributes: 'name="password" type="text" ',
  elements: '<string name="token" a="b"',
  accessors: 'Password { get; set; } ',
  'env defaults': "password: env('A', 'b', ",
  'block marks': 'password: |\n',
  speakers: 'token?\n[10:21] bob: ',
  'foreign words': 'şifre a b c d e f g ',
  'foreign endings': 'Lösenordet till är ',
  'verbs in prose': 'password a b c è lautet ',
  'value before': 'Ab1Ab1Ab1Ab1Ab1Ab1Ab1 as my key ',
  'parts of tokens': 'ghp_aB3dE5gH7jK9mN1pQ.r+s/t=',
  'dotted token parts': 'sk-proj-aB3dE5gH7jK9mN1pQ2.aB3dE5gH7jK9mN1pQ2.',
  'marks of hooks': '/hooks/abcdefghij',
  'Secret in JSON': (size) =>
    JSON.stringify(Array.from({ length: size / 60 }, () => ({ kind: 'Secret', data: { a: 'YWJjZGVmZ2hpag==' } }))),
  'data in data': (size) => `${'{"data":'.repeat(size / 9)}"a"${'}'.repeat(size / 9)}`,
  'wif and seeds': 'K1aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY1zA3bC5dE7fG9hJ2kL4m ',
  'PASS lines': 'PASS \n',
  programs: 'sqlplus a/b twine -p nuget -k ',
  'JSON lines': '{"password":"hunter2hunter2"}\n',
  'cyrillic names': '\u043f\u0430\u0440\u043e\u043b\u044c: ',
  'calls of accounts': 'login(a, ',
  'calls in calls': 'Client(auth(',
  'options of one command': 'htpasswd -b -b -b -b ',
  'calls with strings': "connect('a','b','c','d','e','f','g','h',",
  'blocks in blocks': 'secrets: {',
  'a block of members': (size) => `tokens: {${"a: 'b', ".repeat(size / 8)}`,
  'many short blocks': 'tokens: {a: b, ',
  'refused with': 'with a 401 ',
  'refused, long words': (size) => `${'with '.repeat(8)}${'a1'.repeat(60)} 401 `.repeat(size / 170),
  'rows of SQL': "insert into t (a, password) values ('b', 'c'), ",
  'one insert, many rows': (size) => `insert into t (a, password) values ${"('b', 'c'), ".repeat(size / 12)}`,
  'insert without rows': 'insert into t (a, b, c, d, e, f, ',
  'quoted-printable': (size) => `Content-Transfer-Encoding: quoted-printable\n${'token=3Da=\n'.repeat(size / 11)}`,
  'colours of terminals': '\u001b[32mtoken\u001b[0m=',
  'half colours': '\u001b[32;',
  'broken tokens': (size) => `eyJhbGciOiJI.${'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY1zA3bC5dE7fG9hJ2kL4m\n'.repeat(size / 50)}`,
  'issued prefixes': 'ab_cd_ef_',
  'issued words': 'ab_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY1 ',
  'below the sentence': 'the token was made:\n\n    ',
  'static keys': '-----BEGIN OpenVPN Static key V1-----\n0123456789abcdef\n',
  'lists of chap': 'a * b * ',
  'links of invitations': '/invite/aB3dE5gH7jK9',
  'recovery codes': 'recovery codes: a1b2-c3d4, ',
  'lists of bytes': 'app_key: [1,2,3,4,5,6,7,8,9,',
  'dumps of PostgreSQL': 'COPY a (b, password) FROM stdin;\nb\tc\n',
  'one dump, many rows': (size) => `COPY a (b, password) FROM stdin;\n${'b\tc\n'.repeat(size / 4)}`,
  'addresses of streams': 'rtmp://a.example/b/',
  'log in with': 'log in with a:b ',
  'piped strings': "'aaaaaaa' | ConvertTo-SecureString ",
  'options, many of them': 'snmpwalk -A a -X b ',
  'arrays of characters': '"aaaaaaaa".toCharArray() ',
  'login modules': 'LoginModule required user_a ',
  templates: '{{ a_password }} ',
  'keys of routers': 'tacacs key 0 ',
  'members in XML': '<d>QUJDREVGR0hJSktMTU5PUFFS',
  'tables in JSON': '[["password","b"],["c",',
  'names of one word': 'password="aAaAaAaA_bBbB',
  'card digits': '4111 1111 1111 1111 ',
  mail: 'a.b@c.d.e.f@',
  IPv6: '1:2:3:4:5:6:7:',
  telephone: '+1 (555) 555-',
  IBAN: 'DE89 3704 0044 0532 ',
};

function attackOf(made: string | ((size: number) => string), size: number): string {
  return typeof made === 'string' ? made.repeat(Math.ceil(size / made.length)).slice(0, size) : made(size);
}

/** Time by size. Twice the size in much more than twice the time is what must not be. */
function scaling(name: string, made: string | ((size: number) => string)): void {
  const times = SIZES.map((size) => {
    const body = Buffer.from(attackOf(made, size));
    return bestMs(
      () => withPersonalData.redactBody(body, {}, []),
      (round) => round < 2,
    );
  });
  const [first = 0, , , last = 0] = times;
  const growth = Math.log2(Math.max(last, 1) / Math.max(first, 1)) / Math.log2((SIZES.at(-1) ?? 1) / (SIZES[0] ?? 1));
  console.log(`${name.padEnd(22)} ${times.map((ms) => ms.toFixed(1).padStart(8)).join('')}   n^${growth.toFixed(2)}`);
}

const files = texts();
throughput('agent body, 200 kB', agentBody(files, 200_000), engine);
throughput('agent body, 1 MB', agentBody(files, MB), engine);
throughput('agent body, 1 MB, personal data', agentBody(files, MB), withPersonalData);
throughput('dense in secret words, 1 MB', denseBody(files, MB), engine);
console.log(`\nattack, ms at ${SIZES.map((size) => `${size / 1000} kB`).join(', ')}; personal data switched on`);
for (const [name, made] of Object.entries(ATTACKS)) scaling(name, made);
