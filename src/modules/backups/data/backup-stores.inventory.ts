import { declareStore } from '../../../contracts/store-inventory.js';

/** The first segment of the keys of backups. */
export const BACKUPS_PREFIX = 'backups';
/** The first segment of the keys of the erasure ledger's copies. */
export const ERASURES_PREFIX = 'erasures';

declareStore({
  store: 'blobs.backups',
  description: 'Backups of the database: a manifest, and an object for each table, sealed under a data key of the backup’s own',
  place: { kind: 'blob', prefix: BACKUPS_PREFIX },
  dataClasses: ['backup'],
  subject: 'account_holder',
  located: 'not at all: a backup is opened as a whole, and erasures are done again before what was restored is served',
  retention: { kind: 'window' },
  export: { withheld: 'the same stands in the tables it was made from' },
  erasure: 'expires',
  holds: { manifest: 'technical', part: 'secret' },
});

declareStore({
  store: 'blobs.erasures',
  description: 'Copies of the erasure ledger beside the database, sealed; read when an older database was restored',
  place: { kind: 'blob', prefix: ERASURES_PREFIX },
  dataClasses: ['backup'],
  subject: 'none',
  retention: { kind: 'window' },
  export: 'not_personal',
  erasure: 'not_personal',
  holds: { records: 'identifier' },
});

declareStore({
  store: 'files.drill',
  description: 'The database of a test restore, on a server of its own without a port: there while the drill runs, and removed with it',
  place: { kind: 'files', path: 'drill' },
  dataClasses: ['backup'],
  subject: 'account_holder',
  located: 'not at all: it is removed as a whole',
  retention: { kind: 'transient', within: 'P1D' },
  export: { withheld: 'the same stands in the tables it was made from' },
  erasure: 'expires',
  holds: { rows: 'personal' },
});

declareStore({
  store: 'postgresql.drill',
  description:
    'The scratch database of a test restore, `lethe_drill_…`, where the operator allows one on their server: there while the drill runs',
  place: { kind: 'server', product: 'PostgreSQL' },
  settings: ['LETHE_BACKUP_DRILL_ON_SERVER'],
  dataClasses: ['backup'],
  subject: 'account_holder',
  located: 'not at all: it is dropped as a whole',
  retention: { kind: 'transient', within: 'P1D' },
  export: { withheld: 'the same stands in the tables it was made from' },
  erasure: 'expires',
  holds: { rows: 'personal' },
});
