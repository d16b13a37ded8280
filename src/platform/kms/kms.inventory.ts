/** Where keys are. For `declareStore`, called by `app/`. */
export const kmsStores = [
  {
    store: 'files.root-key',
    description: 'The root keys of an installation without a key service, and the lock of whoever changes them',
    place: { kind: 'files', path: 'root-key.json*' },
    settings: ['LETHE_ROOT_KEY_FILE'],
    dataClasses: ['configuration'],
    subject: 'none',
    retention: {
      kind: 'installation',
      reason: 'without it no credential can be opened; an old version is kept until nothing is sealed under it',
    },
    export: 'not_personal',
    erasure: 'not_personal',
    holds: { key: 'secret' },
  },
  {
    store: 'outside.key-service',
    description:
      'The key service that wraps data keys: AWS KMS, Vault or OpenBao, a PKCS#11 token. It sees a key and what the key is bound to',
    place: { kind: 'outside', recipient: 'the key service the operator has chosen' },
    settings: ['LETHE_AWS_KMS_ENDPOINT', 'LETHE_VAULT_ADDR', 'LETHE_PKCS11_LIBRARY'],
    dataClasses: ['operational'],
    subject: 'none',
    retention: { kind: 'recipient', terms: 'what it was asked stays in its own audit log' },
    export: 'not_personal',
    erasure: 'not_personal',
    holds: { data_key: 'secret', organisation: 'identifier', record: 'identifier' },
  },
] as const;
