import { declareStore } from '../../contracts/store-inventory.js';

declareStore({
  store: 'outside.webhooks',
  description: 'Events posted to the addresses an organisation has named: ids, enums and numbers',
  place: { kind: 'outside', recipient: 'the organisation itself, at an address of its own' },
  dataClasses: ['security_log'],
  purpose: 'messages',
  legalBasis: 'contract',
  subject: 'organisation',
  located: 'by the organisation whose endpoint it is',
  retention: { kind: 'recipient', terms: 'the organisation is the controller of what it was sent' },
  export: 'elsewhere',
  erasure: { ask: 'the organisation, which has it as a controller of its own' },
  holds: { event: 'technical', ids: 'identifier', detail: 'tenant_data' },
});
