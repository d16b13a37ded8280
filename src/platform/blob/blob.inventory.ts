/** Who keeps blobs when it is not this machine. For `declareStore`, called by `app/`. */
export const blobStores = [
  {
    store: 'outside.bucket',
    description: 'The S3-compatible service that keeps blobs, when a bucket is set: it sees sealed objects, their names, sizes and times',
    place: { kind: 'outside', recipient: 'the storage service the operator has chosen' },
    settings: ['LETHE_BLOB_DIR', 'LETHE_BLOB_S3_BUCKET', 'LETHE_BLOB_S3_ENDPOINT'],
    dataClasses: ['backup', 'payload'],
    subject: 'account_holder',
    located: 'by the name of the object, as in each part of the blob store',
    retention: {
      kind: 'recipient',
      terms: 'an object and all its versions go when Lethe deletes it; what the service keeps after that is by its agreement',
    },
    export: 'elsewhere',
    erasure: { ask: 'the service, by deleting the objects and their versions' },
    holds: { name: 'identifier', object: 'secret' },
  },
] as const;
