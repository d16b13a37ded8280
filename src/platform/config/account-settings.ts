import { ArrayNotEmpty, IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

const SIGN_IN_METHODS = ['password', 'email_link', 'oidc', 'saml', 'webauthn'] as const;

/** How people sign up and in, and for how long (A1, A5, A6). */
export class AccountSettings {
  @Setting({
    section: 'Accounts',
    env: 'LETHE_SIGN_IN_METHODS',
    kind: 'list',
    description:
      'Ways to sign in: `password`, `email_link`, `oidc`, `saml`, `webauthn`. An empty list leaves the API to keys and operator tokens.',
    defaultText: 'what the policy profile says',
  })
  @IsIn(SIGN_IN_METHODS, { each: true })
  signInMethods: (typeof SIGN_IN_METHODS)[number][] = [...SIGN_IN_METHODS];

  @Setting({
    section: 'Accounts',
    env: 'LETHE_SIGN_UP',
    description:
      'Who may make an account: `open` (anyone), `invitation` (whoever an organisation invites or its directory brings) or `closed`.',
  })
  @IsIn(['open', 'invitation', 'closed'])
  signUp: 'open' | 'invitation' | 'closed' = 'invitation';

  @Setting({
    section: 'Accounts',
    env: 'LETHE_SIGN_UP_IDENTIFIERS',
    kind: 'list',
    description:
      'What people make accounts with: `email` (proven by a mailed link), `username` (no address at all; needs `LETHE_SIGN_UP=open` and sign-in by `password`).',
    defaultText: 'what the policy profile says',
  })
  @ArrayNotEmpty()
  @IsIn(['email', 'username'], { each: true })
  signUpIdentifiers: ('email' | 'username')[] = ['email'];

  @Setting({
    section: 'Accounts',
    env: 'LETHE_MINIMUM_AGE',
    kind: 'integer',
    description:
      'Age a person must say to have reached when signing up; only the yes is kept, with its date and this number (A6). Not less than the policy profile says.',
    defaultText: 'what the policy profile says',
  })
  @IsInt()
  @Min(13)
  @Max(21)
  minimumAge = 16;

  @Setting({
    section: 'Accounts',
    env: 'LETHE_ACCOUNT_PHONE',
    description: 'Whether a person may leave a phone number: `off` or `optional`. Nothing is ever sent to it.',
    defaultText: 'what the policy profile says',
  })
  @IsIn(['off', 'optional'])
  accountPhone: 'off' | 'optional' = 'off';

  @Setting({
    section: 'Accounts',
    env: 'LETHE_PEOPLE_CREATE_ORGANISATIONS',
    kind: 'boolean',
    description:
      'Whether whoever is signed in may create an organisation. A new one falls back to the routes of the installation’s own organisation: set limits before.',
  })
  @IsBoolean()
  peopleCreateOrganisations = false;

  @Setting({
    section: 'Accounts',
    env: 'LETHE_PASSWORD_COST',
    kind: 'integer',
    description: 'Cost of new bcrypt hashes, as a power of two (K5). Older hashes are renewed when their owner signs in.',
  })
  @IsInt()
  @Min(12)
  @Max(16)
  passwordCost = 12;

  @Setting({
    section: 'Accounts',
    env: 'LETHE_SESSION_COOKIE',
    description:
      '`browser`: the session cookie goes when the browser closes. `lasting`: it stays until the session ends (A5), where the policy profile allows that.',
    defaultText: 'what the policy profile says',
  })
  @IsIn(['browser', 'lasting'])
  sessionCookie: 'browser' | 'lasting' = 'browser';

  @Setting({
    section: 'Accounts',
    env: 'LETHE_SESSION_IDLE_MINUTES',
    kind: 'integer',
    description: 'A session that is not used for so long has ended.',
  })
  @IsInt()
  @Min(5)
  @Max(43_200)
  sessionIdleMinutes = 720;

  @Setting({
    section: 'Accounts',
    env: 'LETHE_SESSION_DAYS',
    kind: 'integer',
    description:
      'A session ends after so many days, however much it is used; never after more than the profile keeps places (`network_trace`).',
  })
  @IsInt()
  @Min(1)
  @Max(90)
  sessionDays = 7;

  @Setting({
    section: 'Accounts',
    env: 'LETHE_DNS_SERVERS',
    kind: 'list',
    description: 'Resolvers that are asked whether an organisation owns an e-mail domain, such as `9.9.9.9` or `[2620:fe::fe]:53`.',
    defaultText: 'those of the machine',
  })
  @Matches(/^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\[[0-9a-fA-F:.]+\](?::\d{1,5})?|[0-9a-fA-F:]+)$/, { each: true })
  dnsServers: string[] = [];

  @Setting({
    section: 'Accounts',
    env: 'LETHE_GEOIP_DATABASE',
    defaultText: 'none: places are not shown',
    description:
      'A GeoIP database in MMDB format (country or city). Looked up on this machine; only country and region are kept, never an address.',
  })
  @IsOptional()
  @IsString()
  geoipDatabase?: string;
}
