/**
 * What the name of a field says of its value. `password`: anything that is no placeholder. `secret`: a value that could be one.
 * `key`: only what looks drawn by chance, because keys sort, cache and map as well. `authorization` and `cookie`: as those headers are
 * written. `code`: a few digits, or what a `secret` could be. `none`: nothing.
 */
export type KeyKind = 'password' | 'secret' | 'key' | 'code' | 'authorization' | 'cookie' | 'none';

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

const PASSWORD = words(`password passwd passwords passwort passphrase pass pwd psw pw passcode psk mnemonic userpass dbpass dbpassword
  kennwort senha contrasena contraseña clave motdepasse mdp wachtwoord haslo hasło heslo jelszo lozinka parola sifre şifre sandi salasana
  losenord lösenord adgangskode passord adgangskod пароль пароля паролем парола κωδικός сifra seedphrase wepkey presharedkey psk2 storepass keypass
  passe securestring masterauth masterpassword apipassword bindpw rootpw userpw authtok sudopass becomepass smtppass`);
const SECRET =
  words(`secret token apikey apitoken authtoken accesstoken refreshtoken idtoken bearertoken secretkey secretaccesskey accesskey
  privatekey authkey signingkey encryptionkey masterkey sharedkey sessiontoken clientsecret appsecret apisecret credential credentials creds cred
  jwt bearer hmac licensekey passkey preshared sonarlogin appcertificate appcert sas sastoken accountkey sharedaccesskey primarykey2 subscriptionkey servicekey deploykey
  webhooksecret sessionkey nonce2 pat skey secretid oauthtoken xoauthtoken accesskeysecret secretid2 token2 kubeconfig ntlm nthash lmhash
  sharedsecret consumersecret botoken bottoken personalaccesstoken sessionid sessid phpsessid jsessionid connectsid csrftoken xsrftoken authcookie
  zugangsdaten anmeldedaten inloggegevens credenciales credenziali identifiants macaroon samlresponse
  authenticationtoken tokensecret keysecret secretbase secretstring jwtsecret datakey appkey recoverycode backupcode`);
/** Before `key`: keys that open something. */
const OPENING =
  words(`api secret private access auth encryption encrypt decryption signing signature sign master account subscription license licence app
  application service shared storage webhook hmac deploy ssh root admin jwt client consumer recovery backup ingest ingestion write read rest server
  management mgmt session fernet aes des rsa dsa ecdsa ed25519 pgp gpg vault unseal crypto wallet deployer signer hex rpc security base integration
  developer dev personal user admin1 automation bot maps functions function host management publishable live prod production test sandbox
  network cookie password token credential openai anthropic azure aws gcp google stripe datadog cloudant account1 primary1 secondary`);
/** Before `key` or `token`: what is public, or names a place. */
const HARMLESS =
  words(`public primary foreign cache sort partition idempotency hot row object i18n translation locale config query group dedup dedupe
  lookup hash map dict natural composite unique index candidate shard range order item entry node react list column field table s3 blob bucket file
  page next previous prev continuation cursor resume sync start end last first bos eos pad unk sep cls mask stop special image audio input output
  cached reasoning completion prompt progress total max min count num state event trigger arrow enter escape shift ctrl alt tab press up down left right meta
  registry ssm parameter param metric label tag annotation redis header json yaml form schema message topic ordering document doc data record resource
  sequence socket storagekey localstorage rate limit feature flag theme menu option setting property attribute shortcut keyboard key_value vertex edge
  symbol alias space camel snake current2 model provider line chart legend search filter vocab vocabulary cloud2 keyword new2 sibling child parent`);
