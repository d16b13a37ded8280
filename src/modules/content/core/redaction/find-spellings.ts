import type { FindingSink } from './findings.ts';
import { isPlaceholder } from './plausibility.ts';
import { looksLikePassword, looksRandom } from './randomness.ts';

/** Ways of writing a password that need no name for it. Anchored (sticky) where the literal begins; the password is the group. */
interface Spelling {
  readonly literal: string;
  readonly pattern: RegExp;
  /** What stands there may also be something else: it must look like a password, or like a key. */
  readonly looks?: 'password' | 'key';
}

/** What people print and put away, as its heading calls it. */
const RECOVERY_CODES =
  `backup codes|recovery codes|scratch codes|backup-codes|recovery-codes|wiederherstellungscodes|sicherungscodes|notfallcodes|herstelcodes
   |codes de secours|codes de r|digos de recupera|digos de respaldo|codici di `
    .replaceAll(/\n\s*/g, '')
    .split('|');

export const SPELLINGS: readonly Spelling[] = [
  { literal: 'identified by', pattern: /identified by(?: values| password)?\s{1,4}["']([^"'\n]{3,256})["']/iy },
  { literal: 'identified by', pattern: /IDENTIFIED BY ([^\s"'`;]{6,128})/y, looks: 'password' },
  ...['encrypted password ', 'login password ', 'with password '].map((literal) => ({
    literal,
    pattern: /(?:encrypted|login|with) password '([^'\n]{4,256})'/iy,
  })),
  { literal: 'pgp_sym_', pattern: /pgp_sym_(?:en|de)crypt\([^,'\n]{1,80},\s?'([^'\n]{4,256})'/iy },
  ...['createcipheriv(', 'createdecipheriv('].map((literal) => ({
    literal,
    pattern: /create(?:De)?cipheriv\(\s{0,8}["'`][\w-]{2,32}["'`],\s{0,8}(?:Buffer\.from\()?["'`]([^"'`\n]{16,256})/iy,
  })),
  // Behind whose key it is, the key: 40 characters, that nothing tells but their place.
  { literal: 'akia', pattern: /AKIA[A-Z0-9]{16}["']?\s{0,4}[,:;|\s]\s{0,8}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/y },
  // What a private key is made of, in XML (RFC 4050 and .NET) and in the expressions of libgcrypt.
  ...['d', 'p', 'q', 'dp', 'dq', 'inverseq'].map((member) => ({
    literal: `<${member}`,
    pattern: new RegExp(`<${member}>\\s{0,8}([A-Za-z0-9+/]{16}[A-Za-z0-9+/=\\r\\n]{24,1400})\\s{0,8}</${member}>`, 'iy'),
    looks: 'key' as const,
  })),
  { literal: '(d ', pattern: /\(d\s{1,8}#([0-9A-Fa-f\s]{32,2048})#\)/y },
  { literal: '{xor}', pattern: /\{xor\}([A-Za-z0-9+/=]{6,256})/iy },
  { literal: 'grub.pbkdf2.', pattern: /grub\.pbkdf2\.sha\d{3}\.\d{1,8}\.([0-9A-F.]{64,1024})/iy },
  { literal: 'rpc-password', pattern: /rpc-password"\s?:\s?"(\{[0-9a-f]{40}[\w./]{8})"/iy },
  { literal: 'ed25519 a_', pattern: /ed25519 a_\w{4} ([A-Za-z0-9+/]{43})(?![A-Za-z0-9+/])/y },
  { literal: '.tochararray(', pattern: /(?<=["']([^"'\n$]{6,256})["'])\.toCharArray\(\)/dy, looks: 'password' },
  // Lines of configuration that name whom, and behind a colon or a space by which password.
  ...['allow ', ' login=', 'npmauthident: ', 'administrator / ', 'admin / ', 'root / '].map((literal) => ({
    literal,
    pattern:
      /(?:allow [\w.@-]{1,64}:| login=[\w.@-]{1,64}:|npmAuthIdent: "?[^\s":]{1,64}:|(?:administrator|admin|root) \/ )["'`]?([^\s"'`]{6,256})/iy,
    looks: 'password' as const,
  })),
  { literal: 'user=', pattern: /(?<=(?:^|\n)[ \t]{0,8})user=[\w.@-]{1,64}:(\S{6,256})/iy, looks: 'password' },
  { literal: 'user_', pattern: /(?<=LoginModule required[^{}]{0,300})user_[\w.-]{1,32}="([^"\n]{4,128})"/iy },
  { literal: 'bundle_', pattern: /BUNDLE_[A-Z0-9_]{3,80}__[A-Z]{2,8}: "?[\w.@-]{1,64}:([^\s"]{6,256})/y },
  { literal: 'authinfo:', pattern: /AuthInfo:[^\n]{1,160}?"P:([^"\n]{4,128})"/iy },
  { literal: '.logon ', pattern: /\.LOGON [\w.-]{1,128}\/[\w.-]{1,64},([^\s;]{4,128})/iy },
  { literal: '+login ', pattern: /\+login [\w.@-]{2,64} (\S{6,128})/iy, looks: 'password' },
  { literal: 'connect to ', pattern: /connect to [\w.-]{1,64} user [\w.-]{1,64} using (\S{6,128})/iy },
  { literal: 'createuser ', pattern: /createUser [\w.-]{1,64} (?:MD5|SHA[\d-]{0,4}) "?([^\s"]{6,128})/iy },
  { literal: 'impacket-', pattern: /impacket-\w{2,24} [^\n]{0,80}?['"]?[\w.-]{1,64}\/[\w.-]{1,64}:([^@\s'"]{4,128})@/iy },
  ...['password manager ', 'password operator '].map((literal) => ({
    literal,
    pattern: /password (?:manager|operator)(?: user-name "[^"\n]{1,64}")? (?:plaintext|sha\d{1,3}) "?([^"\s]{4,128})/iy,
  })),
  { literal: "option key '", pattern: /option key '([^'\n]{8,64})'/iy },
  { literal: 'pass "', pattern: /(?<=(?:^|\n)[ \t]{0,8})Pass "([^"\n]{4,128})"/y },
  { literal: '$user', pattern: /\$USER\d{1,3}\$=([^\s/]\S{5,128})/y, looks: 'password' },
  ...[' key 0 ', ' key 7 '].map((literal) => ({ literal, pattern: /(?<=(?:tacacs|radius)[^]{0,240}) key [07] (\S{6,128})/iy })),
  { literal: 'auth-pass ', pattern: /auth-pass [\w.-]{1,64} (\S{6,128})/y },
  // Redis, as it goes over the wire.
  { literal: 'auth', pattern: /(?<=\n)AUTH\r?\n(?:\$\d{1,3}\r?\n[^\n]{1,64}\r?\n)?\$\d{1,3}\r?\n(\S{4,256})/iy },
  // What a program prints when it has made one.
  { literal: 'new value: ', pattern: /New value: (\S{8,128})/y, looks: 'password' },
  { literal: 'password is generated for ', pattern: /password is generated for \S{1,128}: (\S{6,128})/iy },
  ...['unlock ', 'open ', 'decrypt ', 'unzip '].map((literal) => ({
    literal: `${literal}it with `,
    pattern: /(?:unlock|open|decrypt|unzip) it with ["'`]?([^\s"'`]{6,128})/iy,
    looks: 'password' as const,
  })),
  { literal: 'passphrase is ', pattern: /passphrase is ["'`]?((?:[a-z]{3,12}[ -]){2,7}\d{1,4})(?!\w)/iy },
  { literal: 'wifi:', pattern: /WIFI:(?:[TSHRAEI]{1,3}:[^;\n]{0,64};){0,4}P:((?:\\.|[^;\n\\]){4,128});/iy },
  { literal: 'auth ', pattern: /(?<=> )AUTH (?:\w{1,64} )?(\S{6,256})/iy },
  { literal: 'pass ', pattern: /(?<=(?:^|\n)(?:\/|-{2,4}> |>{1,3} |C: )?)PASS (?:[\w/@.-]{1,64}:)?([^\s:]{6,256})(?=\r?\n|$)/y },
  { literal: ' identify ', pattern: / IDENTIFY (?:[\w-]{1,32} )?(\S{6,256})(?=\s|$)/y },
  { literal: 'auth default ', pattern: /(?<=^|[\n>] ?)AUTH default (\S{6,256})/y },
  { literal: 'stats auth ', pattern: /stats auth [\w.-]{1,64}:(\S{6,256})/iy },
  // PowerShell names it behind the value, and by what the value becomes.
  { literal: 'convertto-securestring', pattern: /(?<=["']([^"'\n$]{6,256})["'] {0,4}\| {0,4})ConvertTo-SecureString/dy },
  {
    literal: 'convertto-securestring',
    pattern: /ConvertTo-SecureString(?: -(?:AsPlainText|Force|String)){0,3} \(?["']([^"'\n$]{4,512})["']/iy,
  },
  { literal: ', gen_salt(', pattern: /(?<=crypt\('([^'\n]{6,256})'), gen_salt\(/diy },
  // A pair of keys as programs of Solana save it: 64 bytes.
  ...['id.json', 'keypair', 'secretkey', 'secret_key'].map((literal) => ({
    literal,
    pattern:
      /(?:id\.json|keypair|secret_?key)[^[\]\n]{0,60}\s{0,8}(?:\w{0,16}\()?\[\s{0,8}((?:\d{1,3}\s{0,8},\s{0,8}){31,63}\d{1,3})\s{0,8}\]/iy,
  })),
  ...['log in with ', 'login with ', 'sign in with ', 'signing in with ', 'logged in with '].map((literal) => ({
    literal,
    pattern: /(?:log|sign)[a-z]{0,4}(?: ?in)? with ["'`]?[\w.@+-]{2,64} ?[:/] ?["'`]?([^\s"'`]{6,128})/iy,
    looks: 'password' as const,
  })),
  { literal: 'requirepass ', pattern: /requirepass ["']?([^\s"']{6,256})/y },
  {
    literal: 'assword:',
    pattern: /assword:?\s?["']\)?\s{0,2};?\s{0,8}(?:\w{1,16}\.)?(?:exp_)?send(?:_?line)?(?: --)?[ (]{1,2}["']([^"'\\\n]{4,256})/iy,
  },
  {
    literal: 'url.create(',
    pattern: /URL\.create\(\s{0,4}["'][^"'\n]{1,64}["'],\s{0,8}["'][^"'\n]{1,128}["'],\s{0,8}["']([^"'\n]{6,256})["']/iy,
  },
  { literal: 'snmp-server community', pattern: /snmp-server community (\S{4,64})/iy },
  { literal: 'jdbc:oracle:', pattern: /jdbc:oracle:[a-z0-9]{1,8}:[\w$#]{1,64}\/([^@\s"'/]{2,128})@/iy },
  { literal: 'login: ', pattern: /login: ["'`]?[\w.@+-]{2,64}["'`]? ?(?:\/|\||,|:) ?["'`]?(\S{6,128})/iy },
  // Lines that programs read by place: who, where, by which secret.
  { literal: 'user ', pattern: /user [\w.-]{1,64} (?:[~+&@-]?[\w*:@~+]{1,40} ){0,6}>([^\s"']{6,256})(?=\s|$)/iy },
  ...[':25 ', ':465 ', ':587 '].map((literal) => ({ literal, pattern: /:\d{2,3}[ \t]{1,8}[^\s:]{1,128}:(\S{6,256})/y })),
  { literal: 'accounts: [', pattern: /accounts: \[\s{0,16}["'`]((?:0x)?[0-9a-f]{64})["'`]/iy },
  {
    literal: ' * ',
    pattern: /(?<=(?:^|\n)[\w.@"-]{1,64}[ \t]{0,8}) \*[ \t]{1,8}"?([^\s"]{6,256})"?[ \t]{1,8}(?:\*|\d[\d./]{0,20})[ \t]{0,8}(?=\r?\n|$)/y,
    looks: 'password',
  },
  ...[': psk ', ': eap ', ': xauth '].map((literal) => ({ literal, pattern: /: (?:PSK|EAP|XAUTH) "?([^\s"]{6,256})/iy })),
  ...['plain', 'xoauth2', 'oauthbearer'].map((mechanism) => ({
    literal: `auth ${mechanism} `,
    pattern: /AUTH \w{5,11} ([A-Za-z0-9+/=]{12,4096})/iy,
  })),
  // "Password:" in base64, as SMTP asks for it.
  { literal: 'ugfzc3dvcmq6', pattern: /UGFzc3dvcmQ6\s{1,4}(?:C: |>{1,3} )?([A-Za-z0-9+/]{8,512}={0,2})/y },
  { literal: '{plain}', pattern: /\{PLAIN\}([^\s:"']{4,256})/iy },
  { literal: 'open ', pattern: /(?<=^|\n)open [\w.-]{3,128}(?: \d{1,5})?\r?\nuser [\w.@-]{1,64} (\S{6,256})/y },
  { literal: ' md5 ', pattern: /(?<=message-digest-key \d{1,3}) md5 (?:\d )?(\S{6,128})/iy },
  { literal: 'unsafeplaintext(', pattern: /unsafePlainText\(\s{0,40}["'`]([^"'`\n]{6,512})/iy },
  { literal: 'openrowset(', pattern: /OPENROWSET\(\s?'[^'\n]{1,64}',\s?'[^'\n]{1,128}';\s?'[^'\n]{1,64}';\s?'([^'\n]{4,256})'/iy },
  {
    literal: 'sp_addlinkedsrvlogin',
    pattern: /sp_addlinkedsrvlogin [^\n]{1,200},\s?(?:@rmtpassword ?= ?)?N?'([^'\n]{6,256})'/iy,
    looks: 'password',
  },
  { literal: 'login ', pattern: /(?<=(?:^|\n)\w{1,8} )LOGIN "?[^\s"]{1,128}"? "?([^\s"]{6,256})/y },
  { literal: 'chpasswd', pattern: /chpasswd:\s{1,8}(?:list|users): ?\|?\s{1,16}(?:- )?["']?[\w-]{1,32}:([^\s"']{6,256})/y },
  { literal: 'basicauth', pattern: /basic_?auth(?: [^\s{]{1,64})? \{\s{1,16}[\w.@-]{1,64} (\S{6,256})/y, looks: 'password' },
  { literal: '-server ', pattern: /-server (?:host \S{1,64} )?key (?:\d )?(\S{6,128})/iy },
  // Programs that are told a token to log in with.
  ...['login ', 'auth ', 'authtoken '].map(
    (literal): Spelling => ({
      literal,
      pattern: /(?:login|auth|auth ?token) (?:(?:login|init|set|add) )?(?:(?:-[a-z]|--[a-z-]{2,20})[ =])?["']?([\w./+=~:-]{20,512})/iy,
      looks: 'key',
    }),
  ),
  // Nodes of blockchains, whose addresses end in the key.
  ...['infura.io/', 'alchemy.com/', 'alchemyapi.io/', 'quiknode.pro/', 'ankr.com/', 'getblock.io/', 'chainstack.com/', 'rpcpool.com/'].map(
    (literal): Spelling => ({
      literal,
      pattern: /[a-z]{4,12}\.(?:io|com|pro)\/(?:[a-z]{2,16}\/)?(?:v\d\/)?([A-Za-z0-9_-]{24,80})/iy,
      looks: 'key',
    }),
  ),
  // A stream is sent to an address that ends in its key; weather and sums are asked for by an id that is one.
  ...['rtmp://', 'rtmps://'].map((literal) => ({
    literal,
    pattern: /rtmps?:\/\/[^\s"'/]{4,80}\/(?:[\w-]{1,32}\/){1,3}([\w-]{16,128})/iy,
    looks: 'key' as const,
  })),
  ...['openweathermap.org/', 'wolframalpha.com/'].map((literal) => ({
    literal,
    pattern: /\w{10,16}\.\w{3}\/[^\s"'<>]{0,200}?[?&]appid=([\w-]{16,64})/iy,
    looks: 'key' as const,
  })),
  { literal: 'anaconda.org/t/', pattern: /anaconda\.org\/t\/([\w-]{20,128})/iy },
  // Links that let in whoever has them.
  ...[
    'reset-password/',
    'reset_password/',
    'password-reset/',
    'password/reset/',
    'magic/',
    'magic-link/',
    '/invite/',
    '/verify/',
    '/confirm/',
  ].map((literal): Spelling => ({ literal, pattern: new RegExp(`${literal}([\\w.-]{20,512})`, 'iy'), looks: 'key' })),
  {
    literal: 'form-data',
    pattern:
      /form-data; name="?\w{0,32}(?:pass|pwd|secret|token|api_?key)\w{0,32}"?\r?\n(?:[\w-]{1,32}: [^\n]{1,80}\n){0,2}\r?\n([^\s-]\S{3,1024})/iy,
  },
  ...["'auth', '", '"auth", "'].map((literal) => ({
    literal,
    pattern: /["']auth["'], ["']([^"'\n]{6,256})["']/iy,
    looks: 'password' as const,
  })),
  ...RECOVERY_CODES.map((literal) => ({
    literal,
    pattern:
      /(?:\w{6,8}[ -]codes|\w{8,20}codes|(?:c[óo])?digos de [\p{L} ]{6,20}|codes de [\p{L} ]{6,20}|codici di [\p{L} ]{6,20})[^\n:]{0,140}(?::\s{1,8}|\r?\n\s{0,8}(?=[-*.) \w]{4,48}\r?\n[-*\d.) ]{0,6}[a-z-]{0,8}\d))((?:[-*\d.) ]{0,6}(?=[a-z-]{0,40}\d)[a-z\d]{4,8}(?:[- ][a-z\d]{4,8}){0,5}(?:[\s,]{1,4}|$)){1,16})/iuy,
  })),
  ...['app password', 'application password'].map((literal) => ({
    literal,
    pattern: /app(?:lication)? password[^\n=]{0,60}[:=]\s{0,8}["'`]?((?:[a-z\d]{4} ){3,5}[a-z\d]{4})(?![a-z\d])/iy,
  })),
  // A code for once.
  ...[' code is ', ' code: ', ' code:** '].map((literal) => ({
    literal,
    pattern:
      /(?<=verification|security|log-?in|sign-?in|one-time|authentication|authorization|confirmation|access|2fa|mfa|sms|otp) code(?: is|:)\**\s{1,2}["'`*]{0,2}(\d{4,8})(?![\d-])/iy,
  })),
  // In German one word; in French the other way round; and first of all the number.
  ...['code lautet', 'code ist', 'scode:'].map((literal) => ({
    literal,
    pattern: /s?code(?: lautet| ist)?:?\s{1,2}["'`*]{0,2}(\d{4,8})(?![\d-])/iy,
  })),
  { literal: ' code de ', pattern: / code de [\p{L} ]{5,24}(?: est(?: ?:)?| ?:) ["'`*]{0,2}(\d{4,8})(?![\d-])/iuy },
  ...[' is your ', ' as your '].map((literal) => ({
    literal,
    pattern: /(?<=(?:^|[^\w.-]|\bG-)(\d{4,8})) (?:is|as) your (?:[\w-]{1,16} ){0,3}(?:code|password|passcode|otp|pin)\b/diy,
  })),
  { literal: ' ist ihr ', pattern: /(?<=(?:^|[^\w.-])(\d{4,8})) ist Ihr \p{L}{0,24}code\b/diuy },
  // A number of a person, and not of a foot of a chip.
  ...['pin is ', 'pin: ', 'pin lautet ', 'pin ist ', 'pin est ', 'pin es ', 'pin code is ', 'pin for ', 'pin-code lautet '].map(
    (literal) => ({
      literal,
      pattern:
        /(?<![\w-]|(?:led|gpio|data|clock|reset|output|input|analog|digital|chip) )PIN(?:[ -]code)?(?: for(?: [a-z]{2,16}){1,4})?(?: is| lautet| ist| est| es)?:?\s{1,2}["'`*]{0,2}(?!(?:19|20)\d\d\b)(\d{4,8})(?![\d.-])/iy,
    }),
  ),
  { literal: 'puk', pattern: /(?<![\w-])PUK(?:[ -]code)?(?: is| lautet| ist)?:? (\d{8})(?![\d.-])/iy },
  {
    literal: ' pin ',
    pattern: /(?<=(?:sim|card|bank|door|gate|alarm|phone|unlock|safe|voicemail|karten|handy)) PIN ["'`*]{0,2}(\d{4,8})(?![\d.-])/iy,
  },
  {
    literal: ' de verifica',
    pattern: / de v[eé]rifica\p{L}{3,8} (?:es|é|est|è)?:? ?["'`*]{0,2}(\d{4,8})(?![\d-])/iuy,
  },
];

export function findSpelling(text: string, at: number, { pattern, looks }: Spelling, sink: FindingSink): number | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  const password = found?.[1];
  if (found === null || password === undefined || isPlaceholder(password)) return undefined;
  if (looks !== undefined && !looksRandom(password, 16) && !(looks === 'password' && looksLikePassword(password))) return undefined;
  const start = found.indices?.[1]?.[0] ?? at + found[0].lastIndexOf(password);
  sink.add(start, start + password.length, 'credential');
  return start + password.length;
}
