import { declareStore } from '../../contracts/store-inventory.js';

declareStore({
  store: 'outside.providers',
  description: 'Model providers: what a call asks them, after the headers and fields they do not need are left out (C9)',
  place: { kind: 'outside', recipient: 'the provider that the route of the call leads to' },
  settings: ['LETHE_STAND_IN_URL'],
  dataClasses: ['payload', 'configuration'],
  subject: 'end_user',
  located: 'by the id the provider gave its answer, in the record of the call; an end user only if the client sent their id along',
  retention: {
    kind: 'recipient',
    terms: 'as agreed with the provider; “do not store” and “do not train” are asked for wherever there is a flag (C8)',
  },
  export: { withheld: 'the organisation that called has it' },
  erasure: { ask: 'by the agreement of whoever’s account at the provider it is' },
  holds: { body: 'personal', credential: 'secret', client_request_id: 'personal' },
});
