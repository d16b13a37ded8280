import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../../platform/config/settings.js';
import { createMailTransport } from '../../platform/mail/mail-factory.js';
import { KeySurroundings } from '../../platform/kms/installation-key.js';
import { MailTransport } from '../../platform/mail/mail-transport.js';
import { Log } from '../../platform/telemetry/logger.js';
import { AuditModule } from '../audit/audit.module.js';
import { AddressHash } from './core/address-hash.js';
import { ChangePreferences } from './core/change-preferences.js';
import { CommittedNotices } from './core/committed-notices.js';
import { ComposeMail } from './core/compose-mail.js';
import { MailToMembers } from './core/mail-to-members.js';
import { MailPermission } from './core/mail-permission.js';
import { MailQueue } from './core/mail-queue.js';
import { NotificationKeys } from './core/notification-keys.js';
import { NotificationsExpiry } from './core/notifications-expiry.js';
import { QueuedMailer } from './core/queued-mailer.js';
import { ReadNotices } from './core/read-notices.js';
import { DeliveryEventBooks, RecordDeliveryEvents } from './core/record-delivery-events.js';
import { MailPost, MailReport, SendMail } from './core/send-mail.js';
import { UnsubscribeLinks } from './core/unsubscribe-links.js';
import { AskForDelivery } from './core/webhooks/ask-for-delivery.js';
import { AuditedWebhooks } from './core/webhooks/audited-webhooks.js';
import { ChangeWebhook } from './core/webhooks/change-webhook.js';
import { CreateWebhook } from './core/webhooks/create-webhook.js';
import { DeliverWebhook, DeliveryBooks, DeliverySurroundings } from './core/webhooks/deliver-webhook.js';
import { DisableWebhook, DisablingRecord } from './core/webhooks/disable-webhook.js';
import { DeliveryDesk, PublishWebhookEvent } from './core/webhooks/publish-webhook-event.js';
import { ReadWebhooks } from './core/webhooks/read-webhooks.js';
import { RetryWebhooks } from './core/webhooks/retry-webhooks.js';
import { RotateWebhookSecret } from './core/webhooks/rotate-webhook-secret.js';
import { WebhookAddresses } from './core/webhooks/webhook-addresses.js';
import { WebhookPost } from './core/webhooks/webhook-post.js';
import { WebhookSecrets } from './core/webhooks/webhook-secrets.js';
import { AccountNoticeEntity } from './data/account-notice.entity.js';
import { MailDeliveryEventEntity } from './data/mail-delivery-event.entity.js';
import { MarketingConsentEntity } from './data/marketing-consent.entity.js';
import { NotificationKeyEntity } from './data/notification-key.entity.js';
import { NotificationPreferenceEntity } from './data/notification-preference.entity.js';
import { OrganisationNoticeEntity } from './data/organisation-notice.entity.js';
import { OutgoingMailEntity } from './data/outgoing-mail.entity.js';
import { SuppressedAddressEntity } from './data/suppressed-address.entity.js';
import { WebhookDeliveryEntity } from './data/webhook-delivery.entity.js';
import { WebhookEndpointEntity } from './data/webhook-endpoint.entity.js';
import { WebhookEventEntity } from './data/webhook-event.entity.js';
import { DeliveriesRepository } from './data/deliveries.repository.js';
import { MailDeliveryEventsRepository } from './data/mail-delivery-events.repository.js';
import { NoticesRepository } from './data/notices.repository.js';
import { OutgoingMailRepository } from './data/outgoing-mail.repository.js';
import { PreferencesRepository } from './data/preferences.repository.js';
import { SuppressedAddressesRepository } from './data/suppressed-addresses.repository.js';
import { WebhooksRepository } from './data/webhooks.repository.js';
import { AccountNoticesController } from './http/account-notices.controller.js';
import { MailEventsController } from './http/mail-events.controller.js';
import { OrganisationNoticesController } from './http/organisation-notices.controller.js';
import { PreferencesController } from './http/preferences.controller.js';
import { UnsubscribeController } from './http/unsubscribe.controller.js';
import { WebhookDeliveriesController } from './http/webhook-deliveries.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { DeliverWebhookJob } from './jobs/deliver-webhook.job.js';
import { GiveUpMailsJob } from './jobs/give-up-mails.job.js';
import { RetryWebhooksJob } from './jobs/retry-webhooks.job.js';
import { RewrapNotificationKeyJob } from './jobs/rewrap-notification-key.job.js';
import { SendMailJob } from './jobs/send-mail.job.js';
import { Mailer, Notices, OrganisationMail } from './notifications.contract.js';
import './notifications.inventory.js';

const MAIL = [
  OutgoingMailRepository,
  SuppressedAddressesRepository,
  MailDeliveryEventsRepository,
  KeySurroundings,
  NotificationKeys,
  AddressHash,
  UnsubscribeLinks,
  MailQueue,
  MailPermission,
  ComposeMail,
  MailPost,
  MailReport,
  SendMail,
  DeliveryEventBooks,
  RecordDeliveryEvents,
  SendMailJob,
  GiveUpMailsJob,
  RewrapNotificationKeyJob,
];

const TELLING = [NoticesRepository, PreferencesRepository, ReadNotices, ChangePreferences, NotificationsExpiry];

const WEBHOOKS = [
  DeliveriesRepository,
  WebhooksRepository,
  AskForDelivery,
  AuditedWebhooks,
  ChangeWebhook,
  CreateWebhook,
  DeliverWebhook,
  DeliveryBooks,
  DeliverySurroundings,
  DisableWebhook,
  DisablingRecord,
  DeliveryDesk,
  PublishWebhookEvent,
  ReadWebhooks,
  RetryWebhooks,
  RotateWebhookSecret,
  WebhookAddresses,
  WebhookPost,
  WebhookSecrets,
  DeliverWebhookJob,
  RetryWebhooksJob,
];

/** Mail, notices inside the product, and webhooks. Offers {@link Mailer}, {@link OrganisationMail} and {@link Notices}. Needs the outbox. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      AccountNoticeEntity,
      MailDeliveryEventEntity,
      MarketingConsentEntity,
      NotificationKeyEntity,
      NotificationPreferenceEntity,
      OrganisationNoticeEntity,
      OutgoingMailEntity,
      SuppressedAddressEntity,
      WebhookDeliveryEntity,
      WebhookEndpointEntity,
      WebhookEventEntity,
    ]),
    DiscoveryModule,
    AuditModule,
  ],
  controllers: [
    AccountNoticesController,
    MailEventsController,
    OrganisationNoticesController,
    PreferencesController,
    UnsubscribeController,
    WebhookDeliveriesController,
    WebhooksController,
  ],
  providers: [
    ...MAIL,
    ...TELLING,
    ...WEBHOOKS,
    { provide: MailTransport, useFactory: createMailTransport, inject: [Settings, Log] },
    { provide: Mailer, useClass: QueuedMailer },
    { provide: OrganisationMail, useClass: MailToMembers },
    { provide: Notices, useClass: CommittedNotices },
  ],
  exports: [Mailer, OrganisationMail, Notices],
})
export class NotificationsModule {}
