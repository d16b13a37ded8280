import { declareTable } from '../contracts/data-inventory.js';
import { declareStore } from '../contracts/store-inventory.js';
import { blobStores } from '../platform/blob/blob.inventory.js';
import { databaseServerStores } from '../platform/database/database-server.inventory.js';
import { browserStores } from '../platform/http/browser.inventory.js';
import { kmsStores } from '../platform/kms/kms.inventory.js';
import { mailStores } from '../platform/mail/mail.inventory.js';
import { queueStores, queueTables } from '../platform/queue/queue.inventory.js';
import { telemetryStores } from '../platform/telemetry/telemetry.inventory.js';

// The platform says what it keeps and may not reach up to the contracts: it is declared here.
queueTables.forEach(declareTable);
[...blobStores, ...browserStores, ...databaseServerStores, ...kmsStores, ...mailStores, ...queueStores, ...telemetryStores].forEach(
  declareStore,
);

declareStore({
  store: 'files.bootstrap',
  description: 'What the first start of a development installation made: its address, its keys and whether it came to an end',
  place: { kind: 'files', path: 'bootstrap.*' },
  dataClasses: ['configuration'],
  subject: 'none',
  retention: { kind: 'installation', reason: 'development only; whoever tries Lethe out looks their key up in it' },
  export: 'not_personal',
  erasure: 'not_personal',
  holds: { operator_token: 'secret', api_key: 'secret', url: 'technical', ids: 'identifier' },
});
declareStore({
  store: 'files.lock',
  description: 'Which process has the data folder',
  place: { kind: 'files', path: 'lethe.lock*' },
  dataClasses: ['operational'],
  subject: 'none',
  retention: { kind: 'installation', reason: 'one line, written anew at each start' },
  export: 'not_personal',
  erasure: 'not_personal',
  holds: { process: 'technical' },
});
