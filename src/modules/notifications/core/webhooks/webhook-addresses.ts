import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { OutboundAddresses } from '../../../../platform/http/outbound-address.js';

const DEVELOPMENT_NETWORKS = ['127.0.0.0/8', '::1/128'];

/**
 * Where webhooks may go. A list of its own: an operator who lets upstreams lie in a private network has not let every customer send requests
 * into it.
 */
@Injectable()
export class WebhookAddresses extends OutboundAddresses {
  constructor(settings: Settings) {
    super(settings.webhookPrivateNetworks ?? (settings.environment === 'development' ? DEVELOPMENT_NETWORKS : []));
  }
}
