import type { FindingSink } from './findings.ts';
import { kindOfKey } from './key-names.ts';
import { isChosen, isSecretValue } from './plausibility.ts';
import { looksLikePassword, looksRandom } from './randomness.ts';

/** Calls that take a password behind whom it belongs to. Found by how their names end. */
const OF_ACCOUNTS = `auth( auth=( login( connect( ftp( smtp( imap( credential( credentials( createuser( adduser( passwordauthentication(
  getconnection( pdo( __construct( mysqli( credentials.new( jwt.sign( jwt.encode( jwt.verify( jwt.decode( authenticate( signin( logon( setcredentials( pw_set( bind_s( wifi.begin( userpass( connection( database( newinstance( open(`;
/** Calls that take a key, alone or behind the address it is for. */
const OF_CLIENTS = `client( wallet( sdk( sendline( writeline( setkey( withkey( fromkey( signer( keypair( configure( initialize( authenticator( geocode( geocoder( translator(
  hmac( hmac.new( fernet( cookieparser( handler( algoliasearch( twilio( captcha( .init( sparkpost(`;

/** What an automaton looks for, and whether the call takes a password. */
export const CALLS: readonly { readonly literal: string; readonly account: boolean }[] = [
  ...OF_ACCOUNTS.split(/\s+/).map((literal) => ({ literal, account: true })),
  ...OF_CLIENTS.split(/\s+/).map((literal) => ({ literal, account: false })),
];

const MOST_ARGUMENTS = 8;
/** One argument, named or not: in quotes, or an expression without any; then what ends it. */
const ARGUMENT =
  /\s{0,40}(?:([A-Za-z_]\w{0,32})\s?[:=]\s?)?(?:[bfru@$]{0,2}(["'`])((?:(?!\2)[^\n\\]|\\.){0,256})\2|\{[^{}\n]{0,200}\}|[^"'`,()\n]{1,80})\s{0,40}([,)])?/y;
const ADDRESS = /^[a-z][a-z+.-]{1,20}:\/\/|^\/|@\w/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The strings among the arguments of a call that opens at `at`. Gives where they were read to. */
export function findInCall(text: string, at: number, account: boolean, sink: FindingSink): number {
  let end = at;
  let behindAddress = false;
  // Whom and by which password, and nothing else, as HTTP clients of Python take them.
  const isPair = text.startsWith('auth=(', at - 6);
  for (let index = 0; index < MOST_ARGUMENTS; index++) {
    ARGUMENT.lastIndex = end;
    const found = ARGUMENT.exec(text);
    if (found === null) return end;
    const [whole, name, quote, value, stop] = found;
    end += whole.length;
    if (value !== undefined && quote !== undefined) {
      const start = at + text.slice(at, end).lastIndexOf(quote + value + quote) + 1;
      const isSecret = account
        ? index > 0 && (isPair ? isSecretValue('password', value, 'assigned') && looksLikePassword(value) : isPassword(value))
        : isKey(value, behindAddress);
      if (isSecret && (name === undefined || kindOfKey(name) !== 'none')) sink.add(start, start + value.length, 'credential');
      behindAddress ||= ADDRESS.test(value);
    }
    // An argument that is a call itself is looked at for its own name.
    if (text[end] === '(') return end - whole.length;
    if (stop !== ',') return end;
  }
  return end;
}

/** Stricter than behind a name: hosts, databases and options stand in such calls as well. */
function isPassword(value: string): boolean {
  if (ADDRESS.test(value) || !isSecretValue('password', value, 'loose')) return false;
  return (
    looksRandom(value, 8) ||
    isChosen(value) ||
    (/\d/.test(value) && (/[^\w.:/ -]/.test(value) || /^(?=.*[A-Z])(?=.*[a-z])\w+$/.test(value)))
  );
}

/** The id of a project is a UUID more often than a key is, and stands where no address is. */
function isKey(value: string, behindAddress: boolean): boolean {
  if (ADDRESS.test(value) || /\s/.test(value) || (UUID.test(value) && !behindAddress)) return false;
  return looksRandom(value, 20) && isSecretValue('key', value, 'quoted');
}
