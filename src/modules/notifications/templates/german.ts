import type { Language } from './wording.js';

const NOT_YOU = 'Waren Sie das nicht, handeln Sie jetzt: {service} kann Sie nicht von jemandem unterscheiden, der Ihre Anmeldung hat.';

export const GERMAN: Language = {
  tag: 'de',
  greeting: 'Guten Tag,',
  linkBelow: 'Oder öffnen Sie diese Adresse:',
  footer:
    'Diese E-Mail hat {service} wegen Ihres Kontos verschickt oder weil jemand Ihre Adresse angegeben hat. Antworten darauf liest niemand.',
  unsubscribe: 'Keine solchen E-Mails mehr',
  unsubscribePage: {
    ask: 'Keine E-Mails dieser Art mehr erhalten?',
    button: 'Abbestellen',
    done: 'Erledigt. Sie erhalten keine E-Mails dieser Art mehr.',
  },
  terms: {
    owner: 'Inhaber',
    admin: 'Administrator',
    billing: 'Abrechnung',
    developer: 'Entwickler',
    viewer: 'Betrachter',
    privacy_officer: 'Datenschutzbeauftragter',
    totp_added: 'eine Authentifizierungs-App wurde hinzugefügt',
    totp_removed: 'die Authentifizierungs-App wurde entfernt',
    webauthn_added: 'ein Sicherheitsschlüssel oder Passkey wurde hinzugefügt',
    webauthn_removed: 'ein Sicherheitsschlüssel oder Passkey wurde entfernt',
    recovery_codes_replaced: 'neue Wiederherstellungscodes wurden erzeugt',
    recovery_code_used: 'ein Wiederherstellungscode wurde benutzt',
    webauthn_suspended: 'ein Sicherheitsschlüssel wurde gesperrt, weil sein Zähler zurückging, wie es bei einem kopierten geschieht',
    codes_guessed: 'nach einem ersten richtigen Nachweis wurden mehrere falsche Codes versucht',
    reset: 'alle zweiten Faktoren wurden entfernt',
    password: 'Passwort',
    email_link: 'Link per E-Mail',
    oidc: 'anderer Anbieter',
    saml: 'Ihre Organisation',
    webauthn: 'Passkey',
    new_country: 'er wurde aus einem neuen Land benutzt',
    burst: 'er wurde plötzlich viel häufiger benutzt als sonst',
    spend: 'er hat viel mehr ausgegeben als sonst',
    abuse: 'Verstoß gegen die Nutzungsbedingungen',
    minor: 'die Inhaberin oder der Inhaber soll zu jung sein',
    security: 'zum Schutz',
    operator: 'Entscheidung des Betreibers',
    customer_request: 'auf Bitte Ihrer Organisation',
    incident: 'ein Vorfall',
    security_review: 'eine Sicherheitsprüfung',
    billing_dispute: 'eine strittige Rechnung',
    legal_request: 'ein behördliches oder gerichtliches Ersuchen',
    data_subject_request: 'der Antrag einer Person zu ihren eigenen Daten',
  },
  messages: {
    sign_in_link: {
      subject: 'Ihr Anmeldelink',
      paragraphs: [
        'Öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben.',
        { action: 'Anmelden' },
        'Er gilt einmal, {minutes} lang. Haben Sie ihn nicht angefordert, tun Sie nichts: Ohne ihn kommt niemand hinein.',
      ],
    },
    confirm_email: {
      subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
      paragraphs: [
        'Jemand, hoffentlich Sie, verwendet diese Adresse bei {service}.',
        { action: 'Adresse bestätigen' },
        'Der Link gilt {hours} lang. Waren Sie es nicht, tun Sie nichts.',
      ],
    },
    email_change_requested: {
      subject: 'Ihre E-Mail-Adresse soll sich ändern',
      paragraphs: [
        'Jemand, der in Ihrem Konto angemeldet ist, möchte diese Adresse durch eine andere ersetzen. Das geschieht, sobald die neue bestätigt ist.',
        'Waren Sie das nicht, verhindern Sie es:',
        { action: 'Diese Adresse behalten' },
      ],
    },
    email_change_confirm: {
      subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
      paragraphs: [
        'Dies soll die neue Adresse eines Kontos bei {service} werden.',
        { action: 'Diese Adresse verwenden' },
        'Der Link gilt {hours} lang. Waren Sie es nicht, tun Sie nichts.',
      ],
    },
    email_changed: {
      subject: 'Ihre E-Mail-Adresse wurde geändert',
      paragraphs: [
        'E-Mails zu Ihrem Konto gehen von nun an an eine andere Adresse; dies ist die letzte an diese.',
        'Waren Sie das nicht, machen Sie es rückgängig:',
        { action: 'Änderung rückgängig machen' },
      ],
    },
    account_recovery: {
      subject: 'Zurück in Ihr Konto',
      paragraphs: [
        'Jemand, hoffentlich Sie, kann sich nicht mehr anmelden.',
        { action: 'Konto wiederherstellen' },
        'Der Link gilt einmal, {minutes} lang. Waren Sie es nicht, tun Sie nichts: Ihr Konto bleibt, wie es ist.',
      ],
    },
    sign_up_attempted: {
      subject: 'Sie haben bereits ein Konto',
      paragraphs: [
        'Jemand wollte mit dieser Adresse ein Konto bei {service} anlegen. Es gibt schon eines, daher wurde nichts angelegt.',
        'Waren Sie es, melden Sie sich wie gewohnt an, oder stellen Sie das Konto wieder her, falls das nicht geht.',
        { action: 'Anmelden' },
        'Waren Sie es nicht, ist nichts zu tun.',
      ],
    },
    password_changed: {
      subject: 'Ihr Passwort wurde geändert',
      paragraphs: ['Das Passwort Ihres Kontos bei {service} wurde geändert.', NOT_YOU, { action: 'Konto sichern' }],
    },
    second_factor_changed: {
      subject: 'Ihr zweiter Faktor wurde geändert',
      paragraphs: ['Der zweite Faktor Ihres Kontos bei {service} hat sich geändert: {change}.', NOT_YOU, { action: 'Konto sichern' }],
    },
    identity_linked: {
      subject: 'Eine weitere Anmeldung öffnet Ihr Konto',
      paragraphs: [
        'Ihr Konto bei {service} lässt sich nun auch über „{provider}“ öffnen. Die Verknüpfung können Sie im Konto lösen.',
        NOT_YOU,
      ],
    },
    new_sign_in: {
      subject: 'Neue Anmeldung in Ihrem Konto',
      paragraphs: [
        'In Ihrem Konto bei {service} hat sich ein bisher unbekanntes Gerät angemeldet: {device}, {when}.',
        'Ort: {place}.',
        'Mit: {method}.',
        NOT_YOU,
        { action: 'Sitzungen ansehen' },
      ],
    },
    invitation: {
      subject: 'Eine Einladung',
      paragraphs: [
        'Sie sind in die Organisation „{organisation}“ bei {service} eingeladen, als {role}.',
        'Eingeladen von: {inviter}.',
        { action: 'Einladung ansehen' },
        'Der Link gilt {days} lang. Wissen Sie nichts davon, tun Sie nichts.',
      ],
    },
    role_changed: {
      subject: 'Ihre Rolle hat sich geändert',
      paragraphs: ['In der Organisation „{organisation}“ ist Ihre Rolle jetzt: {role}.'],
    },
    member_removed: {
      subject: 'Sie gehören einer Organisation nicht mehr an',
      paragraphs: ['Sie sind kein Mitglied der Organisation „{organisation}“ mehr. Was Sie dort getan haben, bleibt bei ihr.'],
    },
    ownership_offered: {
      subject: 'Ihnen wird eine Organisation angeboten',
      paragraphs: [
        'Ein Inhaber der Organisation „{organisation}“ bei {service} möchte sie in Ihre Hände geben.',
        'Melden Sie sich an, um sie anzunehmen oder abzulehnen. Das Angebot gilt {days} lang; tun Sie nichts, ändert sich nichts.',
      ],
    },
    ownership_transferred: {
      subject: 'Eine Organisation hat einen neuen Inhaber',
      paragraphs: ['Die Organisation „{organisation}“ wurde in andere Hände gegeben.'],
    },
    break_glass_opened: {
      subject: 'Der Betreiber hat sich Zugang zu Ihrer Organisation verschafft',
      paragraphs: [
        'Mitarbeiter von {service} haben Zugang zur Organisation „{organisation}“ geöffnet. Er endet von selbst: {until}.',
        'Grund: {reason}.',
        'Was währenddessen geschieht, steht in Ihrem Audit-Protokoll.',
      ],
    },
    key_blocked: {
      subject: 'Ein API-Schlüssel wurde gesperrt',
      paragraphs: [
        'Der API-Schlüssel „{key}“ der Organisation „{organisation}“ wurde gesperrt: {reason}.',
        'Inhaber und Administratoren können ihn freigeben. Könnte er in fremde Hände gelangt sein, ersetzen Sie ihn.',
      ],
    },
    key_suspected: {
      subject: 'Ungewöhnliche Nutzung eines API-Schlüssels',
      paragraphs: [
        'Am API-Schlüssel „{key}“ der Organisation „{organisation}“ ist etwas ungewöhnlich: {reason}.',
        'Er gilt weiter. Steckt niemand von Ihnen dahinter, widerrufen oder ersetzen Sie ihn.',
      ],
    },
    budget_threshold_crossed: {
      subject: 'Ein Budget hat eine Warnschwelle überschritten',
      paragraphs: ['Ein Budget der Organisation „{organisation}“ hat {percent} % seines Limits überschritten.'],
    },
    account_blocked: {
      subject: 'Ihr Konto wurde gesperrt',
      paragraphs: ['Ihr Konto bei {service} wurde gesperrt: {reason}. Niemand kann sich anmelden, und alle Sitzungen sind beendet.'],
    },
    account_released: {
      subject: 'Ihr Konto ist wieder frei',
      paragraphs: ['Ihr Konto bei {service} ist nicht mehr gesperrt. Sie können sich anmelden.'],
    },
    webhook_disabled: {
      subject: 'Ein Webhook wurde abgeschaltet',
      paragraphs: [
        'Der Webhook {url} der Organisation „{organisation}“ hat einen Tag lang nichts angenommen und wurde abgeschaltet.',
        'Reparieren Sie ihn, schalten Sie ihn wieder ein und wiederholen Sie, was ihm entgangen ist.',
      ],
    },
    certificate_expiring: {
      subject: 'Das Zertifikat eines Identitätsanbieters läuft ab',
      paragraphs: [
        'Das letzte gültige Zertifikat des Identitätsanbieters „{provider}“ der Organisation „{organisation}“ endet: {until}.',
        'Hinterlegen Sie das neue daneben, bevor der Anbieter seinen Schlüssel wechselt, sonst kann sich niemand mehr über ihn anmelden.',
      ],
    },
    domain_record_missing: {
      subject: 'Der Nachweis Ihrer Domain fehlt',
      paragraphs: [
        'Der DNS-Eintrag, der zeigt, dass „{domain}“ der Organisation „{organisation}“ gehört, wurde nicht gefunden.',
        'Stellen Sie ihn wieder her. Ohne ihn gilt die Domain noch bis {until} als die der Organisation.',
      ],
    },
    domain_lost: {
      subject: 'Ihre Domain muss neu nachgewiesen werden',
      paragraphs: [
        'Der DNS-Eintrag für „{domain}“ fehlt seit Tagen; die Domain gilt daher nicht mehr als die der Organisation „{organisation}“.',
        'Ihr Identitätsanbieter lässt niemanden mehr aus dieser Domain ein, und ihre Leute melden sich an wie andere auch. Stellen Sie den Eintrag wieder her und weisen Sie die Domain neu nach.',
      ],
    },
    data_overdue: {
      subject: 'Daten werden über ihre Frist hinaus aufbewahrt',
      paragraphs: [
        'Etwas der Klasse {dataClass} in {store} hätte vor {hours} Stunden gelöscht sein sollen. Bis es das ist, hält {service} sein Versprechen nicht.',
        'Suchen Sie den Grund im Protokoll eines Workers („something is kept past its time“) und in den Belegen der Aufbewahrung. Sie hören, wenn es vorüber ist.',
      ],
    },
    data_overdue_ended: {
      subject: 'Daten werden nicht mehr über ihre Frist hinaus aufbewahrt',
      paragraphs: ['Von der Klasse {dataClass} wird nichts mehr über seine Frist hinaus aufbewahrt.'],
    },
    product_news: { subject: 'Neuigkeiten', paragraphs: ['{heading}', '{text}', { action: 'Weiterlesen' }] },
  },
};
