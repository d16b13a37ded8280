/** The sections of `docs/configuration.md`, in its order; each is a class that `Settings` is made of. */
const SECTIONS = [
  'Process',
  'Stores',
  'Keys',
  'Accounts',
  'Operators',
  'Abuse',
  'Calls',
  'Mail',
  'Retention',
  'Content',
  'Blobs',
  'Backups',
  'Audit log',
  'Telemetry',
  'Usage',
] as const;

type Section = (typeof SECTIONS)[number];

/** What `docs/configuration.md` and the loader know about one setting. */
export interface SettingDeclaration {
  /** The property of `Settings`. */
  readonly property: string;
  /** The environment variable. */
  readonly env: string;
  readonly description: string;
  readonly kind: SettingKind;
  /** Shown in the documentation when the default is computed. */
  readonly defaultText?: string | undefined;
  /** A secret may be given as a file through `<env>_FILE` and is never shown. */
  readonly secret: boolean;
  /** Property that gets the name of the file a secret was read from, for one that has to be read again later. */
  readonly keepsFile?: string;
  readonly section: Section;
}

export type SettingKind = 'string' | 'integer' | 'boolean' | 'list';

export interface SettingOptions {
  readonly env: string;
  readonly description: string;
  readonly kind?: SettingKind;
  readonly defaultText?: string;
  readonly secret?: boolean;
  readonly keepsFile?: string;
  readonly section: Section;
}

const declarations: SettingDeclaration[] = [];

/** Declares a property of a part of `Settings`: its variable, meaning and type. Add class-validator decorators beside it for its bounds. */
export function Setting(options: SettingOptions): PropertyDecorator {
  return (_target, property) => {
    declarations.push({ kind: 'string', secret: false, ...options, property: String(property) });
  };
}

/** Every declared setting by section, within one in the order of its class. */
export function declaredSettings(): readonly SettingDeclaration[] {
  return SECTIONS.flatMap((section) => declarations.filter((declaration) => declaration.section === section));
}
