import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { OutboundAddresses } from '../../../../platform/http/outbound-address.js';
import { AppendToFile } from './append-to-file.js';
import type { CheckpointDestination } from './checkpoint-destination.js';
import { PostToWebhook } from './post-to-webhook.js';
import { PutIntoBucket } from './put-into-bucket.js';

/** Where the settings say that checkpoints go: any number of the three, or nowhere. */
@Injectable()
export class CheckpointDestinations {
  readonly all: readonly CheckpointDestination[];

  constructor(settings: Settings, addresses: OutboundAddresses) {
    const { auditPublishFile: file, auditPublishWebhook: webhook, auditPublishS3Bucket: bucket } = settings;
    this.all = [
      ...(file === undefined ? [] : [new AppendToFile(file)]),
      ...(webhook === undefined ? [] : [new PostToWebhook(webhook, addresses)]),
      ...(bucket === undefined ? [] : [new PutIntoBucket(bucket, settings, addresses)]),
    ];
  }
}
