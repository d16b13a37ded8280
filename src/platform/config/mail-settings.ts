import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { IsNetwork } from './is-network.js';
import { IsSmtpUrl } from './is-smtp-url.js';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

/** A bare address, or a name with the address in angle brackets; nothing that could begin another header. */
const SENDER = /^(?:[^<>"\p{Cc}]{1,100} <[^\s@<>"]{1,64}@[^\s@<>"]{1,255}>|[^\s@<>"]{1,64}@[^\s@<>"]{1,255})$/u;

/** How Lethe reaches people and programs: e-mail, webhooks and what is remembered of them. */
export class MailSettings {
  @Setting({
    section: 'Mail',
    env: 'LETHE_PUBLIC_URL',
    description: 'Where people reach this installation: links in mails begin with it.',
    defaultText: '`http://127.0.0.1:<LETHE_PORT>` in development',
  })
  @IsOptional()
  @IsWebUrl()
  publicUrl?: string;

  @Setting({
    section: 'Mail',
    env: 'LETHE_SMTP_URL',
    secret: true,
    description:
      'Mail server, such as `smtp://user:password@mail.example.com:587` (STARTTLS) or `smtps://…:465`. Without it mails are written to `<data folder>/outbox-mail` in development; in production nothing that needs mail can be used.',
  })
  @IsOptional()
  @IsSmtpUrl()
  smtpUrl?: string;

  @Setting({
    section: 'Mail',
    env: 'LETHE_MAIL_FROM',
    description: 'Who mails come from, such as `Example AI <no-reply@example.com>`. The name is also how mails call the service.',
    defaultText: '`Lethe <no-reply@localhost>` in development',
  })
  @IsOptional()
  @Matches(SENDER)
  mailFrom?: string;

  @Setting({
    section: 'Mail',
    env: 'LETHE_SMTP_ALLOW_PLAINTEXT',
    kind: 'boolean',
    description: 'Whether production hands mails to a server without TLS. Only for one on the same machine or in the same pod (S1).',
  })
  @IsBoolean()
  smtpAllowPlaintext = false;

  @Setting({
    section: 'Mail',
    env: 'LETHE_SENDGRID_EVENT_KEY',
    description: 'Public key of SendGrid’s Event Webhook (base64). With it `/api/v1/mail-events/sendgrid` takes signed delivery events.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9+/]{80,400}={0,2}$/)
  sendgridEventKey?: string;

  @Setting({
    section: 'Mail',
    env: 'LETHE_WEBHOOK_PRIVATE_NETWORKS',
    kind: 'list',
    description: 'CIDR blocks a webhook may be sent into although they are not public. Everything else private is refused (SSRF).',
    defaultText: '`127.0.0.0/8,::1/128` in development, none in production',
  })
  @IsOptional()
  @IsNetwork({ each: true })
  webhookPrivateNetworks?: string[];
}
