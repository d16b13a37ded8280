import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatorPatterns } from './operator-patterns.ts';
import { RedactionEngine } from './redact-body.ts';

const engine = new RedactionEngine({ personalData: false, patterns: [] });
const redacted = (text: string, known: readonly string[] = []): string | undefined => engine.redactText(text, known)?.text;

/** Token-looking text is put together here, so that none stands in the repository. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const random = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: LETTERS.length - 1 }), { minLength: length, maxLength: length })
    .map((places) => places.map((place) => LETTERS[place]).join(''))
    // A real one is drawn by chance and has all kinds of characters; what fast-check shrinks to does not.
    .filter((text) => new Set(text).size > length / 2 && /\d\D+\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text));
const token = fc
  .tuple(fc.constantFrom('ghp', 'sk-proj', 'glpat', 'xoxb', 'hf', 'npm'), random(40))
  .map(([prefix, body]) => `${prefix}${prefix.length > 3 || prefix === 'sk-proj' ? '-' : '_'}${body}`);

type Wrap = (text: string) => string;
const json: Wrap = (text) => JSON.stringify({ messages: [{ role: 'user', content: `see ${text} here` }] });
const wraps: Readonly<Record<string, Wrap>> = {
  json,
  'json as a key': (text) => JSON.stringify({ [text]: 1 }),
  'escaped slashes': (text) => json(text).replaceAll('/', '\\/'),
  'all of it as \\u': (text) =>
    `{"content":"${text
      .split('')
      .map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')}"}`,
  'percent escapes': (text) =>
    `https://example.com/?q=${text
      .split('')
      .map((each) => `%${each.charCodeAt(0).toString(16)}`)
      .join('')}`,
  entities: (text) =>
    `<p>${text
      .split('')
      .map((each) => `&#${each.charCodeAt(0)};`)
      .join('')}</p>`,
  base64: (text) => `data: ${Buffer.from(`a configuration with ${text} in it`).toString('base64')}`,
  'zero width': (text) => text.split('').join('\u200b'),
  'full width': (text) => text.replace(/[!-~]/g, (each) => String.fromCharCode(each.charCodeAt(0) + 0xfee0)),
  'string put together': (text) => `const key = "${text.slice(0, 12)}" +\n  "${text.slice(12)}";`,
  'broken JSON': (text) => `${json(text).slice(0, -2)} and then`,
  'event stream': (text) => `event: delta\ndata: ${json(text)}\n\n`,
};
const nesting = fc.array(fc.constantFrom('json', 'escaped slashes', 'event stream', 'entities'), { maxLength: 2 });

describe('redaction of a text (C2)', () => {
  it.each(Object.keys(wraps))('no token survives: %s, also in further layers', (name) => {
    fc.assert(
      fc.property(token, nesting, (secret, outer) => {
        const text = outer.reduce((inner, each) => (wraps[each] as Wrap)(inner), (wraps[name] as Wrap)(secret));
        const output = redacted(text);
        expect(output).not.toBe(text);
        expect(output ?? '').not.toContain(secret.slice(8));
      }),
      { numRuns: 25 },
    );
  });

  it('a known secret is found in every encoding, whatever it looks like', () => {
    const secret = 'correct horse/battery+staple';
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('hex'),
      JSON.stringify({ a: JSON.stringify({ b: secret }) }),
    ];
    for (const pad of ['', 'x', 'xy']) forms.push(Buffer.from(`${pad}${secret}${pad}`).toString('base64'));
    for (const form of forms) {
      const output = redacted(`before ${form} after`, [secret]) ?? '';
      expect(output, form).toContain('[redacted]');
      expect(output).not.toContain(form.slice(8, 20));
    }
  });

  it('valid JSON stays valid, and redacting twice changes nothing', () => {
    const names = fc.constantFrom('password', 'api_key', 'token', 'authorization', 'name', 'value', 'd', 'kty', 'content', 'max_tokens');
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      token,
      random(24),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        values,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 4 }),
        tie('tree').map((each) => JSON.stringify(each)),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 2), (value, indent) => {
        const output = redacted(JSON.stringify(value, null, indent));
        if (output === undefined) return;
        expect(() => JSON.parse(output) as unknown).not.toThrow();
        expect(redacted(output)).toBe(output);
      }),
      { numRuns: 200 },
    );
  });

  it('never fails, whatever the bytes, and gives back unchanged what it has nothing against', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const outcome = engine.redactBody(bytes, {}, []);
        if (typeof outcome === 'object' && Object.keys(outcome.findings).length === 0)
          expect(Buffer.from(outcome.body)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 300 },
    );
    const odd = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x22, 0x80]);
    expect(engine.redactBody(odd, {}, [])).toMatchObject({ body: odd, findings: {} });
  });

  it('cuts in the raw text: duplicate keys, huge integers and spacing stay', () => {
    const secret = `s3cr3t-${'q7Zk'.repeat(4)}`;
    const text = `{ "password" : "${secret}", "n": 123456789012345678901234567890, "password":"${secret}2", "pin" : 1.0 }`;
    expect(redacted(text)).toBe('{ "password" : "[redacted]", "n": 123456789012345678901234567890, "password":"[redacted]", "pin" : 1.0 }');
    expect(redacted('{"password":48151623}')).toBe('{"password":0}');
    expect(redacted('{"portal_pin":794522,"otp":"702914","pin":1234}')).toBe('{"portal_pin":0,"otp":"[redacted]","pin":1234}');
  });

  it('what a provider has to read again stays: ids, signatures, encrypted reasoning, schemas', () => {
    const id = 'q7ZkW2mXv9LtR4sPbY8nC3dF';
    const text = JSON.stringify({
      max_tokens: 4096,
      messages: [
        {
          id: `msg_${id}`,
          tool_calls: [{ id: `call_${id}` }],
          content: [{ type: 'thinking', signature: Buffer.from(id.repeat(6)).toString('base64') }],
        },
        { type: 'reasoning', encrypted_content: `gAAAAA${id.repeat(4)}`, id: `rs_${id}`, previous_response_id: `resp_${id}` },
        { type: 'tool_use', id: `toolu_${id}`, input: { completion: `chatcmpl-${id}` } },
      ],
      tools: [
        { input_schema: { properties: { password: { type: 'string', description: "the user's password" } }, required: ['password'] } },
      ],
    });
    expect(redacted(text)).toBe(text);
  });

  it('compressed bodies cannot be looked into, and headers pass an allow-list', () => {
    expect(engine.redactBody(Buffer.from([0x1f, 0x8b, 8]), {}, [])).toBe('unreadable');
    expect(engine.redactBody(Buffer.from('{}'), { 'Content-Encoding': 'br' }, [])).toBe('unreadable');
    const outcome = engine.redactBody(
      Buffer.from('{}'),
      { Authorization: 'Bearer x', Cookie: 'a=b', 'Content-Type': 'application/json', 'User-Agent': 'me' },
      [],
    );
    expect(outcome).toMatchObject({ headers: { 'content-type': 'application/json' } });
    expect(Object.keys((outcome as { headers: object }).headers)).toHaveLength(1);
  });

  it('patterns of the operator are taken within bounds, and cut', () => {
    const own = new RedactionEngine({ personalData: false, patterns: ['PAT-[0-9]{6}'] });
    expect(own.redactText('patient PAT-123456 came', [])).toMatchObject({ text: 'patient [redacted] came', findings: { pattern: 1 } });
    for (const bad of ['(', 'a*', '(?=a)', 'a'.repeat(257), '((a{100}){100}){100}'])
      expect(OperatorPatterns.compile([bad])).toMatchObject({ index: 0 });
    expect(OperatorPatterns.compile(Array.from({ length: 33 }, () => 'a'))).toMatchObject({ index: 32 });
    expect(() => new RedactionEngine({ personalData: false, patterns: ['('] })).toThrow(RangeError);
  });
});

describe('places a secret stands in (C2)', () => {
  const secret = ['q7ZkW2mX', 'v9LtR4sP', 'bY8nC3dF'].join('');
  const places: Readonly<Record<string, string>> = {
    'lines with their numbers': `     1\tname: API_KEY\n     2\tvalue: "${secret}"`,
    'a quoted block': `> api_key: |\n>   ${secret}`,
    'a column below its head': `id,name,api_key\n1,alice,${secret}\n2,bob,${secret}X`,
    'a table of a database client': ` id | api_key\n----+------\n  1 | ${secret}\n`,
    'a Secret of Kubernetes as JSON': JSON.stringify({ data: { 'key-id': Buffer.from(secret).toString('base64') }, kind: 'Secret' }),
    'the default of an environment variable': `'api_key' => env('API_KEY', '${secret}')`,
    'an assignment in R': `api_key <- "${secret}"`,
    'a property of C#': `public string ApiKey { get; set; } = "${secret}";`,
    'what an element holds': `<string name="api_key" translatable="false">${secret}</string>`,
    'a test that types': `cy.get('#api-key').type('${secret}')`,
    'an answer in a chat': `alice: what is the API key?\nbob: ${secret}`,
    'a session of FTP': `USER deploy\nPASS ${secret}\n230 OK`,
    'a key called in Polish': `KLUCZ_API=${secret}`,
    'a key called in Italian': `<dt>chiave API</dt><dd>${secret}</dd>`,
    'an arrow in a note': `client key \u2192 ${secret}`,
    'a block of Markdown': `The API key:\n\n\`\`\`\n${secret}\n\`\`\``,
    'an option of Scala': `val apiKey: Option[String] = Some("${secret}")`,
    'a parameter of CloudFormation': `[{"ParameterKey":"ClientKey","ParameterValue":"${secret}"}]`,
    'what a shell reads': `read -r api_key <<< "${secret}"`,
    'what a test expects': `expect(config.clientSecret).toBe('${secret}')`,
    'what a function returns': `function apiToken() { return '${secret}' }`,
    'a row of SQL': `INSERT INTO accounts (id, api_key) VALUES (1, '${secret}');`,
    'a parameter of a template': `"parameters": {"adminKey": {"type": "securestring", "defaultValue": "${secret}"}}`,
    'the third argument of a connection': `new PDO('mysql:host=db', $user, '${secret}')`,
    'an attribute of Android': `<meta-data android:name="x.API_KEY" android:value="${secret}" />`,
    'Swedish prose': `L\u00f6senordet till servern \u00e4r ${secret}`,
    'the line below a sentence': `\u2714 Your new API token was created:\n    ${secret}\nStore it now.`,
    'the last argument of a client': `client := NewClient("https://api.example.com", "${secret}", 30*time.Second)`,
    'the account of a call': `ssh.connect('host', 22, 'deploy', '${secret}')`,
    'the account of a call in a call': `new Client(auth=("rzp_live_x", "${secret}"))`,
    'what a call signs with': `jwt.sign(payload, '${secret}', { expiresIn: '1h' })`,
    'a request that is refused': `Warum bekomme ich mit ${secret} einen 401?`,
    'a dictionary of keys': `API_KEYS = {\n    'openai': '${secret}',\n}`,
    'members of a block of JSON': JSON.stringify({ secrets: { stripe: secret } }),
    'members of a list of JSON': JSON.stringify({ tokens: [secret] }),
    'the rows of an insert': `INSERT INTO users (email, password) VALUES ('a@b.example', '${secret}');`,
    'cookies a browser saved': JSON.stringify({ cookies: [{ name: 'session', value: secret }] }),
    'a mail in quoted-printable': `Content-Transfer-Encoding: quoted-printable\n\nYour API token=3A ${secret.slice(0, 12)}=\n${secret.slice(12)}\n`,
    'the colours of a terminal': `\u001b[32mAPI_KEY\u001b[0m=\u001b[1m${secret}\u001b[0m`,
    'a part of a form': `Content-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--b--`,
    'secrets of CHAP': `# client server secret\nalice * "${secret}" *\n`,
    'the last argument of a program': `rabbitmqctl add_user deploy ${secret}`,
    'the second option of a program': `snmpwalk -v3 -A first-Passw0rd -X ${secret} host`,
    'a pipe into chpasswd': `echo "deploy:${secret}" | sudo chpasswd`,
    'a slice of bytes in Rust': `const JWT_SECRET: &[u8] = b"${secret}";`,
    'a link that lets in': `https://app.example.com/reset-password/${secret}`,
    'an element behind its key': `<String><Key>Password</Key><Value ProtectInMemory="True">${secret}</Value></String>`,
    'a token issued by nobody known': `see zzq_${secret}${secret.slice(0, 12)} here`,
    'a static key of OpenVPN': `-----BEGIN OpenVPN Static key V1-----\n${Buffer.from(secret).toString('hex')}\n-----END OpenVPN Static key V1-----`,
    'an assertion of a test': `AssertionError: expected api_key to equal '${secret}' but got ''`,
    'a verb in Chinese': `\u6211\u7684 api key \u662f ${secret}\uff0c\u4e3a\u4ec0\u4e48\u8fd4\u56de 401`,
    'a particle in Japanese': `api key\u306f\u300c${secret}\u300d\u3067\u3059`,
    'a block of Markdown below a sentence': `Here is the access token you need:\n\`\`\`\n${secret}\n\`\`\`\nThanks`,
    'a name and a password in German': `Zugangsdaten: deploy / ${secret}`,
    'a name and a password to log in with': `You can log in with deploy:${secret}`,
    'a national string of SQL': `ALTER LOGIN app WITH PASSWORD = N'${secret}';`,
    'a password hashed by SQL': `SELECT crypt('${secret}', gen_salt('bf'));`,
    'a login to another server in SQL': `EXEC sp_addlinkedsrvlogin 'S', 'false', NULL, 'app', '${secret}'`,
    'a dump of PostgreSQL': `COPY public.users (id, email, password) FROM stdin;\n1\ta@b.example\t${secret}\n\\.\n`,
    'a value piped in PowerShell': `'${secret}' | ConvertTo-SecureString -AsPlainText -Force`,
    'a value of the registry': `    DefaultPassword    REG_SZ    ${secret}`,
    'an attribute of DynamoDB': JSON.stringify({ Item: { password: { S: secret } } }),
    'what an agent types': JSON.stringify({ name: 'browser_type', input: { element: 'Password field', text: secret } }),
    'a token by the host it is for': JSON.stringify({ 'github-oauth': { 'github.com': secret } }),
    'a password of Kickstart': `rootpw --plaintext ${secret}`,
    'a password of HAProxy': `  stats auth admin:${secret}`,
    'the password of a replica of Redis': `masterauth ${secret}`,
    'a password of Dovecot': `deploy:{PLAIN}${secret}:1000:1000::/home/deploy`,
    'a key of OSPF': `ip ospf message-digest-key 1 md5 ${secret}`,
    'a script of FTP': `open ftp.example.com\nuser deploy ${secret}\nbinary`,
    'an answer in SMTP': `334 UGFzc3dvcmQ6\r\n${Buffer.from(secret).toString('base64')}\r\n235 ok`,
    'the address of a stream': `rtmp://live.example.com/app/${secret}`,
    'a password of an archive': `unzip -P ${secret} a.zip`,
    'a response of SAML': `SAMLResponse=${secret}${secret}&RelayState=x`,
    'the secret half of a key pair': `HUAWEICLOUD_SDK_SK=${secret}`,
    'a macaroon': `Grpc-Metadata-macaroon: ${Buffer.from(secret).toString('hex')}`,
    'a token of PASETO': `use v4.local.${secret}${secret} here`,
    'a key of Laravel': `base64:${Buffer.from(`${secret}12345678`).toString('base64')}`,
    'a key of Django': `django-insecure-${secret}#x&(y`,
    'a key of Mailgun': `**${Buffer.from(secret).toString('hex').slice(0, 32)}-${'1a2b3c4d'}-${'9f8e7d6c'}**`,
    'a hash in a file of Compose': `users=admin:$$apr1$$q7ZkW2mX$$${secret}`,
    'a token of many parts': `snyk_uat.${'1a2b3c4d'}.${secret}-${secret}`,
    'a name and a password beside it': `user jana / pass ${secret}`,
    'French prose': `mon mot de passe c'est ${secret}`,
    'the heads of a table in quotes, inside a body': `400 body={"prompt":"\\"Title\\",\\"Password\\"\\n\\"NAS\\",\\"${secret}\\""}`,
    'a web key inside a text': `see\n\`\`\`\n{"keys":[{"kty":"oct","k":"${secret}","alg":"HS256"}]}\n\`\`\``,
    'character data of XML': `<property name="db.password"><![CDATA[a<${secret}]]></property>`,
    'a secure string by another name': `$account = ConvertTo-SecureString -String "${secret}" -AsPlainText`,
    'a value over two lines': `RELAY_SECRET="${secret.slice(0, 12)}\n${secret.slice(12)}" does not work`,
    'an answer to a question': `[10:02] a: what is the password for staging?\n[10:03] b: ${secret}\n[10:03] a: thanks`,
    'a cookie of a command': `curl -b 'sid_value=${secret}' https://a.example`,
    'a value typed into a field found by its role': `page.getByRole('textbox', { name: 'Password' }).fill('${secret}')`,
    'a scheme of a provider’s own': `Authorization: KakaoAK ${secret}\nHost: dapi.example`,
    'a token of an address, in parts': `https://graph.example/1?fields=id&access_token=MLY|3812469857572299|${secret}`,
    'what is said of it now': `J'ai changé le mdp du wifi, c'est maintenant ${secret}`,
    'brackets between name and value': `Voici la clé (secret) de Wiz : ${secret} — elle fonctionne`,
    'whom and by what in Python': `requests.get(url, auth=("lotte", "${secret}"), timeout=10)`,
    'a database of PHP': `$db = new mysqli('db6.internal', 'carlos', '${secret}', 'copper', 3306);`,
    'a stack trace of PHP': `#0 Connector.php(70): PDO->__construct('mysql:host=mq2.example', 'lotte', '${secret}', Array)`,
    'what AWS takes in Ruby': `Aws::Credentials.new('AKIA${'TB3OPG6QD7DDK7SQ'}', '${secret}')`,
    'a key that is decoded first': `Keypair.fromSecretKey(bs58.decode("${secret}"))`,
    'a secret to sign with, behind an object': `jwt.sign({ sub: user.id }, '${secret}', { expiresIn: '1h' });`,
    'options before the file': `htpasswd -b -c /etc/nginx/.htpasswd ingrid '${secret}'`,
    'a key without a password': `curl https://api.example/export -u ${secret}: -d from=2025`,
    'what a program run by npx is told': `echo ${secret} | npx wrangler secret put RECAPTCHA`,
    'an option of a mount': `//nas/data /mnt cifs username=marta,password=${secret.slice(0, 8)}.${secret.slice(8)},uid=1000,vers=3.0 0 0`,
    'a member of a hash of Perl': `$ENV{SAUCE_ACCESS_KEY} = '${secret}';`,
    'Korean prose': `APPVEYOR_TOKEN 값은 ${secret} 입니다.`,
    'a share of Windows, behind who connects to it': `net use Z: \\\\srv\\daten /user:CORP\\repl ${secret} /persistent:yes`,
    'a table of LaTeX': `\\begin{tabular}{ll}\nHost & Password \\\\\nvelvet & ${secret} \\\\\n\\end{tabular}`,
    'a table in lines': `│ user   │ password     │\n├────────┼──────────────┤\n│ deploy │ ${secret} │\n`,
    'a hook of Make': `Webhook: https://hook.eu2.make.com/${secret}${secret.slice(0, 8)} (on new row)`,
    'a value typed into a field found by a selector': JSON.stringify({ selector: 'input[name="password"]', value: secret }),
  };

  it.each(Object.entries(places))('%s', (_, text) => {
    const output = redacted(text) ?? '';
    expect(output).not.toContain(secret.slice(0, 12));
    expect(output).not.toContain(secret.slice(12));
    expect(output).not.toContain(Buffer.from(secret).toString('base64').slice(0, 16));
    expect(output).not.toContain(Buffer.from(secret).toString('hex').slice(0, 24));
  });

  it('a token that was broken over lines goes with all of them', () => {
    const part = (text: string): string => Buffer.from(text).toString('base64url');
    const jwt = `${part('{"alg":"HS256","typ":"JWT"}')}.${part(`{"sub":"614627055","name":"${secret}"}`)}.${part(secret.repeat(2))}`;
    const lines = jwt.match(/.{1,72}/g) ?? [];
    const output = redacted(`The token of the browser:\n${lines.join('\n')}\nWhat are its claims?`) ?? '';
    for (const line of lines) expect(output).not.toContain(line.slice(0, 20));
    expect(output).toContain('What are its claims?');
  });

  it('a key as a list of its bytes goes, and vectors that count up stay', () => {
    const bytes = [...Buffer.from(secret)];
    const hexadecimal = bytes.map((each) => `0x${each.toString(16)}`).join(', ');
    expect(redacted(`const u1_t APPKEY[24] = { ${hexadecimal} };`)).not.toContain(hexadecimal.slice(0, 20));
    expect(redacted(`network_key: [${bytes.join(', ')}]`)).not.toContain(bytes.slice(0, 6).join(', '));
    expect(redacted(`~/.config/solana/id.json\n[${[...bytes, ...bytes].join(',')}]`)).not.toContain(bytes.slice(0, 6).join(','));
    const vector = `signing_key = [${Array.from({ length: 32 }, (_, index) => index).join(', ')}]`;
    expect(redacted(vector)).toBe(vector);
  });

  it('recovery codes of any number and shape go', () => {
    expect(redacted('Your recovery codes: CBkfg-u55Ej-Hovm2-tvYa4-6cc2h')).toBe('Your recovery codes: [redacted]');
    expect(redacted('Wiederherstellungscodes:\n4172 4209\n9770 3547\n')).toBe('Wiederherstellungscodes:\n[redacted]');
    expect(redacted('2FA secret key: 7n4f 6lq4 6sw5 uuft z5rm 4mnx')).toBe('2FA secret key: [redacted]');
  });

  it('the words of a wallet go, numbered or on the next line', () => {
    const words = 'lunch feed equal inch message frequent fruit grunt penalty idle zone actor';
    const numbered = words.split(' ').map((word, index) => `${index + 1}. ${word}`);
    expect(redacted(`Secret recovery phrase:\n${numbered.join('\n')}\n`)).toBe('Secret recovery phrase:\n[redacted]\n');
    expect(redacted(`wallet recovery phrase\n${words}`)).toBe('wallet recovery phrase\n[redacted]');
  });

  it('a passphrase of a property list goes', () => {
    const list = '<key>BACKUP_PASSPHRASE</key>\n<string>Thistle-Quartz@63</string>';
    expect(redacted(list)).not.toContain('Quartz');
    expect(redacted('Use `Lantern2023@z` as the root password when you run it')).not.toContain('Lantern');
  });

  it('a code for once is cut where it is called one', () => {
    expect(redacted('Your verification code is 483920. Do not share it.')).toBe('Your verification code is [redacted]. Do not share it.');
    expect(redacted('The exit code is 483920.')).toBe('The exit code is 483920.');
    expect(redacted('626588 is your one-time password.')).toBe('[redacted] is your one-time password.');
    expect(redacted('Ihr Best\u00e4tigungscode lautet: 311565')).toBe('Ihr Best\u00e4tigungscode lautet: [redacted]');
    for (const words of ['SIM PIN', 'my PIN is', 'Die PIN lautet']) expect(redacted(`${words} 057351`)).toBe(`${words} [redacted]`);
  });
});
