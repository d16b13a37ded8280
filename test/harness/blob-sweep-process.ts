import 'reflect-metadata';
import { ContentBlobs } from '../../src/modules/content/core/keeping/content-blobs.js';
import { SweepBlobs } from '../../src/modules/content/core/keeping/sweep-blobs.js';
import { ContentBlobsRepository } from '../../src/modules/content/data/content-blobs.repository.js';
import { S3Bucket, type S3BucketOptions } from '../../src/platform/blob/s3-bucket.js';
import { TestAuditLog } from './audit-log.js';
import { sweepStore } from './sweeps.js';

// One sweep of large content in a bucket, as a round of retention makes it at a moment of the caller's choice; prints how many objects it removed.
const { url, nowMs, bucket } = JSON.parse(process.argv[2] ?? '{}') as { url: string; nowMs: number; bucket: S3BucketOptions };
const log = await TestAuditLog.open(url);
const sweeping = new SweepBlobs(new ContentBlobs(new S3Bucket(bucket), log.unitOfWork, new ContentBlobsRepository()));
const { rows } = await sweepStore(sweeping, nowMs);
await log.close();
process.stdout.write(`removed ${rows}\n`);
process.exit(0);
