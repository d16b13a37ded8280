import { eachMatch } from './each-match.ts';
import type { FindingSink } from './findings.ts';
import { isPlaceholder } from './plausibility.ts';
import { looksLikePassword, looksRandom } from './randomness.ts';

/**
 * Options of command lines that take a password without saying so: `-p` means something else to every program. Matched on single
 * lines that hold the program's name; the value is the group. `strict` values must look like a password.
 */
interface Command {
  readonly program: RegExp;
  readonly option: RegExp;
  readonly strict: boolean;
}

const VALUE = String.raw`(?:"([^"\n]{1,256})"|'([^'\n]{1,256})'|((?:[^\s"';|&]|&(?=[^\s&])){1,256}))`;
const after = (program: string, option: string, strict = false): Command => ({
  program: new RegExp(String.raw`\b(?:${program})\b`, 'i'),
  option: new RegExp(String.raw`\s(?:${option})${VALUE}`, 'gi'),
  strict,
});

/** Programs whose last argument is the password. */
const BY_PLACE =
  'rabbitmqctl|smbpasswd|samba-tool|wpa_passphrase|mosquitto_passwd|ejabberdctl|prosodyctl|asadmin|networksetup|mc alias set|mkstore|bundle config|composer config|poetry config|neo4j-admin';

const COMMANDS: readonly Command[] = [
  after('mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mysqlimport|mycli', '-p(?=[^\\s])'),
  after('twine|altool|notarytool', '-p\\s+'),
  after('signtool', '/p\\s+'),
  after('racadm', '-p\\s+', true),
  after('openconnect', '<<<\\s*'),
  after('nuget', '(?:-k|--api-key|-ApiKey)\\s+', true),
  after('sqlplus|sqlldr|expdp|impdp', '[\\w.$#]{1,64}/(?=\\S{4,128}@)'),
  after('sshpass', '-p\\s*'),
  after('redis-cli|iredis', '(?:-a|--pass)\\s+'),
  after('docker login|podman login|buildah login|skopeo login|helm registry login|nerdctl login|oras login|crane auth login', '-p\\s+'),
  after('mongo|mongosh|mongodump|mongorestore|cqlsh|sqoop|rdesktop|vncdo|az login|az ad|oc login|influx|nmcli', '-p\\s+', true),
  after('sqlcmd|bcp|isql|osql|tsql|mosquitto_pub|mosquitto_sub|7z|7za|zip|unzip|rar|unrar|xfreerdp', '(?:-P|-hp|/p:)\\s*', true),
  after('ldapsearch|ldapadd|ldapmodify|ldapdelete|ldappasswd|ldapwhoami|sshuttle', '-w\\s+'),
  after('curl', '(?:-b|--cookie)\\s+["\']?[\\w.%-]{1,64}=', true),
  after('openssl', '-(?:pass|passin|passout|passwd)\\s+pass:'),
  after('cryptsetup', '<<<\\s*'),
  after('openssl', '-(?:k|K)\\s+', true),
  after('keytool|jarsigner|apksigner', '-(?:storepass|keypass|srcstorepass|deststorepass|ks-pass|key-pass)\\s+(?:pass:)?'),
  after('net use', '\\\\\\\\\\S{1,120}\\s+(?:/user:\\S{1,120}\\s+)?'),
  after('net user', '\\S{1,64}\\s+(?=\\S+\\s+/add)'),
  after('cmdkey|psexec|runas|schtasks|net user', '(?:/pass:|-p\\s+|/rp\\s+|/p\\s+)'),
  after(
    'htpasswd',
    '(?:-[a-zA-Z]{1,8}\\s+){0,3}-[a-zA-Z]{0,8}b[a-zA-Z]{0,8}\\s+(?:-[a-zA-Z]{1,8}\\s+){0,3}(?!-)\\S{1,120}\\s+\\S{1,64}\\s+',
  ),
  after('ipmitool', '-P\\s+', true),
  after('snmpwalk|snmpget|snmpset', '-[AX]\\s+'),
  after('snmpwalk|snmpget|snmpset', '-c\\s+', true),
  after(
    'vault login|vault unseal|vault operator unseal|op signin|doppler login|npm login|sentry-cli login|railway login|heroku auth',
    '(?:-method=\\w+\\s+)?(?:token=)?',
    true,
  ),
  after('gh secret set|gh variable set|fly secrets set|wrangler secret put', '(?:--body|-b)\\s*'),
  after(
    'echo|printf',
    '(?=["\']?\\S{8,}["\']?\\s*\\|\\s*(?:sudo -S|passwd|docker login|gh (?:auth|secret)|npm login|chpasswd|vercel env|(?:npx |pnpm |bunx |yarn )?wrangler secret|fly secrets|docker secret|pass insert|podman|gcloud secrets|aws secretsmanager|kubectl|vault|op |wpa_passphrase|kinit|sshpass|cryptsetup))',
    true,
  ),
  // Who, and then by which password.
  after(BY_PLACE, '\\S{1,120}\\s+(?=\\S{6,128}\\s*$)', true),
  after(
    'cypher-shell|clickhouse-client|beeline|hdbsql|vsql|nzsql|evil-winrm|crackmapexec|nxc|useradd|usermod|expo|kinit',
    '-[pw]\\s+',
    true,
  ),
  after(
    'az keyvault|aws|gcloud|doctl|pulumi|ssh-keygen|ngrok|cloudflared|swaks|security|secret-tool|pass',
    '(?:--value|--secret|-[NPtwp]|-ap)[= ]\\s*',
    true,
  ),
  after('lftp|ncftp|ftp', '-u\\s+[^\\s,]{1,64},', true),
  after('wget|http|https|xh', '(?:--password|--http-password|--ftp-password|--proxy-password)[= ]'),
];
/** Whom, and behind a colon by which password: the last group. Or a key in the place of both. */
const USER_AND_PASSWORD: readonly RegExp[] = [
  /\b(?:curl|wget|http|https|xh|aria2c|smbclient|rpcclient|httpie|etcdctl|skopeo|ttyd)\b[^\n]{0,400}?\s(?:-u|--user|-U|--proxy-user|-a|--auth|--http-user|-c|--(?:src-|dest-)?creds|--credential)[= ]?\s{0,4}["']?(?:[\w.-]{1,32}[\\/])?([^\s:%"'/]{1,64})[:%]([^\s"']{3,256})/gi,
  /\bcurl\b[^\n]{0,400}?\s(?:-u|--user)[= ]?\s{0,4}["']?([\w-]{20,256})(?=:[\s"']|:$)/gi,
  /\becho (?:-[en] )?["']?([\w.@-]{1,64}):([^\s"']{3,256})["']?\s*\|\s*(?:sudo )?chpasswd/gi,
  /\b(?:chpasswd|newusers)\b[^\n]{0,4}<<<\s{0,2}["']?([^\s:"']{1,64}):([^\s"']{3,256})/gi,
];
/** The programs above. Lines are looked at one by one, so that a search for one option never runs over the whole text. */
export const PROGRAMS: readonly string[] =
  `mysql mosquitto_ mariadb mycli sshpass redis-cli iredis docker podman buildah skopeo helm nerdctl oras crane mongo cqlsh sqoop rdesktop vncdo az· oc·login
   influx nmcli sqlcmd bcp· isql osql tsql 7z mkstore zip· unzip· rar· unrar· altool notarytool xfreerdp ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami sshuttle openssl keytool
   jarsigner apksigner net·use net·user cmdkey psexec runas schtasks htpasswd snmpwalk snmpget snmpset vault op·signin doppler npm·login
   sentry-cli railway heroku gh·secret fly·secrets wrangler echo· printf· lftp ncftp ftp· wget curl http· https· httpie xh· aria2c smbclient
   rpcclient chpasswd newusers twine nuget· sqlplus sqlldr expdp impdp
   rabbitmqctl smbpasswd samba-tool wpa_passphrase ejabberdctl prosodyctl asadmin networksetup mc·alias bundle·config composer·config poetry·config
   cypher-shell clickhouse-client beeline hdbsql vsql nzsql evil-winrm crackmapexec nxc· useradd usermod expo· kinit az·keyvault aws· gcloud doctl
   signtool racadm openconnect etcdctl ttyd security· ipmitool cryptsetup pulumi ssh-keygen ngrok cloudflared swaks secret-tool neo4j-admin cargo·login`
    .trim()
    .split(/[ \n]+/)
    .map((name) => name.replace('·', ' '));
