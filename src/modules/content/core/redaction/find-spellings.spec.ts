import { describe, expect, it } from 'vitest';
import { RedactionEngine } from './redact-body.ts';

const engine = new RedactionEngine({ personalData: false, patterns: [] });
const redacted = (text: string): string => engine.redactText(text, [])?.text ?? '';

/** As people choose them: words and a number, that nothing but their place gives away. */
const words = 'Heron.Walrus41';
const dashed = 'saffron-37-trellis';
const marked = 'Heron=Walrus!41';
const hex = Buffer.from('a key of thirty-two random bytes').toString('hex');
const drawn = ['q7ZkW2mX', 'v9LtR4sP', 'bY8nC3dF'].join('');

describe('passwords that people chose, where software keeps them (C2)', () => {
  const places: Readonly<Record<string, readonly [string, string]>> = {
    'a property of a broker': [`ssl.keystore.password=${words}\nssl.client.auth=required`, words],
    'a secret of a telephone': [`[7835]\ntype=friend\nsecret=Heron_Walrus41\nqualify=yes`, 'Heron_Walrus41'],
    'a secret in quotes, of words and a number': [`credentialSecret: "${dashed}",`, dashed],
    'a property of Hadoop': [`<name>ldap.bind.password</name>\n  <value>${dashed}</value>`, dashed],
    'a member of a type of its own': [`password => Sensitive('${marked}'),`, marked],
    'what Qt wraps': [`db.setPassword(QStringLiteral("${marked}"));`, marked],
    'a role of PostgreSQL': [`ALTER ROLE importer WITH LOGIN ENCRYPTED PASSWORD '${marked}' VALID UNTIL '2027-01-01';`, marked],
    'a link of Oracle, without quotes': [`CREATE DATABASE LINK l CONNECT TO u IDENTIFIED BY ${marked} USING 'X';`, marked],
    'what encrypts a column': [`pgp_sym_encrypt(notes, '${marked}', 'cipher-algo=aes256')`, marked],
    'an array of characters': [`ks.load(in, "${marked}".toCharArray());`, marked],
    'whom and by what, behind a command': [`skopeo copy --src-creds ana:${marked} docker://a docker://b`, marked],
    'a domain before whom': [`smbclient //nas/backup -U 'CORP/ana%${marked}' -c ls`, marked],
    'a community of SNMP': [`snmpget -v2c -c ${marked} 192.0.2.4 IF-MIB::ifInOctets.12`, marked],
    'semicolons in an address before the option': [`beeline -u "jdbc:hive2://gw:10000/default;ssl=true" -n ana -p ${marked}`, marked],
    'a keychain of macOS': [`security add-generic-password -a deploy -s app -w '${marked}' -U`, marked],
    'a certificate that signs': [`signtool sign /f a.pfx /p ${marked} /fd SHA256`, marked],
    'what a program reads from a string': [`openconnect --passwd-on-stdin vpn.example <<< '${marked}'`, marked],
    'a phrase behind an option': [`gpg --batch --passphrase "lobster gondola trellis 27" -d a.gpg`, 'lobster gondola'],
    'a parent of a proxy': [`cache_peer app 8080 0 default login=ana:${marked}`, marked],
    'who may look at a monitor': [`set httpd port 2812\n    allow ana:${marked}`, marked],
    'a user of a relay': [`lt-cred-mech\nuser=ana:${marked}\nrealm=a.example`, marked],
    'a server’s login module': [`org.a.DigestLoginModule required\n    user_super="${marked}";`, marked],
    'a registry of packages': [`BUNDLE_GEMS__EXAMPLE__NET: "ana:${marked}"`, marked],
    'a mail server’s list': [`AuthInfo:smtp.example "U:ana" "I:ana" "P:${marked}" "M:PLAIN"`, marked],
    'a switch': [`password manager user-name "ana" plaintext "${marked}"`, marked],
    'a cipher of a router': [` local-user ana password irreversible-cipher ${words}`, words],
    'a key of a router': [`tacacs server A\n key 0 ${marked}\n`, marked],
    'a secret of IPsec': [`ana : EAP "${marked}"`, marked],
    'the wire of Redis': [`*3\n$4\nAUTH\n$3\nana\n$15\n${marked}\n+OK`, marked],
    'a session of a client of FTP': [`---> USER ana\n331 Password required\n---> PASS ${marked}\n230 OK`, marked],
    'a variable of Robot Framework': [`\${LOGIN_USER}      ana\n\${LOGIN_PASSWORD}  ${dashed}\n`, dashed],
    'a macro of LaTeX': [`Passwort: \\texttt{${dashed}}`, dashed],
    'what PHP serialises': [`a:1:{s:4:"pass";s:15:"${marked}";}`, marked],
    'prose that says it has not changed': [`the pw's still ${marked} like before`, marked],
    'a pair some words away': [`Staging creds if you need them: ana / ${marked}`, marked],
    'an account by its rights': [`the board answers on 192.0.2.7, Administrator / ${marked}`, marked],
    'what opens an archive': [`a.zip is encrypted; you can unlock it with ${marked}.`, marked],
    'a phrase in prose': ['its passphrase is jackal icicle orchard cinder 61 – once', 'icicle orchard'],
    'what a server printed when it was installed': [`A temporary password is generated for root@localhost: ${marked}`, marked],
  };

  it.each(Object.entries(places))('%s', (_, [text, password]) => {
    expect(text).toContain(password);
    expect(redacted(text)).not.toContain(password.slice(0, Math.ceil(password.length / 2)));
    expect(redacted(JSON.stringify({ content: text }))).not.toContain(password.slice(0, 8));
  });
});

