import { declareStore } from '../../contracts/store-inventory.js';

declareStore({
  store: 'outside.identity-providers',
  description: 'Identity providers: that somebody wants to sign in, and the tokens they gave themselves; nothing else of the account',
  place: { kind: 'outside', recipient: 'the identity provider the person or their organisation has chosen' },
  dataClasses: ['account_profile'],
  subject: 'account_holder',
  located: 'by the id at the provider, in `external_identity`',
  retention: { kind: 'recipient', terms: 'the person has an account there by terms of their own' },
  export: { withheld: 'the person’s own account there has it' },
  erasure: { ask: 'the provider, by the person: the account there is theirs' },
  holds: { state: 'technical', code: 'secret', refresh_token: 'secret', client_secret: 'secret' },
});

declareStore({
  store: 'outside.names',
  description: 'Look-ups of the proof that a domain is an organisation’s, and of addresses to connect to',
  place: { kind: 'outside', recipient: 'the name servers of the machine and of the domain' },
  settings: ['LETHE_DNS_SERVERS'],
  dataClasses: ['configuration'],
  subject: 'organisation',
  located: 'by the name of the domain, in `captured_domain`',
  retention: { kind: 'recipient', terms: 'names of hosts and domains, as in any connection' },
  export: 'elsewhere',
  erasure: 'not_personal',
  holds: { name: 'tenant_data' },
});
