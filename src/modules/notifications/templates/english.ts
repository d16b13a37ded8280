import type { Language } from './wording.js';

const NOT_YOU = 'If this was not you, act now: {service} cannot tell you from somebody who has your sign-in.';

export const ENGLISH: Language = {
  tag: 'en',
  greeting: 'Hello,',
  linkBelow: 'Or open this address:',
  footer: 'This mail was sent by {service} because of your account or of something done with your address. Nobody reads replies to it.',
  unsubscribe: 'No more mails like this',
  unsubscribePage: {
    ask: 'Stop mails of this kind?',
    button: 'Stop them',
    done: 'Done. You get no more mails of this kind.',
  },
  terms: {
    owner: 'owner',
    admin: 'admin',
    billing: 'billing',
    developer: 'developer',
    viewer: 'viewer',
    privacy_officer: 'privacy officer',
    totp_added: 'an authenticator app was added',
    totp_removed: 'the authenticator app was removed',
    webauthn_added: 'a security key or passkey was added',
    webauthn_removed: 'a security key or passkey was removed',
    recovery_codes_replaced: 'new recovery codes were made',
    recovery_code_used: 'a recovery code was used',
    webauthn_suspended: 'a security key was suspended, because its counter went back as a copied key’s does',
    codes_guessed: 'several wrong codes were tried after a first proof that it is you',
    reset: 'all second factors were removed',
    password: 'password',
    email_link: 'e-mail link',
    oidc: 'another provider',
    saml: 'your organisation',
    webauthn: 'passkey',
    new_country: 'it was used from a new country',
    burst: 'it was suddenly used far more often than usual',
    spend: 'it spent far more than usual',
    abuse: 'it was used against the terms of service',
    minor: 'its owner is said to be too young',
    security: 'to protect it',
    operator: 'decided by the operator',
    customer_request: 'asked for by your organisation',
    incident: 'an incident',
    security_review: 'a security review',
    billing_dispute: 'a dispute about a bill',
    legal_request: 'a legal request',
    data_subject_request: 'a request of a person about their own data',
  },
  messages: {
    sign_in_link: {
      subject: 'Your sign-in link',
      paragraphs: [
        'Follow this link in the browser you asked for it with.',
        { action: 'Sign in' },
        'It works once, for {minutes}. If you did not ask for it, do nothing: without it nobody gets in.',
      ],
    },
    confirm_email: {
      subject: 'Confirm your e-mail address',
      paragraphs: [
        'Somebody, we hope you, uses this address at {service}.',
        { action: 'Confirm the address' },
        'The link works for {hours}. If it was not you, do nothing.',
      ],
    },
    email_change_requested: {
      subject: 'Your e-mail address is about to change',
      paragraphs: [
        'Somebody who is signed in to your account asked to replace this address by another one. It is replaced once the new one is confirmed.',
        'If this was not you, stop it:',
        { action: 'Keep this address' },
      ],
    },
    email_change_confirm: {
      subject: 'Confirm your new e-mail address',
      paragraphs: [
        'This is to be the new address of an account at {service}.',
        { action: 'Use this address' },
        'The link works for {hours}. If it was not you, do nothing.',
      ],
    },
    email_changed: {
      subject: 'Your e-mail address was changed',
      paragraphs: [
        'Mails about your account go to another address from now on; this is the last one here.',
        'If this was not you, take it back:',
        { action: 'Take the change back' },
      ],
    },
    account_recovery: {
      subject: 'Get back into your account',
      paragraphs: [
        'Somebody, we hope you, cannot sign in any more.',
        { action: 'Recover the account' },
        'The link works once, for {minutes}. If it was not you, do nothing: your account stays as it is.',
      ],
    },
    sign_up_attempted: {
      subject: 'You have an account already',
      paragraphs: [
        'Somebody wanted to make an account at {service} with this address. It has one already, so nothing was made.',
        'If it was you, sign in as usual, or recover the account if you cannot.',
        { action: 'Sign in' },
        'If it was not you, there is nothing to do.',
      ],
    },
    password_changed: {
      subject: 'Your password was changed',
      paragraphs: ['The password of your account at {service} was changed.', NOT_YOU, { action: 'Secure the account' }],
    },
    second_factor_changed: {
      subject: 'Your second factor was changed',
      paragraphs: ['The second factor of your account at {service} changed: {change}.', NOT_YOU, { action: 'Secure the account' }],
    },
    identity_linked: {
      subject: 'Another sign-in opens your account',
      paragraphs: ['Your account at {service} can now be signed in to through “{provider}”. You can unlink it in your account.', NOT_YOU],
    },
    new_sign_in: {
      subject: 'A new sign-in to your account',
      paragraphs: [
        'Your account at {service} was signed in to from a device it has not seen before: {device}, {when}.',
        'Place: {place}.',
        'By: {method}.',
        NOT_YOU,
        { action: 'Look at your sessions' },
      ],
    },
    invitation: {
      subject: 'An invitation',
      paragraphs: [
        'You are invited to the organisation “{organisation}” at {service}, as {role}.',
        'Invited by: {inviter}.',
        { action: 'Look at the invitation' },
        'The link works for {days}. If you know nothing of it, do nothing.',
      ],
    },
    role_changed: {
      subject: 'Your role has changed',
      paragraphs: ['In the organisation “{organisation}” your role is now: {role}.'],
    },
    member_removed: {
      subject: 'You have left an organisation',
      paragraphs: ['You are no longer a member of the organisation “{organisation}”. What you did there stays with it.'],
    },
    ownership_offered: {
      subject: 'An organisation is offered to you',
      paragraphs: [
        'An owner of the organisation “{organisation}” at {service} wants to hand its ownership on to you.',
        'Sign in to take it or to decline. The offer stands for {days}; if you do nothing, nothing changes.',
      ],
    },
    ownership_transferred: {
      subject: 'An organisation has a new owner',
      paragraphs: ['The ownership of the organisation “{organisation}” was handed on.'],
    },
    break_glass_opened: {
      subject: 'The operator has opened access to your organisation',
      paragraphs: [
        'Staff of {service} opened access to the organisation “{organisation}”. It ends by itself: {until}.',
        'Reason: {reason}.',
        'What is done meanwhile is in your audit log.',
      ],
    },
    key_blocked: {
      subject: 'An API key was blocked',
      paragraphs: [
        'The API key “{key}” of the organisation “{organisation}” was blocked: {reason}.',
        'An owner or admin can release it. If it may have leaked, replace it instead.',
      ],
    },
    key_suspected: {
      subject: 'Unusual use of an API key',
      paragraphs: [
        'Something is unusual about the API key “{key}” of the organisation “{organisation}”: {reason}.',
        'It goes on working. If this is not your doing, revoke or replace it.',
      ],
    },
    budget_threshold_crossed: {
      subject: 'A budget has passed an alert threshold',
      paragraphs: ['A budget of the organisation “{organisation}” has passed {percent} % of its limit.'],
    },
    account_blocked: {
      subject: 'Your account was blocked',
      paragraphs: ['Your account at {service} was blocked: {reason}. Nobody can sign in to it, and its sessions have ended.'],
    },
    account_released: {
      subject: 'Your account works again',
      paragraphs: ['Your account at {service} is no longer blocked. You can sign in.'],
    },
    webhook_disabled: {
      subject: 'A webhook was switched off',
      paragraphs: [
        'The webhook {url} of the organisation “{organisation}” has taken no delivery for a day and was switched off.',
        'Repair it, switch it on again and replay what it missed.',
      ],
    },
    certificate_expiring: {
      subject: 'The certificate of an identity provider expires',
      paragraphs: [
        'The last valid certificate of the identity provider “{provider}” of the organisation “{organisation}” ends: {until}.',
        'Put the new one beside it before the provider changes its key, or nobody can sign in through it.',
      ],
    },
    domain_record_missing: {
      subject: 'The record that proves your domain is gone',
      paragraphs: [
        'The DNS record that proves that “{domain}” belongs to the organisation “{organisation}” was not found.',
        'Put it back. Without it the domain counts as the organisation’s until {until} and no longer.',
      ],
    },
    domain_lost: {
      subject: 'Your domain has to be proven again',
      paragraphs: [
        'The DNS record that proves “{domain}” has been gone for days, so the domain no longer counts as that of the organisation “{organisation}”.',
        'Its identity provider lets nobody of this domain in, and its people may sign in as others do. Put the record back and prove the domain anew.',
      ],
    },
    data_overdue: {
      subject: 'Data is kept past its time',
      paragraphs: [
        'Something of the class {dataClass} in {store} should have been deleted {hours} hours ago. Until it is, {service} keeps it longer than it promises.',
        'Look for the reason in the log of a worker (“something is kept past its time”), and at the receipts of retention. You will hear when it has ended.',
      ],
    },
    data_overdue_ended: {
      subject: 'Data is no longer kept past its time',
      paragraphs: ['Nothing of the class {dataClass} is kept past its time any more.'],
    },
    product_news: { subject: 'News', paragraphs: ['{heading}', '{text}', { action: 'Read on' }] },
  },
};