const FARTHEST_BACK = 256;
const LONGEST_LINE = 2048;
const FARTHEST_OPTION = 200;

/** The command line around a program's name. Gives where it ends. */
export function findCommand(text: string, at: number, sink: FindingSink): number {
  const before = text.slice(Math.max(0, at - FARTHEST_BACK), at);
  const start = at - before.length + before.lastIndexOf('\n') + 1;
  const window = text.slice(start, start + LONGEST_LINE);
  const newline = window.search(/[^\\]\n/);
  const line = newline < 0 ? window : window.slice(0, newline + 1);
  findInLine(line.replaceAll('\\\n', '  '), start, sink);
  return start + line.length;
}

/** Without one of these a line holds no password to a program of the lists. */
const OPTION = new RegExp(String.raw`[ \t][-/][-\w]|[ \t]\\\\|pass:|<<<|\||[ \t]token=|login[ \t]|\w/\S{4,128}@|${BY_PLACE}`);

function findInLine(line: string, offset: number, sink: FindingSink): void {
  if (!OPTION.test(line)) return;
  const add = (found: RegExpExecArray, value: string): void => {
    const place = offset + found.index + found[0].lastIndexOf(value);
    sink.add(place, place + value.length, 'command_line');
  };
  for (const { program, option, strict } of COMMANDS) {
    const called = program.exec(line);
    if (called === null) continue;
    const behind = called.index + called[0].length;
    eachMatch(option, line, (found) => {
      if (
        found.index < behind ||
        found.index - behind > FARTHEST_OPTION ||
        /[|;]/.test(line.slice(behind, found.index).replaceAll(/"[^"]*"|'[^']*'/g, ''))
      )
        return;
      const value = found[1] ?? found[2] ?? found[3] ?? '';
      if (value.length < 4 || isPlaceholder(value) || (found[3] !== undefined && /^[-/]/.test(value))) return;
      // Another option of the program.
      if (strict && /^[a-z_]{2,24}=/.test(value)) return;
      if (!strict || looksLikePassword(value) || looksRandom(value, 12)) add(found, value);
    });
  }
  for (const pattern of USER_AND_PASSWORD) {
    eachMatch(pattern, line, (found) => {
      const value = found.at(-1) ?? '';
      if (!isPlaceholder(value) && !/^\/\/|\$\w|\$\{|\[|<|\{/.test(value)) add(found, value);
    });
  }
}
