import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../../platform/config/settings.js';
import { createMailTransport } from '../../platform/mail/mail-factory.js';
import { MailTransport } from '../../platform/mail/mail-transport.js';
import { Log } from '../../platform/telemetry/logger.js';
import { AuditModule } from '../audit/audit.module.js';
import { AddressHash } from './core/address-hash.js';
import { ComposeMail } from './core/compose-mail.js';
import { MailPermission } from './core/mail-permission.js';
import { MailQueue } from './core/mail-queue.js';
import { KeySurroundings, NotificationKeys } from './core/notification-keys.js';
import { QueuedMailer } from './core/queued-mailer.js';
import { MailPost, MailReport, SendMail } from './core/send-mail.js';
import { UnsubscribeLinks } from './core/unsubscribe-links.js';
import { MarketingConsentEntity } from './data/marketing-consent.entity.js';
import { NotificationKeyEntity } from './data/notification-key.entity.js';
import { NotificationKeyRepository } from './data/notification-key.repository.js';
import { NotificationPreferenceEntity } from './data/notification-preference.entity.js';
import { OutgoingMailEntity } from './data/outgoing-mail.entity.js';
import { OutgoingMailRepository } from './data/outgoing-mail.repository.js';
import { PreferencesRepository } from './data/preferences.repository.js';
import { SuppressedAddressEntity } from './data/suppressed-address.entity.js';
import { SuppressedAddressesRepository } from './data/suppressed-addresses.repository.js';
import { GiveUpMailsJob } from './jobs/give-up-mails.job.js';
import { RewrapNotificationKeyJob } from './jobs/rewrap-notification-key.job.js';
import { SendMailJob } from './jobs/send-mail.job.js';
import { Mailer } from './notifications.contract.js';

/** Mail, notices and webhooks. Offers {@link Mailer}. Needs the outbox. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      NotificationKeyEntity,
      OutgoingMailEntity,
      SuppressedAddressEntity,
      NotificationPreferenceEntity,
      MarketingConsentEntity,
    ]),
    AuditModule,
  ],
  providers: [
    NotificationKeyRepository,
    OutgoingMailRepository,
    SuppressedAddressesRepository,
    PreferencesRepository,
    KeySurroundings,
    NotificationKeys,
    AddressHash,
    UnsubscribeLinks,
    MailPermission,
    MailQueue,
    ComposeMail,
    MailPost,
    MailReport,
    SendMail,
    SendMailJob,
    GiveUpMailsJob,
    RewrapNotificationKeyJob,
    { provide: MailTransport, useFactory: createMailTransport, inject: [Settings, Log] },
    { provide: Mailer, useClass: QueuedMailer },
  ],
  exports: [Mailer],
})
export class NotificationsModule {}