/** A name that ends in one of these tells of the credential, and does not hold it. */
const TELLING =
  words(`url uri urls endpoint count counts id ids uid name names type types kind length len size limit max min budget file files filename
  path paths dir folder field fields label labels title hint text2 description desc placeholder expires expiry expiration expired expire at ttl age lifetime timeout
  header headers prefix suffix format arn ref refs reference policy required enabled disabled version ver status state algorithm alg method mode
  provider source strategy manager store storage2 service issuer audience scope scopes usage used rate cost price index idx position pos offset number
  num exists missing valid invalid error errors message reset forgot changed change updated created rotation rotated interval days hours minutes
  seconds ms date time timestamp location region bucket host hostname port email user username login page screen form input inputs output button link
  route helper helpers handler util utils class cls func fn callback listener validator validators validation rules rule hasher hashers encoder encoders regex pattern check checker generator parser
  sha spki tokenizer per visible shown hidden column columns table length2 strength similarity view group parameter param params request response code2 vault
  fingerprint thumbprint checksum digest map list2 stack trace types2 hashed key_id keyid note comment template env2 var2 variable variables limits
  encryption algo algorithms cron schedule within after before until since sent requested success succeeded failed failure protected hint2 hinweis detail details created_at char chars bytes bits usages metric metrics cap quota remaining estimate ratio sec ops dashboard doc docs documentation`);
/** Words behind the one that counts, which change nothing. */
const TRAILING =
  words(`value val str string text plain plaintext raw b64 base64 hex prod production dev development staging stage test testing live sandbox old new
  current main primary secondary default v1 v2 v3 a b x y z override enc encoded encrypted secure 1 2 3 env var prod1 backup temp tmp local orig original
  my our here again now real actual secretref2 data content bytes2 header2 cli web pypi npm ios android mobile server client base`);
/** Numbers that open something for a while, or for a person: short, and of digits alone. */
const CODES = words('pin otp totp mfacode otpcode pincode authcode verificationcode');
/** "Key" and "token" in other languages, as they stand in names. What they name must look drawn by chance. */
const FOREIGN_KEYS =
  words(`schluessel schlussel chave chiave klucz sleutel nyckel avain noekle nokkel kulcs klic cle cles clef jeton segreto segreta
  segredo geheimnis geheim anahtar cheie llave`);
const FOREIGN_KEY_ENDING = /(?:schl(?:ue|u)ssel|sleutel|nyckel|avain|geheimnis)$/;
/** "Password" in languages that put endings to it. */
const PASSWORD_STEM =
  /^(?:parolas|sifres|şifres|jelsz|hesl[aou]|hasl[aeo]|lösenord|losenord|salasana|wachtwoord|kennwort|passwort|adgangskod|passord|парол)/;
/** Before `key` only: a token for a registry opens it. */
const HARMLESS_TO_KEYS = words('shortcut registry redis header json yaml service model provider cloud2 resource document');
const STANDALONE_HARMLESS = words(
  'keypress keyword keywords keyboard monkey turkey keynote key keys keyframe tiktoken hashedsecret publickeytoken',
);

const AUTHORIZATION = words(
  'authorization proxyauthorization xauthorization wwwauthorization xforwardedauthorization authorizationheader authheader',
);
const COOKIE = words('cookie cookies setcookie cookiejar setcookie2');

/** How an unseparated name may end, upper or lower case: `SOFTLAYERAPIKEY`, `DBPASSWORD`. */
const ENDINGS: readonly [RegExp, KeyKind][] = [
  [
    /(?:password|passwd|passphrase|passwort|(?:db|user|root|admin|smtp|imap|mysql|pg|redis|ftp|ssh|sudo|login|mail|remote|local|bind|wifi|wlan|vpn|proxy)(?:pass|pwd|pw)|pwd)$/,
    'password',
  ],
  [
    /(?:api|secret|access|private|auth|master|signing|license|encryption|account|subscription|service|shared|session|app|deploy)key$/,
    'secret',
  ],
  [/(?:secret|token|apitoken|credential|credentials|accesscode)$/, 'secret'],
];
const PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[\u0080-\uffff]+/g;
/** A file that is called after what it deals with. */
const FILE =
  /\.(?:[cm]?[jt]sx?|py|go|rs|rb|php|java|kt|cs|cpp|md|html?|css|ya?ml|json|sh|sql|svg|png|pdf|docx|xlsx|pptx|iso|img|t?gz|zip|xz|deb|rpm|whl|jar|apk|dll|so(?:\.\d+)*)$/;
