import type { DeliveryRow } from '../../data/webhook-delivery.entity.js';
import type { WebhookRow } from '../../data/webhook-endpoint.entity.js';

/** An endpoint without its secrets. */
export type WebhookView = Pick<
  WebhookRow,
  | 'id'
  | 'organisationId'
  | 'url'
  | 'description'
  | 'eventTypes'
  | 'status'
  | 'secretVersion'
  | 'previousExpiresAt'
  | 'failingSince'
  | 'createdAt'
  | 'updatedAt'
>;

/** One that was just made, or whose secret was: the only time the secret is shown. */
export type WebhookWithSecret = WebhookView & { readonly secret: string };

export function toWebhookView(row: WebhookRow): WebhookView {
  const { id, organisationId, url, description, eventTypes, status, secretVersion } = row;
  const { previousExpiresAt, failingSince, createdAt, updatedAt } = row;
  return {
    id,
    organisationId,
    url,
    description,
    eventTypes,
    status,
    secretVersion,
    previousExpiresAt,
    failingSince,
    createdAt,
    updatedAt,
  };
}

export type DeliveryView = Omit<DeliveryRow, 'expiresOn' | 'organisationId' | 'endpointId'>;

export function toDeliveryView({
  expiresOn: _day,
  organisationId: _organisation,
  endpointId: _endpoint,
  ...view
}: DeliveryRow): DeliveryView {
  return view;
}
