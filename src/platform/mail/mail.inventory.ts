/** Where mails go. For `declareStore`, called by `app/`. */
export const mailStores = [
  {
    store: 'outside.mail',
    description: 'The mail server in `LETHE_SMTP_URL`, and from there the mailbox of the recipient',
    place: { kind: 'outside', recipient: 'the mail service the operator has chosen' },
    dataClasses: ['account_profile'],
    purpose: 'messages',
    subject: 'account_holder',
    located: 'by the e-mail address',
    retention: { kind: 'recipient', terms: 'as agreed with the mail service; a mailbox is its owner’s own' },
    export: { withheld: 'the person has the mail' },
    erasure: { ask: 'by the agreement with the mail service' },
    holds: { address: 'personal', subject: 'personal', text: 'personal' },
  },
  {
    store: 'files.mail',
    description: 'The fifty newest mails of a development installation without a mail server',
    place: { kind: 'files', path: 'outbox-mail/*.txt' },
    dataClasses: ['account_profile'],
    purpose: 'messages',
    subject: 'account_holder',
    located: 'by the e-mail address in the first line',
    retention: { kind: 'operator', advice: 'as long as the development installation: production refuses to do without a mail server' },
    export: { withheld: 'development only' },
    erasure: { ask: 'the developer whose folder it is' },
    holds: { address: 'personal', subject: 'personal', text: 'personal' },
  },
] as const;