const LONGEST_NAME = 96;
const REMEMBERED = 4096;
const remembered = new Map<string, KeyKind>();

/** What a name says, whatever its spelling: `OPENAI_API_KEY`, `apiKey`, `spring.datasource.password`, `X-Vault-Token`. */
export function kindOfKey(name: string): KeyKind {
  if (name.length > LONGEST_NAME || name.length < 2 || FILE.test(name)) return 'none';
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const kind = classify(name);
  // A small memory, emptied when full: names come from what callers send.
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(name, kind);
  return kind;
}

function classify(name: string): KeyKind {
  const parts = (name.match(PARTS) ?? []).map((part) => part.toLowerCase());
  if (parts.length === 0) return 'none';
  const joined = parts.join('');
  if (AUTHORIZATION.has(joined) || joined.endsWith('authorization')) return 'authorization';
  if (joined.includes('securestring')) return 'password';
  if (COOKIE.has(joined) || (parts.at(-1) === 'cookie' && parts.length <= 3 && !SECRET.has(joined))) return 'cookie';
  if (joined === 'sig') return 'none';
  // So Consul and Serf call the key of their gossip.
  if (joined === 'encrypt') return 'key';
  if (STANDALONE_HARMLESS.has(joined)) return joined === 'key' ? 'key' : 'none';
  if (CODES.has(joined)) return 'code';
  if (SECRET.has(joined)) return 'secret';
  if (PASSWORD.has(joined)) return 'password';
  while (parts.length > 1 && (TRAILING.has(parts.at(-1) ?? '') || /^\d+$/.test(parts.at(-1) ?? ''))) parts.pop();
  const last = parts.at(-1) ?? '';
  if (TELLING.has(last) && !(last === 'id' && /session|sess/.test(parts.at(-2) ?? ''))) return 'none';
  if (last === 'id') return 'secret';
  return byParts(parts, joined);
}

function byParts(parts: readonly string[], joined: string): KeyKind {
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2) ?? '';
  if (parts.some((part) => (PASSWORD.has(part) && part.length > 2) || PASSWORD_STEM.test(part)))
    return PASSWORD.has(last) || parts.length <= 5 ? passwordOrNot(parts) : 'none';
  if (last === 'key' || last === 'keys') {
    if (parts.some((part) => OPENING.has(part)) && !HARMLESS.has(before)) return 'secret';
    return HARMLESS.has(before) ? 'none' : 'key';
  }
  const pair = before + last;
  if (CODES.has(last) || CODES.has(pair)) return 'code';
  if (SECRET.has(last) || SECRET.has(pair)) return HARMLESS.has(before) && !HARMLESS_TO_KEYS.has(before) ? 'none' : 'secret';
  for (const [ending, kind] of ENDINGS) if (ending.test(last) && last.length < 40) return kind;
  if (last === 'hash' && ['key', 'token', 'cert'].includes(before)) return 'none';
  if (last === 'sk' && parts.length > 1) return 'key';
  if (['auth', 'pw', 'salt', 'sig', 'dsn', 'sid', 'seed'].includes(last)) return last === 'pw' ? 'password' : 'key';
  if (parts.some((part) => FOREIGN_KEYS.has(part) || FOREIGN_KEY_ENDING.test(part))) return 'key';
  if (joined.includes('contribsys')) return 'secret';
  if (/secret(?!smanager)|apikey|accesskey/.test(joined) && !parts.includes('secrets')) return 'key';
  return parts.includes('token') || parts.includes('key') ? 'key' : 'none';
}

/** `password_label` tells of one, `my_password_super_secure` holds one, `compare_password_hash` neither. */
function passwordOrNot(parts: readonly string[]): KeyKind {
  if (parts.includes('hash') || parts.includes('has') || parts.includes('is')) return 'key';
  return 'password';
}