describe('keys that only their place gives away (C2)', () => {
  const places: Readonly<Record<string, readonly [string, string]>> = {
    'bytes written as hexadecimal digits': [`AES_KEY = bytes.fromhex("${hex}")`, hex],
    'a cipher of Node': [`crypto.createCipheriv('aes-256-cbc', Buffer.from('${hex}', 'hex'), iv);`, hex],
    'the gossip of a cluster': [`retry_join = ["192.0.2.1"]\nencrypt = "${Buffer.from(hex, 'hex').toString('base64')}"`, hex],
    'the private member of a key in XML': [`<Exponent>AQAB</Exponent><D>${hex}</D></RSAKeyValue>`, hex],
    'an expression of libgcrypt': [`(q #04AB#)\n  (d #${hex.toUpperCase()}#)))`, hex.toUpperCase()],
    'a key that signs payments': [`{"type": "PaymentSigningKey", "cborHex": "5820${hex}"}`, hex],
    'a hash of a boot loader': [`grub.pbkdf2.sha512.10000.${hex.toUpperCase().repeat(2)}.AB`, hex.toUpperCase()],
    'what stands behind an id of AWS': [`s3('https://b/*', 'AKIA${'TB3OPG6QD7DDK7SQ'}', '${drawn}${drawn.slice(0, 16)}')`, drawn],
    'a client that takes nothing else': [`solver = TwoCaptcha('${hex.slice(0, 32)}')`, hex.slice(0, 32)],
    'an attribute below its name': [`android:name="a.b.API_KEY"\n               android:value="${drawn}"`, drawn],
    'a password of an application, below': ['WP application password for the bot:\n\n    hO5v 0Fvx Qwar 0xCS Mglq 6IGz\n', 'hO5v 0Fvx'],
  };

  it('what stands below its head in a table of JSON', () => {
    const output = redacted(
      JSON.stringify({
        rows: [
          ['System', 'Seats', 'User', 'Password'],
          ['Atlas', 12, 'ana', marked],
          ['Boreas', 3, 'lotte', 'string'],
        ],
      }),
    );
    expect(output).not.toContain('Walrus');
    expect(output).toContain('"Atlas",12,"ana"');
    expect(output).toContain('"lotte","string"');
  });

  it.each(Object.entries(places))('%s', (_, [text, key]) => {
    expect(text.includes(key) || text.includes(Buffer.from(key, 'hex').toString('base64'))).toBe(true);
    const output = redacted(text);
    expect(output).not.toContain(key.slice(0, Math.ceil(key.length / 2)));
    expect(output).not.toContain(Buffer.from(key, 'hex').toString('base64').slice(0, 20) || key);
  });
});
